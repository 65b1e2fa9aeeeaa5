import type { Pod } from "../../generated/types.ts";

/** By its condition Ready (podutil.IsPodReady). */
export function isPodReady({ status }: Pick<Pod, "status">): boolean {
  return status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;
}
