import type { Pod } from "../../api/index.ts";

/** Who enforces network policies on the node's pods. */
export interface PodGuard {
  /** Resolves once the pod's policies hold at its addresses; rejects if they cannot: then nothing of it may run. */
  guard(pod: Pod, addresses: readonly string[], signal: AbortSignal): Promise<void>;
  /** The pod's network is gone. */
  release(podUid: string): void;
}

export const noGuard: PodGuard = { guard: async () => {}, release: () => {} };
