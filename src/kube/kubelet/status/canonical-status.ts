import type { PodStatus } from "../../api/index.ts";
import { pruneUnknown } from "../../api/index.ts";

const POD_STATUS = { group: "", version: "v1", kind: "PodStatus", model: "io.k8s.api.core.v1.PodStatus" };

/** In the form in which the API stores it, so that equal statuses are equal. */
export function canonicalStatus(status: PodStatus): PodStatus {
  return pruneUnknown(status, POD_STATUS) as unknown as PodStatus;
}
