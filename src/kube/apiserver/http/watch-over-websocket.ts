import type { Clock } from "../../../base/index.ts";
import { refuse, sendMessages, type UpgradeRequest } from "../../../http/index.ts";
import type { WatchAnswer } from "../server-context.ts";
import { WatchEvents, type WatchedKind } from "./watch-events.ts";

export interface WatchOverWebSocket extends WatchedKind, UpgradeRequest {
  watch: WatchAnswer;
  stallMs: number;
  clock: Clock;
}

/** Each event in front of which its length stands. */
const LENGTH_BYTES = 4;

/**
 * A watch with one event a message (handlers WatchServer.HandleWS): text where events are text, else bytes. The subprotocol
 * is whatever the client names, as long as it names no second one, and the client must say where it comes from.
 */
export async function sendWatchOverWebSocket(options: WatchOverWebSocket): Promise<void> {
  const { req, socket } = options;
  if (!req.headers.origin) return refuse(socket, 403, "");
  const protocols = String(req.headers["sec-websocket-protocol"] ?? "");
  if (protocols.includes(",")) return refuse(socket, 400, "");
  await sendMessages({ ...options, protocol: protocols.trim(), messages: messagesOf(options) });
}

async function* messagesOf(options: WatchOverWebSocket): AsyncGenerator<string | Uint8Array> {
  const events = new WatchEvents(options);
  const message = (bytes: Buffer) =>
    options.form.encoding === "protobuf" ? bytes.subarray(LENGTH_BYTES) : bytes.toString();
  try {
    for await (const items of options.watch.items)
      for (const item of items) yield message(Buffer.concat(await events.parts(item)));
  } catch (error) {
    if (!options.signal.aborted) yield message(events.failure(error));
  }
}
