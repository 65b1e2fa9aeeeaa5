import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { invalidArgument } from "../base/index.ts";
import type { ApiContext } from "./api-context.ts";
import { type Hijacked, hijackUpgrade, readUpgradeBody } from "./wire/hijack.ts";
import { plainStream } from "./wire/plain-stream.ts";
import { type JsonObject, optionalObject } from "./wire/request-body.ts";

/** A request whose connection becomes a stream (attach, exec), by upgrade or as an ordinary answer. */
export interface StreamRequest {
  readonly params: Record<string, string>;
  readonly query: URLSearchParams;
  readonly apiMinor: number;
  body(): Promise<JsonObject>;
  /** Instead of `body`, for requests whose body means nothing. */
  ignoreBody(): Promise<void>;
  /** To be called once, after `body`. */
  open(): Hijacked;
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
    body: () => optionalObject(context),
    ignoreBody: async () => {},
    open: () => plainStream(context),
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
    body: async () => parseObject(await read()),
    ignoreBody: async () => {
      await read();
    },
    open: () => {
      const hijacked = hijackUpgrade(socket, rest ?? head);
      connection.onOpen(hijacked);
      return hijacked;
    },
  };
}

function parseObject(body: Buffer): JsonObject {
  if (body.length === 0) return {};
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    if (value === null) return {};
    if (typeof value === "object" && !Array.isArray(value)) return value as JsonObject;
  } catch {
    // Falls through to the refusal.
  }
  throw invalidArgument("invalid JSON in the request's body", { code: "DockerApi.Body" });
}
