import type { Duplex } from "node:stream";
import type { StreamRequest, StreamRoute } from "../stream-request.ts";
import { detachKeysOf, detachWatcher } from "../wire/detach-keys.ts";
import { rawWriter } from "../wire/frames.ts";
import { flag, text } from "../wire/query.ts";
import { type AttachBackend, assertAttachable, flushed } from "./attach.ts";

/** `GET /containers/{id}/attach/ws`: each message is a piece of a stream; output and errors are not told apart. */
export function attachWebSocketRoute(backend: AttachBackend): StreamRoute {
  return {
    method: "GET",
    path: "/containers/:id/attach/ws",
    handle: (request) => attach(backend, request),
  };
}

async function attach(backend: AttachBackend, request: StreamRequest): Promise<void> {
  const { query, apiMinor } = request;
  const container = await backend.inspectContainer(request.params.id!);
  assertAttachable(container);
  const keys = detachKeysOf(text(query, "detachKeys"), "detach");
  const connection = await request.openWebSocket({ isText: apiMinor < 28 });
  // Before 1.42 all streams were attached, whatever was asked for.
  const wants = (stream: string) => apiMinor < 42 || flag(query, stream);
  const stream = flag(query, "stream");
  const gone = new AbortController();
  connection.on("close", () => gone.abort());
  connection.on("error", () => {});
  const stdout = wants("stdout") ? rawWriter(connection) : undefined;
  const stderr = wants("stderr") ? rawWriter(connection) : undefined;
  const stdin =
    wants("stdin") && stream ? inputOf(connection, container.Config.Tty ? keys : [], gone) : undefined;
  // Whoever reads nothing would not see the client's close either.
  if (!stdin) connection.resume();
  try {
    await backend.attachContainer(
      container.Id,
      { stdin, stdout, stderr },
      { logs: flag(query, "logs"), stream, signal: gone.signal },
    );
    await flushed(stdout, stderr);
  } finally {
    connection.end();
  }
}

function inputOf(connection: Duplex, keys: readonly number[], ended: AbortController) {
  return keys.length === 0 ? connection : connection.pipe(detachWatcher(keys, () => ended.abort()));
}
