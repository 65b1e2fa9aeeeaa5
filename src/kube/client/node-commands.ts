import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { errorMessage } from "../../base/index.ts";
import { acceptRemoteCommand } from "../../http/index.ts";
import { failureStatus, type Status, StatusError, statusInternal } from "../api/index.ts";
import type { NodeAccess, NodeStreams, PodTarget, StreamOptions } from "./node-access.ts";

interface Upgrade {
  req: IncomingMessage;
  socket: Duplex;
  head: Buffer;
}

/** Runs a command in a container for a client that asked for an upgrade. */
export function serveExec(
  upgrade: Upgrade,
  node: Pick<NodeAccess, "exec">,
  target: PodTarget,
  command: string[],
  options: StreamOptions,
): Promise<void> {
  return carry(upgrade, options, async (streams, signal) => {
    const { exitCode } = await node.exec(target, command, options, streams, signal);
    return exitCode === 0 ? SUCCESS : nonZeroExit(exitCode);
  });
}

/** The streams of a container's main process, for such a client. */
export function serveAttach(
  upgrade: Upgrade,
  node: Pick<NodeAccess, "attach">,
  target: PodTarget,
  options: StreamOptions,
): Promise<void> {
  return carry(upgrade, options, async (streams, signal) => {
    await node.attach(target, options, streams, signal);
    return SUCCESS;
  });
}

const SUCCESS: Partial<Status> = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success" };

function nonZeroExit(exitCode: number): Status {
  const message = `command terminated with non-zero exit code: exit status ${exitCode}`;
  const causes = [{ reason: "ExitCode", message: String(exitCode) }];
  return failureStatus(500, "NonZeroExitCode", message, { causes });
}

/** From here on the client has its streams: failures are told in the last one of them, as a Status. */
async function carry(
  { req, socket, head }: Upgrade,
  options: StreamOptions,
  run: (streams: NodeStreams, signal: AbortSignal) => Promise<object>,
): Promise<void> {
  const streams = await acceptRemoteCommand(req, socket, head, options);
  const { stdin, stdout, stderr, signal } = streams;
  let outcome: object;
  try {
    outcome = await run(
      { stdin, stdout, stderr, onResize: (listener) => streams.onResize(listener) },
      signal,
    );
  } catch (error) {
    if (signal.aborted) return;
    outcome = error instanceof StatusError ? error.status : statusInternal(errorMessage(error)).status;
  }
  await streams.finish(outcome);
}
