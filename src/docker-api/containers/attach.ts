import type { Readable, Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { conflict } from "../../base/index.ts";
import type { ContainerInspect } from "../../engine/types.ts";
import type { StreamRequest, StreamRoute } from "../stream-request.ts";
import { detachKeysOf, detachWatcher } from "../wire/detach-keys.ts";
import { frameWriter, isMultiplexed, rawWriter } from "../wire/frames.ts";
import type { Hijacked } from "../wire/hijack.ts";
import { flag, text } from "../wire/query.ts";
import type { ContainersBackend } from "./backend.ts";

export type AttachBackend = Pick<ContainersBackend, "inspectContainer" | "attachContainer">;

/** `POST /containers/{id}/attach`. */
export function attachRoute(backend: AttachBackend): StreamRoute {
  return {
    method: "POST",
    path: "/containers/:id/attach",
    handle: (request) => attach(backend, request),
  };
}

async function attach(backend: AttachBackend, request: StreamRequest): Promise<void> {
  const { query } = request;
  await request.ignoreBody();
  const container = await backend.inspectContainer(request.params.id!);
  assertAttachable(container);
  const detachKeys = detachKeysOf(text(query, "detachKeys"), "detach");
  const raw = container.Config.Tty === true;
  const connection = request.open();
  const ended = new AbortController();
  const form = { raw, isMultiplexed: isMultiplexed(raw, request.apiMinor) };
  const accept = () => connection.accept(form);
  const stream = flag(query, "stream");
  const stdout = flag(query, "stdout") ? outputOf(connection, form, "stdout") : undefined;
  const stderr = flag(query, "stderr") ? outputOf(connection, form, "stderr") : undefined;
  try {
    await backend.attachContainer(
      container.Id,
      {
        stdin: flag(query, "stdin") && stream ? inputOf(connection, raw ? detachKeys : [], ended) : undefined,
        stdout,
        stderr,
      },
      {
        logs: flag(query, "logs"),
        stream,
        signal: AbortSignal.any([connection.signal, ended.signal]),
        onAttached: accept,
      },
    );
    accept();
    await flushed(stdout, stderr);
  } finally {
    if (connection.accepted) connection.finish();
  }
}

/** `raw`: bytes as they come, instead of frames; what the answer's type says of that depends on the version. */
export interface StreamForm {
  raw: boolean;
  isMultiplexed: boolean;
}

/** Input without terminal passes as it is; with one, the detach keys end the attachment. */
export function inputOf(
  connection: Hijacked,
  detachKeys: readonly number[],
  ended: AbortController,
): Readable {
  if (detachKeys.length === 0) return connection.input;
  return connection.input.pipe(detachWatcher(detachKeys, () => ended.abort()));
}

/** The first output may come before the word that the process runs: it must not come before the answer. */
export function outputOf(connection: Hijacked, form: StreamForm, stream: "stdout" | "stderr"): Writable {
  const accept = () => connection.accept(form);
  return form.raw ? rawWriter(connection.output, accept) : frameWriter(connection.output, stream, accept);
}

/** Resolves when what was written has been handed to the connection, or that is gone. */
export async function flushed(...streams: (Writable | undefined)[]): Promise<void> {
  for (const stream of streams) {
    if (!stream) continue;
    stream.end();
    await finished(stream).catch(() => {});
  }
}

export function assertAttachable(container: ContainerInspect): void {
  const name = container.Id;
  if (container.State.Paused) {
    throw conflict(`container ${name} is paused, unpause the container before attach`, {
      code: "DockerApi.Paused",
    });
  }
  if (container.State.Restarting) {
    throw conflict(`container ${name} is restarting, wait until the container is running`, {
      code: "DockerApi.Restarting",
    });
  }
}
