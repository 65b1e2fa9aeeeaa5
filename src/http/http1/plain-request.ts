import type { IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import type { RequestBody } from "./request-body.ts";

/** A request that can be read in one way only, asks for no other protocol, and has the host it is for. */
export interface PlainRequest {
  readonly method: string;
  /** Percent-encoded, absolute, without dot segments. */
  readonly path: string;
  /** With its question mark, or empty. */
  readonly search: string;
  readonly headers: IncomingHttpHeaders;
  readonly socket: Socket;
  /** Undefined: none comes with it. */
  readonly body: RequestBody | undefined;
}
