import { claimNamesOf, type Pod } from "../../api/index.ts";
import type { Informer } from "../../client/index.ts";

const INDEX = "attachments/pods";

/** Whether it has a claim, whose volume may have to be attached. */
export function mayNeedAttachment(pod: Pod): boolean {
  return !claimNamesOf(pod).next().done;
}

/** Lets `podsThatMayNeed` answer without going through a node's other pods. */
export function indexByNeed(pods: Informer<Pod>): void {
  pods.addIndex(INDEX, (pod) => (pod.spec.nodeName && mayNeedAttachment(pod) ? [pod.spec.nodeName] : []));
}

export function podsThatMayNeed(pods: Informer<Pod>, nodeName: string): readonly Pod[] {
  return pods.byIndex(INDEX, nodeName);
}
