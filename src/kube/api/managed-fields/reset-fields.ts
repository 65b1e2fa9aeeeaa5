import { excludeFields, type FieldFilter, includeFields } from "./field-filter.ts";

/**
 * What nobody can own through a resource or subresource, because the server sets it back whatever is asked: the strategies'
 * GetResetFields. A line is `group/resource[/subresource] fields`; group and resource as in a request's path, the core
 * group empty. Where upstream names a group that there is not (ServiceCIDR), nothing is left out.
 */
const RESET_FIELDS = `
/namespaces status
/namespaces/status spec
/namespaces/finalize status
/nodes status
/nodes/status spec
/persistentvolumeclaims status
/persistentvolumeclaims/status spec
/persistentvolumes status
/persistentvolumes/status spec
/pods status
/pods/status spec metadata.deletionTimestamp metadata.ownerReferences
/replicationcontrollers status
/replicationcontrollers/status spec
/resourcequotas status
/resourcequotas/status spec
/services status
/services/status spec
admissionregistration.k8s.io/validatingadmissionpolicies status
admissionregistration.k8s.io/validatingadmissionpolicies/status spec metadata
apiextensions.k8s.io/customresourcedefinitions status
apiextensions.k8s.io/customresourcedefinitions/status spec metadata
apiregistration.k8s.io/apiservices status
apiregistration.k8s.io/apiservices/status spec metadata
apps/daemonsets status
apps/daemonsets/status spec
apps/deployments status
apps/deployments/status spec metadata.labels
apps/replicasets status
apps/replicasets/status spec
apps/statefulsets status
apps/statefulsets/status spec
autoscaling/horizontalpodautoscalers status
autoscaling/horizontalpodautoscalers/status spec
batch/cronjobs status
batch/cronjobs/status spec
batch/jobs status
batch/jobs/status spec
certificates.k8s.io/certificatesigningrequests spec status
certificates.k8s.io/certificatesigningrequests/approval spec status.certificate
certificates.k8s.io/certificatesigningrequests/status spec status.conditions
flowcontrol.apiserver.k8s.io/flowschemas status
flowcontrol.apiserver.k8s.io/flowschemas/status spec metadata
flowcontrol.apiserver.k8s.io/prioritylevelconfigurations status
flowcontrol.apiserver.k8s.io/prioritylevelconfigurations/status spec metadata
internal.apiserver.k8s.io/storageversions status
internal.apiserver.k8s.io/storageversions/status spec metadata
networking.k8s.io/ingresses status
networking.k8s.io/ingresses/status spec
policy/poddisruptionbudgets status
policy/poddisruptionbudgets/status spec
resource.k8s.io/resourceclaims status
resource.k8s.io/resourceclaims/status spec
storage.k8s.io/volumeattachments status
storage.k8s.io/volumeattachments/status spec metadata
storagemigration.k8s.io/storageversionmigrations status
storagemigration.k8s.io/storageversionmigrations/status spec metadata
`;

const filters = new Map<string, FieldFilter>([
  ["/pods/ephemeralcontainers", includeFields("spec.ephemeralContainers")],
  [
    "/pods/resize",
    includeFields(
      "spec.containers.*.resources",
      "spec.containers.*.resizePolicy",
      "spec.initContainers.*.resources",
      "spec.initContainers.*.resizePolicy",
    ),
  ],
  ...RESET_FIELDS.trim()
    .split("\n")
    .map((line): [string, FieldFilter] => {
      const [place, ...fields] = line.split(" ");
      return [place!, excludeFields(...fields)];
    }),
]);

/** The filter of a built-in resource, or of one of its subresources; undefined where anything can be owned. */
export function resetFieldsFilter(
  { group, resource }: { group: string; resource: string },
  subresource = "",
): FieldFilter | undefined {
  const place = `${group}/${resource}`;
  return filters.get(subresource === "" ? place : `${place}/${subresource}`);
}
