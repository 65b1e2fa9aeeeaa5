import type { APIServiceSpec } from "../generated/types.ts";

/** `onstart`: kept by the server, which looks at it when it starts. */
export const AUTOMANAGED_LABEL = "kube-aggregator.kubernetes.io/automanaged";

/** Of a group its priority among the groups, then its versions with theirs; upstream's numbers. */
const PRIORITIES = `
core 18000 v1=1
apps 17800 v1=15
events.k8s.io 17750 v1=15 v1beta1=5
authentication.k8s.io 17700 v1=15 v1beta1=9 v1alpha1=1
authorization.k8s.io 17600 v1=15
autoscaling 17500 v2=30 v1=15 v2beta1=9 v2beta2=1
batch 17400 v1=15 v1beta1=9 v2alpha1=9
certificates.k8s.io 17300 v1=15 v1beta1=9 v1alpha1=1
networking.k8s.io 17200 v1=15 v1beta1=9 v1alpha1=1
policy 17100 v1=15 v1beta1=9
rbac.authorization.k8s.io 17000 v1=15
storage.k8s.io 16800 v1=15 v1beta1=9 v1alpha1=1
admissionregistration.k8s.io 16700 v1=15 v1beta1=12 v1alpha1=9
apiextensions.k8s.io 16700 v1=15
scheduling.k8s.io 16600 v1=15
coordination.k8s.io 16500 v1=15 v1beta1=13 v1alpha2=12
node.k8s.io 16300 v1=15 v1beta1=9 v1alpha1=1
discovery.k8s.io 16200 v1=15 v1beta1=12
resource.k8s.io 16200 v1beta2=15 v1beta1=9 v1alpha3=1
flowcontrol.apiserver.k8s.io 16100 v1=21 v1beta3=18 v1beta2=15 v1beta1=12 v1alpha1=9
internal.apiserver.k8s.io 16000 v1alpha1=9
storagemigration.k8s.io 15800 v1alpha1=9
metrics.k8s.io 100 v1beta1=100
custom.metrics.k8s.io 100 v1beta2=200 v1beta1=100
external.metrics.k8s.io 100 v1beta1=100
`;

const byGroupVersion = new Map(
  PRIORITIES.trim()
    .split("\n")
    .flatMap((line) => {
      const [group, groupPriority, ...versions] = line.split(" ") as [string, string, ...string[]];
      return versions.map((text) => {
        const [version, priority] = text.split("=") as [string, string];
        const name = `${group === "core" ? "" : group}/${version}`;
        return [name, { group: Number(groupPriority), version: Number(priority) }] as const;
      });
    }),
);

/** Add-ons bring servers of their own for these: whoever changes their APIService has it for good. */
const TAKEN_OVER = new Set(["metrics.k8s.io", "custom.metrics.k8s.io", "external.metrics.k8s.io"]);

/** The object that says that this server answers for a version of a group; undefined for one of no built-in kind. */
export function localApiService(group: string, version: string) {
  const priority = byGroupVersion.get(`${group}/${version}`);
  if (priority === undefined) return undefined;
  const spec: APIServiceSpec = {
    ...(group === "" ? {} : { group }),
    version,
    groupPriorityMinimum: priority.group,
    versionPriority: priority.version,
  };
  return {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: {
      name: `${version}.${group}`,
      ...(TAKEN_OVER.has(group) ? {} : { labels: { [AUTOMANAGED_LABEL]: "onstart" } }),
    },
    spec,
  };
}
