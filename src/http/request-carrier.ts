import type { IncomingMessage } from "node:http";
import type { HttpResponse } from "./http-response.ts";

/** What a request came on: a connection of HTTP/1.1, which carries one after the other, or a stream of HTTP/2, of its own. */
export interface RequestCarrier {
  /** Where the request ends is open to doubt, or what reads it has failed: nothing that follows it is served. */
  endAfterAnswer(): void;
}

/** Serves a request; resolves when its handler is done. Never throws. */
export type ServeRequest = (
  req: IncomingMessage,
  res: HttpResponse,
  carrier: RequestCarrier,
) => Promise<void>;
