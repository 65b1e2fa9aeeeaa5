import { GantryError } from "../../base/index.ts";
import { type ConfigMap, configMaps } from "../../kube/api/index.ts";
import type { KubeClient } from "../../kube/client/index.ts";
import type { ClusterSettings } from "./cluster-settings.ts";

/** The ConfigMap of kube-system from which nodes read what all machines agree on. */
export const SETTINGS_MAP = "gantry-cluster";

export async function readSettings(client: KubeClient): Promise<ClusterSettings> {
  const { data } = await client.get<ConfigMap>(configMaps, "kube-system", SETTINGS_MAP);
  try {
    return JSON.parse(data!.settings!) as ClusterSettings;
  } catch (cause) {
    throw new GantryError("DataLoss", `the ConfigMap kube-system/${SETTINGS_MAP} cannot be read`, {
      code: "Join.NoSettings",
      hint: "start a server of the cluster anew: it writes the map again",
      cause,
    });
  }
}
