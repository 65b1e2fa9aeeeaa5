import type { Pod } from "../api/index.ts";
import type { Informer } from "../client/index.ts";

const BY_NODE = "node";

/** Lets `podsOn` answer without going through all pods. */
export function indexByNode(pods: Informer<Pod>): void {
  pods.addIndex(BY_NODE, (pod) => (pod.spec.nodeName ? [pod.spec.nodeName] : []));
}

export function podsOn(pods: Informer<Pod>, node: string): readonly Pod[] {
  return pods.byIndex(BY_NODE, node);
}
