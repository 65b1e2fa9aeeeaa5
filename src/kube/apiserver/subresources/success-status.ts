import type { KubeObject } from "../../api/index.ts";

/** metav1.Status of something that went well. */
export function successStatus(code: 200 | 201): KubeObject {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {} as KubeObject["metadata"],
    status: "Success",
    code,
  };
}
