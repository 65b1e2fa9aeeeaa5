import type { OutgoingHttpHeaders } from "node:http";

/** What an answer is written to, whatever it goes over: what an HttpResponse and an answer on a bare socket have in common. */
export interface AnswerSink {
  /** Whether `writeHead` was called. */
  readonly headersSent: boolean;
  /** Cut, or its client has gone. */
  readonly destroyed: boolean;
  /** Sent with the body's first bytes, or by `flushHeaders`. */
  writeHead(status: number, headers: OutgoingHttpHeaders): unknown;
  flushHeaders(): void;
  /** False: whoever brings more waits for `drain`. */
  write(piece: Uint8Array): boolean;
  end(piece?: Uint8Array): unknown;
  /** The client sees that it is cut, and does not take it for whole. */
  destroy(): unknown;
  /** Of an answer over HTTP/2: to be called before the head goes out, where `addTrailers` may be called. */
  expectTrailers?(): void;
  addTrailers(trailers: OutgoingHttpHeaders): void;
  on(event: "close" | "drain", listener: () => void): unknown;
  once(event: "close" | "drain", listener: () => void): unknown;
  off(event: "close" | "drain", listener: () => void): unknown;
}
