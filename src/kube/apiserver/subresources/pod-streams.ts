import { errorMessage } from "../../../base/index.ts";
import { acceptPortForward, acceptRemoteCommand, type RemoteCommandStreams } from "../../../http/index.ts";
import {
  failureStatus,
  type Status,
  StatusError,
  statusBadRequest,
  statusInternal,
} from "../../api/index.ts";
import type { NodeStreams, StreamOptions } from "../../client/node-access.ts";
import { isTrue } from "../request-info.ts";
import type { Answer, ResourceCall, ServerContext, UpgradeRequest } from "../server-context.ts";
import { findPodTarget, requireNodes, requireScheduled } from "./pod-target.ts";

/** `pods/NAME/exec`: runs a command in a container and carries its streams. */
export async function execInPod(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const { target } = await findPodTarget(context, call);
  requireScheduled(target);
  const options = streamOptions(call);
  const command = call.params.getAll("command");
  if (command.length === 0) throw statusBadRequest("you must specify at least one command for the container");
  const nodes = requireNodes(context);
  return overStreams(options, async (streams, signal) => {
    const { exitCode } = await nodes.exec(target, command, options, streams, signal);
    return exitCode === 0 ? SUCCESS : nonZeroExit(exitCode);
  });
}

/** `pods/NAME/attach`: the streams of a container's main process. */
export async function attachToPod(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const { target } = await findPodTarget(context, call);
  requireScheduled(target);
  const options = streamOptions(call);
  const nodes = requireNodes(context);
  return overStreams(options, async (streams, signal) => {
    await nodes.attach(target, options, streams, signal);
    return SUCCESS;
  });
}

/** `pods/NAME/portforward`: connections to ports inside the pod. */
export async function forwardPodPorts(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const { object: pod } = await context.objects.get(call.kind, call.info.namespace, call.info.name!);
  const { namespace, name, uid } = pod.metadata;
  const target = { nodeName: pod.spec.nodeName ?? "", namespace: namespace!, podName: name, podUid: uid };
  requireScheduled({ ...target, container: "" });
  const nodes = requireNodes(context);
  return {
    form: "upgrade",
    accept: ({ req, socket, head }) =>
      acceptPortForward(req, socket, head, (port) => nodes.portForward(target, port)),
  };
}

const SUCCESS: Partial<Status> = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success" };

function nonZeroExit(exitCode: number): Status {
  const message = `command terminated with non-zero exit code: exit status ${exitCode}`;
  const causes = [{ reason: "ExitCode", message: String(exitCode) }];
  return failureStatus(500, "NonZeroExitCode", message, { causes });
}

/** Upstream leaves these to the kubelet: the pod and its container are looked up first. */
function streamOptions({ params }: ResourceCall): StreamOptions {
  const wants = (name: string) => isTrue(params.get(name));
  const options = {
    stdin: wants("stdin"),
    stdout: wants("stdout"),
    stderr: wants("stderr"),
    tty: wants("tty"),
  };
  if (!options.stdin && !options.stdout && !options.stderr) {
    throw statusBadRequest("you must specify at least 1 of stdin, stdout, stderr");
  }
  // A terminal has one output only.
  return options.tty ? { ...options, stderr: false } : options;
}

function overStreams(
  options: StreamOptions,
  run: (streams: NodeStreams, signal: AbortSignal) => Promise<object>,
): Answer {
  return { form: "upgrade", accept: (upgrade) => carry(upgrade, options, run) };
}

/** From here on the client has its streams: failures are told in the last one of them, as a Status. */
async function carry(
  { req, socket, head }: UpgradeRequest,
  options: StreamOptions,
  run: (streams: NodeStreams, signal: AbortSignal) => Promise<object>,
): Promise<void> {
  const streams: RemoteCommandStreams = await acceptRemoteCommand(req, socket, head, options);
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
