import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { sendEmpty } from "../http/index.ts";
import type { ApiContext } from "./api-context.ts";
import type { Decoded, StructType } from "./json/index.ts";
import { type Hijacked, hijackUpgrade, readUpgradeBody } from "./wire/hijack.ts";
import { plainStream } from "./wire/plain-stream.ts";
import { decodeOptional, optionalBody } from "./wire/request-body.ts";

/** A request whose connection becomes a stream (attach, exec), by upgrade or as an ordinary answer. */
export interface StreamRequest {
  readonly params: Record<string, string>;
  readonly query: URLSearchParams;
  readonly apiMinor: number;
  body(type: StructType): Promise<Decoded>;
  /** Instead of `body`, for requests whose body means nothing. */
  ignoreBody(): Promise<void>;
  /** To be called once, after `body`. */
  open(): Hijacked;
  /** Instead of `open`, where there is nothing to stream: an ordinary answer. */
  answerEmpty(): void;
}

export interface StreamRoute {
  method: "POST";
  path: string;
  handle(request: StreamRequest): Promise<void>;
}

export function plainStreamRequest(context: ApiContext): StreamRequest {
  return {
    params: context.params,
    query: context.query,
    apiMinor: context.apiMinor,
    body: (type) => optionalBody(context, type),
    ignoreBody: async () => {},
    open: () => plainStream(context),
    answerEmpty: () => sendEmpty(context.res, 200),
  };
}

export function upgradeStreamRequest(
  connection: { req: IncomingMessage; socket: Duplex; head: Buffer; onOpen(hijacked: Hijacked): void },
  request: Pick<StreamRequest, "params" | "query" | "apiMinor">,
): StreamRequest {
  const { req, socket, head } = connection;
  let rest: Buffer | undefined;
  const read = async () => {
    const received = await readUpgradeBody(req, socket, head);
    rest = received.rest;
    return received.body;
  };
  return {
    ...request,
    body: async (type) => decodeOptional(req, await read(), type),
    ignoreBody: async () => {
      await read();
    },
    open: () => {
      const hijacked = hijackUpgrade(socket, rest ?? head);
      connection.onOpen(hijacked);
      return hijacked;
    },
    answerEmpty: () => {
      socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    },
  };
}
