import { newHexId } from "../base/index.ts";
import type { SolveEvent } from "../build/index.ts";
import { controlMessages } from "../buildkit-api/index.ts";
import type { BuildConnection } from "./build-connection.ts";
import { statusEvents } from "./status-events.ts";
import type { BuildSpec, TypedAttributes } from "./types.ts";

export interface RunBuildOptions {
  /** Ends the build; what has begun is still told. */
  signal: AbortSignal;
  onEvents(events: readonly SolveEvent[]): void;
}

/** Has one build done and told of. Returns what the exporters answered; throws GrpcError as the engine says it. */
export async function runBuild(
  connection: BuildConnection,
  spec: BuildSpec,
  { signal, onEvents }: RunBuildOptions,
): Promise<Record<string, string>> {
  const { control, sessionId } = connection;
  const ref = newHexId().slice(0, 25);
  const solving = control.unary(
    controlMessages.SOLVE,
    {
      ref,
      session: sessionId,
      frontend: spec.frontendAttributes.source === undefined ? "dockerfile.v0" : "gateway.v0",
      frontendAttrs: { ...spec.frontendAttributes },
      exporters: spec.exporters.map(wireOf),
      cache: { imports: spec.cacheImports.map(wireOf), exports: spec.cacheExports.map(wireOf) },
      entitlements: spec.entitlements,
      internal: spec.isInternal,
    },
    { signal },
  );
  solving.catch(() => {});
  const stop = new AbortController();
  const telling = tellStatus(connection, ref, stop.signal, onEvents);
  try {
    const { exporterResponse } = await solving;
    await telling;
    return exporterResponse;
  } catch (error) {
    // Why it failed stands in what is told, too; only a build that never began has nothing to tell.
    await Promise.race([telling, lateness(connection)]);
    throw error;
  } finally {
    stop.abort();
  }
}

/** Tells of a build until it is over. */
export async function tellStatus(
  { control }: BuildConnection,
  ref: string,
  signal: AbortSignal,
  onEvents: (events: readonly SolveEvent[]) => void,
): Promise<void> {
  try {
    const call = control.call(controlMessages.STATUS, { signal });
    call.send({ ref }).catch(() => {});
    call.end();
    for await (const message of call.messages()) onEvents(statusEvents(message));
  } catch {
    // How the build ended, its own answer tells.
  }
}

/** An engine that has no such build waits for it for some seconds; nobody else has to. */
function lateness({ clock }: BuildConnection): Promise<void> {
  return new Promise((resolve) => void clock.after(LAST_WORDS_MS, resolve));
}

const LAST_WORDS_MS = 1_000;

function wireOf({ type, attributes }: TypedAttributes) {
  return { type, attrs: { ...attributes } };
}
