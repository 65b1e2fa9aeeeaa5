import type { PodLogOptions, PodTarget } from "../../client/node-access.ts";
import { isTrue } from "../request-info.ts";

const segment = encodeURIComponent;

/** `/containerLogs/NAMESPACE/POD/CONTAINER?…` (pkg/kubelet/server, getContainerLogs). */
export function logPath({ namespace, podName, container }: PodTarget, options: PodLogOptions): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(options))
    if (value !== undefined && value !== false) query.set(name, String(value));
  const text = query.toString();
  const path = `/containerLogs/${segment(namespace)}/${segment(podName)}/${segment(container)}`;
  return text === "" ? path : `${path}?${text}`;
}

/** `/exec/NAMESPACE/POD/CONTAINER?…`, `/attach/…`: with the options under the names that kubelets have for them. */
export function commandPath(verb: "exec" | "attach", target: PodTarget, params: URLSearchParams): string {
  const query = new URLSearchParams();
  const names = { stdin: "input", stdout: "output", stderr: "error", tty: "tty" };
  const isTty = isTrue(params.get("tty"));
  for (const [name, theirs] of Object.entries(names)) {
    // A terminal has one output only.
    if (isTrue(params.get(name)) && !(name === "stderr" && isTty)) query.set(theirs, "1");
  }
  if (verb === "exec") for (const word of params.getAll("command")) query.append("command", word);
  const { namespace, podName, container } = target;
  return `/${verb}/${segment(namespace)}/${segment(podName)}/${segment(container)}?${query}`;
}

/** `/portForward/NAMESPACE/POD`; only WebSocket clients of the first protocol name ports there. */
export function portForwardPath(
  { namespace, podName }: Pick<PodTarget, "namespace" | "podName">,
  params: URLSearchParams,
): string {
  const query = new URLSearchParams();
  for (const port of params.getAll("ports").flatMap((list) => list.split(","))) query.append("port", port);
  const text = query.toString();
  const path = `/portForward/${segment(namespace)}/${segment(podName)}`;
  return text === "" ? path : `${path}?${text}`;
}
