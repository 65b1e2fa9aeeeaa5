import type { Clock } from "../../../../base/index.ts";
import { groupResourceText, type KubeObject } from "../../../api/index.ts";
import type { AdmissionPlugin } from "../admission.ts";
import { admitNamespace } from "./admit-namespace.ts";
import { admitPod, admitTemplate } from "./admit-pod.ts";
import { DEFAULT_CONFIGURATION, type PodSecurityConfiguration } from "./configuration.ts";
import { holdsPodTemplate } from "./pod-template.ts";

export interface PodSecurityOptions {
  findNamespace(name: string): Promise<KubeObject | undefined>;
  listPods(namespace: string): Promise<readonly KubeObject[]>;
  clock: Clock;
  configuration?: PodSecurityConfiguration;
}

/**
 * Holds pods to the level that their namespace asks for by its labels, and tells of templates whose pods would not pass
 * (pod-security-admission).
 */
export function podSecurity(options: PodSecurityOptions): AdmissionPlugin {
  const house = { configuration: DEFAULT_CONFIGURATION, ...options };
  return {
    name: "PodSecurity",
    async validate(request) {
      const { kind, operation, subresource } = request;
      if (operation !== "CREATE" && operation !== "UPDATE") return;
      const resource = groupResourceText(kind);
      if (resource === "pods") await admitPod(house, request);
      else if (subresource !== undefined) return;
      else if (resource === "namespaces") await admitNamespace(house, request);
      else if (holdsPodTemplate(kind)) await admitTemplate(house, request);
    },
  };
}
