import { groupResourceText, type KubeObject, namespaces } from "../../api/index.ts";
import type { AdmissionPlugin, AdmissionRequest } from "./admission.ts";

const ENFORCE_LABEL = "pod-security.kubernetes.io/enforce";
/** Pods, and what upstream's PodSecurity looks at as their templates. */
const POD_MAKERS = new Set([
  "pods",
  "podtemplates",
  "replicationcontrollers",
  "replicasets.apps",
  "deployments.apps",
  "statefulsets.apps",
  "daemonsets.apps",
  "jobs.batch",
  "cronjobs.batch",
]);

/**
 * There is no PodSecurity plugin yet. Who writes a namespace that asks for one, or pods into it, is told that nothing holds
 * them to it: a label that looks like a guard and is none is worse than no label.
 */
export function podSecurityWarning(
  findNamespace: (name: string) => Promise<KubeObject | undefined>,
): AdmissionPlugin {
  return {
    name: "PodSecurityWarning",
    async validate(request) {
      if (request.operation !== "CREATE" && request.operation !== "UPDATE") return;
      const namespace = await namespaceOf(request, findNamespace);
      const level = namespace?.metadata.labels?.[ENFORCE_LABEL];
      if (level === undefined) return;
      request.warn(
        `namespace ${JSON.stringify(namespace!.metadata.name)} has the label ${ENFORCE_LABEL}=${level}, which this server does not enforce: privileged pods are admitted`,
      );
    },
  };
}

async function namespaceOf(
  { kind, subresource, object, namespace }: AdmissionRequest,
  find: (name: string) => Promise<KubeObject | undefined>,
): Promise<KubeObject | undefined> {
  if (kind === namespaces) return object;
  const isPod =
    POD_MAKERS.has(groupResourceText(kind)) &&
    (subresource ?? "ephemeralcontainers") === "ephemeralcontainers";
  return isPod && namespace ? find(namespace) : undefined;
}
