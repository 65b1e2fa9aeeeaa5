import type { OutgoingHttpHeaders } from "node:http";
import type { Writable } from "node:stream";

/** How a request is answered, over either protocol: what node:http's ServerResponse and a stream of HTTP/2 have in common. */
export interface HttpResponse extends Writable {
  statusCode: number;
  /** Whether `writeHead` was called, or a body begun without it. */
  readonly headersSent: boolean;
  setHeader(name: string, value: number | string | readonly string[]): this;
  getHeader(name: string): number | string | string[] | undefined;
  /** Sent with the body's first bytes, or by `flushHeaders`. */
  writeHead(status: number, headers?: OutgoingHttpHeaders): this;
  flushHeaders(): void;
  /** Of an answer over HTTP/2: to be called before the head goes out, where `addTrailers` may be called. */
  expectTrailers?(): void;
  /** What follows the body. */
  addTrailers(trailers: OutgoingHttpHeaders): void;
}
