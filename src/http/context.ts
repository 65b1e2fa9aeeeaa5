import type { IncomingMessage, ServerResponse } from "node:http";
import type { TLSSocket } from "node:tls";

/** One request on its way through a server. */
export interface HttpContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly method: string;
  /** Path without the query, still percent-encoded, checked: absolute, no `//`, no dot segments. */
  readonly path: string;
  /** Filled by the router. */
  params: Record<string, string>;
  readonly query: URLSearchParams;
  /** Aborts when the client goes away before the answer has ended, and when the server is closed. */
  readonly signal: AbortSignal;
  /** The verified client certificate's subject, when the connection has one. */
  readonly peer: PeerCertificate | undefined;
}

export interface PeerCertificate {
  commonName: string;
  organizations: string[];
  uid?: string;
}

/** Reads the verified client certificate of a TLS connection. */
export function peerOf(req: IncomingMessage): PeerCertificate | undefined {
  const socket = req.socket as TLSSocket;
  if (typeof socket.getPeerCertificate !== "function" || !socket.authorized) return undefined;
  const subject = socket.getPeerCertificate()?.subject as unknown as Record<string, string | string[] | undefined> | undefined;
  const commonName = subject?.CN;
  if (typeof commonName !== "string") return undefined;
  const organizations = subject?.O === undefined ? [] : [subject.O].flat();
  return { commonName, organizations };
}
