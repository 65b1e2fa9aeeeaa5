import type { Pod } from "../../generated/types.ts";

/** Whether nothing of the pod runs any more, nor ever will (upstream's podutil.IsPodPhaseTerminal). */
export function isPodPhaseTerminal(phase: string | undefined): boolean {
  return phase === "Succeeded" || phase === "Failed";
}

/** By what its status says (podutil.IsPodTerminal). */
export function isPodTerminal(pod: Pick<Pod, "status">): boolean {
  return isPodPhaseTerminal(pod.status?.phase);
}
