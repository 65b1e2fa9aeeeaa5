import { acceptPortForward } from "../../../http/index.ts";
import { statusBadRequest } from "../../api/index.ts";
import { serveAttach, serveExec } from "../../client/index.ts";
import type { StreamOptions } from "../../client/node-access.ts";
import { commandPath, portForwardPath } from "../nodes/kubelet-paths.ts";
import { toKubelet } from "../nodes/node-reader.ts";
import { isTrue } from "../request-info.ts";
import type { Answer, ResourceCall, ServerContext } from "../server-context.ts";
import { findPodTarget, requireScheduled } from "./pod-target.ts";

/** `pods/NAME/exec`: runs a command in a container and carries its streams. */
export async function execInPod(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const { target } = await findPodTarget(context, call);
  requireScheduled(target);
  const options = streamOptions(call);
  const command = call.params.getAll("command");
  if (command.length === 0) throw statusBadRequest("you must specify at least one command for the container");
  const node = context.nodeAccess(target.nodeName);
  if (!node) return toKubelet(context, target.nodeName, commandPath("exec", target, call.params));
  return { form: "upgrade", accept: (upgrade) => serveExec(upgrade, node, target, command, options) };
}

/** `pods/NAME/attach`: the streams of a container's main process. */
export async function attachToPod(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const { target } = await findPodTarget(context, call);
  requireScheduled(target);
  const options = streamOptions(call);
  const node = context.nodeAccess(target.nodeName);
  if (!node) return toKubelet(context, target.nodeName, commandPath("attach", target, call.params));
  return { form: "upgrade", accept: (upgrade) => serveAttach(upgrade, node, target, options) };
}

/** `pods/NAME/portforward`: connections to ports inside the pod. */
export async function forwardPodPorts(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const { object: pod } = await context.objects.get(call.kind, call.info.namespace, call.info.name!);
  const { namespace, name, uid } = pod.metadata;
  const target = { nodeName: pod.spec.nodeName ?? "", namespace: namespace!, podName: name, podUid: uid };
  requireScheduled({ ...target, container: "" });
  const node = context.nodeAccess(target.nodeName);
  if (!node) return toKubelet(context, target.nodeName, portForwardPath(target, call.params));
  return {
    form: "upgrade",
    accept: ({ req, socket, head }) =>
      acceptPortForward(req, socket, head, (port) => node.portForward(target, port)),
  };
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
