import { statusServiceUnavailable } from "../../api/index.ts";
import type { NodeReader } from "../../client/node-access.ts";
import type { Answer, ServerContext } from "../server-context.ts";
import { remoteNode } from "./remote-node.ts";

/** The way to read of a node: in this process, or of its kubelet; undefined where there is none. */
export function nodeReader(
  { nodeAccess, kubelets }: Pick<ServerContext, "nodeAccess" | "kubelets">,
  nodeName: string,
): NodeReader | undefined {
  return nodeAccess(nodeName) ?? (kubelets && remoteNode(kubelets));
}

/** Where a request is worked on by somebody who has no way to nodes, there is nobody to ask. */
export function requireNode<T>(node: T | undefined): T {
  if (!node) throw statusServiceUnavailable("no node can be reached yet");
  return node;
}

/** The request goes on to the node's kubelet. */
export async function toKubelet(
  { kubelets }: Pick<ServerContext, "kubelets">,
  nodeName: string,
  path: string,
): Promise<Answer> {
  const known = requireNode(kubelets);
  return { form: "kubelet", target: { kubelets: known, address: await known.addressOf(nodeName), path } };
}
