import { type Node, type Pod, type Taint, toleratesTaint } from "../../api/index.ts";

export function evictingTaints(node: Node): Taint[] {
  return (node.spec?.taints ?? []).filter((taint) => taint.effect === "NoExecute");
}

/** Milliseconds that a pod may stay under these taints: 0 go now, undefined stay for good. */
export function toleratedMs(pod: Pod, taints: readonly Taint[]): number | undefined {
  let shortest: number | undefined;
  for (const taint of taints) {
    const toleration = (pod.spec.tolerations ?? []).find((one) => toleratesTaint(one, taint));
    if (!toleration) return 0;
    if (toleration.tolerationSeconds === undefined) continue;
    const ms = Math.max(0, Number(toleration.tolerationSeconds) * 1000);
    shortest = Math.min(shortest ?? ms, ms);
  }
  return shortest;
}
