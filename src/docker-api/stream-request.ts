import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { Duplex } from "node:stream";
import { invalidArgument } from "../base/index.ts";
import { acceptWebSocketStream, sendEmpty } from "../http/index.ts";
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
  readonly headers: IncomingHttpHeaders;
  body(type: StructType): Promise<Decoded>;
  /** Instead of `body`, for requests whose body means nothing. */
  ignoreBody(): Promise<void>;
  /** To be called once, after `body`. */
  open(): Hijacked;
  /** Instead of `open`, where there is nothing to stream: an ordinary answer. */
  answerEmpty(): void;
  /** Instead of `open`: the connection speaks another protocol from here on. */
  takeOver(protocol: string): Duplex;
  /** Instead of `open`: the connection as a WebSocket, whose messages are one stream each way. */
  openWebSocket(options: { isText: boolean }): Promise<Duplex>;
}

export interface StreamRoute {
  method: "GET" | "POST";
  path: string;
  handle(request: StreamRequest): Promise<void>;
}

export function plainStreamRequest(context: ApiContext): StreamRequest {
  return {
    params: context.params,
    query: context.query,
    apiMinor: context.apiMinor,
    headers: context.req.headers,
    body: (type) => optionalBody(context, type),
    ignoreBody: async () => {},
    open: () => plainStream(context),
    answerEmpty: () => sendEmpty(context.res, 200),
    takeOver: () => {
      throw invalidArgument("no upgrade proto in request", { code: "DockerApi.Upgrade" });
    },
    openWebSocket: async () => {
      throw invalidArgument("not websocket protocol", { code: "DockerApi.Upgrade" });
    },
  };
}

export function upgradeStreamRequest(
  connection: {
    req: IncomingMessage;
    socket: Duplex;
    head: Buffer;
    onOpen(hijacked: Hijacked): void;
    onTakenOver(): void;
  },
  request: Pick<StreamRequest, "params" | "query" | "apiMinor">,
): StreamRequest {
  const { req, socket, head, onTakenOver } = connection;
  let rest: Buffer | undefined;
  const read = async () => {
    const received = await readUpgradeBody(req, socket, head);
    rest = received.rest;
    return received.body;
  };
  return {
    ...request,
    headers: req.headers,
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
    takeOver: (protocol) => {
      onTakenOver();
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`);
      if (head.length === 0) return socket;
      // What a client sends ahead would be lost where the connection itself is handed on.
      socket.unshift(head);
      return Duplex.from({ readable: socket, writable: socket });
    },
    openWebSocket: async ({ isText }) => {
      const stream = await acceptWebSocketStream({ req, socket, head, isText });
      onTakenOver();
      return stream;
    },
  };
}
