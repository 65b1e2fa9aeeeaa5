import { newHexId } from "../base/index.ts";
import { controlMessages, gatewayMessages } from "../buildkit-api/index.ts";
import type { BuildConnection } from "./build-connection.ts";
import type { RunBuildOptions } from "./run-build.ts";
import { tellStatus } from "./run-build.ts";

/**
 * Asks the frontend about a Dockerfile (`frontend.lint`, `frontend.outline`, `frontend.targets`): a build whose frontend is at the
 * client, which asks the engine's own and returns nothing.
 */
export async function askFrontend(
  connection: BuildConnection,
  attributes: Readonly<Record<string, string>>,
  { signal, onEvents }: RunBuildOptions,
): Promise<Record<string, string>> {
  const { control, sessionId } = connection;
  const ref = newHexId().slice(0, 25);
  const solving = control.unary(
    controlMessages.SOLVE,
    { ref, session: sessionId, internal: true },
    { signal },
  );
  solving.catch(() => {});
  const stop = new AbortController();
  const telling = tellStatus(connection, ref, stop.signal, onEvents);
  const call = { metadata: { "buildkit-controlapi-buildid": [ref] }, signal };
  try {
    const asking = control.unary(
      gatewayMessages.SOLVE_BRIDGE,
      {
        frontend: attributes.source === undefined ? "dockerfile.v0" : "gateway.v0",
        frontendOpt: { ...attributes },
        allowResultReturn: true,
        allowResultArrayRef: true,
      },
      call,
    );
    // Where the build itself fails, nobody answers.
    const { result } = await Promise.race([asking, solving.then(() => asking)]);
    await control.unary(gatewayMessages.RETURN, { result: {} }, call);
    await solving;
    await telling;
    return Object.fromEntries(
      Object.entries(result?.metadata ?? {}).map(([key, value]) => [key, Buffer.from(value).toString()]),
    );
  } finally {
    stop.abort();
  }
}
