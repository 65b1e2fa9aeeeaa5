import { configMaps, isStatusError, type KubeObject } from "../../api/index.ts";
import type { KubeClient } from "../../client/types.ts";

export const SYSTEM_NAMESPACE = "kube-system";

/** A ConfigMap of kube-system; undefined where there is none. */
export async function findSystemConfigMap(client: KubeClient, name: string): Promise<KubeObject | undefined> {
  try {
    return await client.get<KubeObject>(configMaps, SYSTEM_NAMESPACE, name);
  } catch (error) {
    if (isStatusError(error, "NotFound")) return undefined;
    throw error;
  }
}
