import type { IncomingMessage } from "node:http";
import type { HttpResponse } from "./http-response.ts";
import type { RequestTarget } from "./request-target.ts";

/** One request on its way through a server. */
export interface HttpContext {
  readonly req: IncomingMessage;
  readonly res: HttpResponse;
  readonly method: string;
  /** Path without the query, still percent-encoded, in its one canonical form: absolute, no `//`, no dot segments. */
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
  /** When the certificate ends, milliseconds since the epoch. */
  validToMs: number;
}

/**
 * What of a TLS socket is needed here. `getPeerCertificate` gives an empty object when the client sent none; `authorized` says
 * that the server's CA signed it.
 */
interface TlsPeer {
  authorized: boolean;
  authorizationError?: Error | string | null;
  getPeerCertificate(): { subject?: Record<string, string | string[] | undefined>; valid_to?: string };
}

/** Reads the verified client certificate of a TLS connection. */
export function peerOf(req: Pick<IncomingMessage, "socket">): PeerCertificate | undefined {
  const socket = req.socket as unknown as Partial<TlsPeer>;
  if (!socket.getPeerCertificate || !socket.authorized) return undefined;
  const { subject, valid_to: validTo } = socket.getPeerCertificate();
  const commonName = [subject?.CN ?? []].flat().at(-1);
  if (commonName === undefined) return undefined;
  return {
    commonName,
    organizations: [subject?.O ?? []].flat(),
    validToMs: validTo ? Date.parse(validTo) : 0,
  };
}

/** Why the certificate that a client presented does not count; undefined when it counts or there is none. */
export function peerProblemOf(req: IncomingMessage): string | undefined {
  const socket = req.socket as unknown as Partial<TlsPeer>;
  if (!socket.getPeerCertificate || socket.authorized) return undefined;
  if (!socket.getPeerCertificate().subject) return undefined;
  return String(socket.authorizationError ?? "the certificate was not verified");
}

/**
 * A plain object, so that others may derive theirs from it. Signal and query are made when they are first asked for: most
 * requests need neither.
 */
export function createContext(
  req: IncomingMessage,
  res: HttpResponse,
  target: RequestTarget,
  requests: ActiveRequests,
): HttpContext {
  let query: URLSearchParams | undefined;
  let signal: AbortSignal | undefined;
  let peer: PeerCertificate | undefined | null = null;
  // A request whose stream is destroyed has none any more.
  const { socket } = req;
  return {
    req,
    res,
    method: req.method!,
    path: target.path,
    params: Object.create(null),
    get query() {
      query ??= new URLSearchParams(target.search);
      return query;
    },
    get signal() {
      signal ??= requests.signalFor(res);
      return signal;
    },
    get peer() {
      if (peer === null) peer = peerOf({ socket });
      return peer;
    },
  };
}

/** The requests under way whose handlers want to know when to stop. */
export class ActiveRequests {
  readonly #controllers = new Map<HttpResponse, AbortController>();
  readonly #failed = new WeakSet<HttpResponse>();
  #stopped = false;

  signalFor(res: HttpResponse): AbortSignal {
    const controller = new AbortController();
    if (this.#stopped || this.#failed.has(res) || (res.destroyed && !res.writableFinished)) {
      controller.abort();
      return controller.signal;
    }
    this.#controllers.set(res, controller);
    res.on("close", () => {
      this.#controllers.delete(res);
      if (!res.writableFinished) controller.abort();
    });
    return controller.signal;
  }

  /** For a request that has failed while its handler still works. */
  abort(res: HttpResponse): void {
    this.#failed.add(res);
    this.#controllers.get(res)?.abort();
  }

  abortAll(): void {
    this.#stopped = true;
    for (const controller of this.#controllers.values()) controller.abort();
    this.#controllers.clear();
  }
}
