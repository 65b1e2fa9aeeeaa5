import { isDns1123Label, isDns1123Subdomain, isInRange, isQualifiedName } from "../../../../formats/index.ts";
import {
  duplicate,
  forbidden,
  invalid,
  invalidEach,
  notSupported,
  oneOf,
  optionalOneOf,
  required,
} from "../../field-error.ts";
import type { Pod, PodSpec, PodTemplateSpec } from "../../generated/types.ts";
import { validateIp } from "../../ip-address.ts";
import { validateAnnotations, validateLabels } from "../../meta/object-meta.ts";
import type { FieldError } from "../../types.ts";
import { isMirrorPod } from "./mirror-pod.ts";
import { validatePodAnnotations, validateProfilesMatch } from "./validate-annotations.ts";
import { validateContainerLists, validateImageText } from "./validate-containers.ts";
import { validateDnsConfig } from "./validate-dns.ts";
import { validateAffinity, validateSpreadConstraints, validateTolerations } from "./validate-placement.ts";
import { validateResources } from "./validate-resources.ts";
import { validateHostUsers, validatePodSecurityContext } from "./validate-security.ts";
import { validateVolumes } from "./validate-volumes.ts";
import { validateHostProcess, validateOs } from "./validate-windows.ts";

/** `ValidatePodCreate`, or what an update checks about the new object alone. */
export function validatePod(pod: Pod): FieldError[] {
  const { metadata, spec } = pod;
  const errors = [
    ...validatePodAnnotations(metadata.annotations, spec, "metadata.annotations"),
    ...validatePodSpec(spec, "spec", { isPod: true, podName: metadata.name }),
    ...validateTokens(spec),
    ...(["containers", "initContainers"] as const).flatMap((list) =>
      (spec[list] ?? []).flatMap((one, index) => validateImageText(one, `spec.${list}[${index}]`)),
    ),
    ...validateClaimsOfMirror(pod),
  ];
  return pod.metadata.resourceVersion ? errors : [...errors, ...validateNewPod(pod)];
}

function validateNewPod(pod: Pod): FieldError[] {
  const { spec } = pod;
  const errors: FieldError[] = [];
  if (spec.ephemeralContainers?.length)
    errors.push(forbidden("spec.ephemeralContainers", "cannot be set on create"));
  if (spec.nodeName && spec.schedulingGates?.length)
    errors.push(forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared"));
  return [...errors, ...validateProfilesMatch(pod, "spec")];
}

/** A token is somebody's: of the pod's service account. */
function validateTokens({ serviceAccountName, volumes = [] }: PodSpec): FieldError[] {
  if (serviceAccountName) return [];
  return volumes.flatMap(({ projected }, index) =>
    (projected?.sources ?? []).flatMap((source, at) => {
      const path = `spec.volumes[${index}].projected.sources[${at}].serviceAccountToken`;
      return source.serviceAccountToken === undefined
        ? []
        : [forbidden(path, "must not be specified when serviceAccountName is not set")];
    }),
  );
}

function validateClaimsOfMirror(pod: Pod): FieldError[] {
  if (!isMirrorPod(pod) || !pod.spec.resourceClaims?.length) return [];
  return [forbidden("", "static pods do not support resource claims")];
}

/** A pod template inside another object. */
export function validatePodTemplate(template: PodTemplateSpec, path: string): FieldError[] {
  const { metadata, spec = {} as PodSpec } = template;
  const errors = [
    ...validateLabels(metadata?.labels, `${path}.labels`),
    ...validateAnnotations(metadata?.annotations, `${path}.annotations`),
    ...validatePodAnnotations(metadata?.annotations, spec, `${path}.annotations`),
    ...validatePodSpec(spec, `${path}.spec`),
  ];
  if (spec.ephemeralContainers?.length) {
    const why = "ephemeral containers not allowed in pod template";
    errors.push(forbidden(`${path}.spec.ephemeralContainers`, why));
  }
  return errors;
}

const DNS_POLICIES = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
const RESTART_POLICIES = ["Always", "OnFailure", "Never"];
const MAX_INT32 = 2 ** 31 - 1;

/** `ValidatePodSpec`; the object has its defaults already. A template leaves more to the pods made from it. */
export function validatePodSpec(
  spec: PodSpec,
  path: string,
  { isPod = false, podName }: { isPod?: boolean; podName?: string } = {},
): FieldError[] {
  const { errors, volumes } = validateVolumes(spec.volumes, `${path}.volumes`, { isPod, podName });
  return [
    ...errors,
    ...validateClaims(spec, `${path}.resourceClaims`),
    ...validateContainerLists(spec, path, volumes),
    ...validateHostNetworkPorts(spec, path, isPod),
    ...oneOf(`${path}.restartPolicy`, spec.restartPolicy, RESTART_POLICIES),
    ...oneOf(`${path}.dnsPolicy`, spec.dnsPolicy, DNS_POLICIES),
    ...validateLabels(spec.nodeSelector, `${path}.nodeSelector`),
    ...validatePodSecurityContext(spec, `${path}.securityContext`),
    ...validateAffinity(spec.affinity, `${path}.affinity`),
    ...validateDnsConfig(spec, `${path}.dnsConfig`),
    ...validateReadinessGates(spec, `${path}.readinessGates`),
    ...validateSchedulingGates(spec, `${path}.schedulingGates`),
    ...validateSpreadConstraints(spec.topologySpreadConstraints, `${path}.topologySpreadConstraints`),
    ...validateHostProcess(spec, path),
    ...validateHostUsers(spec, path),
    ...validateNames(spec, path, isDns1123Subdomain, "serviceAccountName", "nodeName"),
    ...validateDeadline(spec, `${path}.activeDeadlineSeconds`),
    ...validateNames(spec, path, isDns1123Label, "hostname", "subdomain"),
    ...validateTolerations(spec.tolerations, `${path}.tolerations`),
    ...validateHostAliases(spec, `${path}.hostAliases`),
    ...validateNames(spec, path, isDns1123Subdomain, "priorityClassName"),
    ...validateRuntimeClass(spec.runtimeClassName, `${path}.runtimeClassName`),
    ...validatePreemption(spec.preemptionPolicy, `${path}.preemptionPolicy`),
    ...validateResources({ limits: spec.overhead ?? {} }, `${path}.overhead`),
    ...validateOs(spec, path),
  ];
}

function validateClaims({ resourceClaims = [] }: PodSpec, path: string): FieldError[] {
  const names = new Set<string>();
  return resourceClaims.flatMap((claim, index) => {
    const at = `${path}[${index}]`;
    const { name, resourceClaimName, resourceClaimTemplateName } = claim;
    const errors: FieldError[] = [];
    if (!name) errors.push(required(`${at}.name`));
    else if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
    else errors.push(...invalidEach(`${at}.name`, name, isDns1123Label(name)));
    names.add(name);
    const both = "`resourceClaimName` or `resourceClaimTemplateName`";
    if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined)
      errors.push(invalid(at, claim, `at most one of ${both} may be specified`));
    if (resourceClaimName === undefined && resourceClaimTemplateName === undefined)
      errors.push(
        invalid(at, claim, "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"),
      );
    for (const field of ["resourceClaimName", "resourceClaimTemplateName"] as const) {
      const value = claim[field];
      if (value !== undefined)
        errors.push(...invalidEach(`${at}.${field}`, value, isDns1123Subdomain(value)));
    }
    return errors;
  });
}

function validateHostNetworkPorts(spec: PodSpec, path: string, isPod: boolean): FieldError[] {
  if (!spec.hostNetwork) return [];
  const errors: FieldError[] = [];
  spec.containers?.forEach((container, containerIndex) => {
    container.ports?.forEach(({ hostPort = 0, containerPort }, portIndex) => {
      if (hostPort === containerPort || (!isPod && hostPort === 0)) return;
      const at = `${path}.containers[${containerIndex}].ports[${portIndex}].hostPort`;
      errors.push(invalid(at, hostPort, "must match `containerPort` when `hostNetwork` is true"));
    });
  });
  return errors;
}

function validateReadinessGates(spec: PodSpec, path: string): FieldError[] {
  return (spec.readinessGates ?? []).flatMap(({ conditionType }, index) =>
    invalidEach(`${path}[${index}].conditionType`, conditionType, isQualifiedName(conditionType)),
  );
}

function validateSchedulingGates(spec: PodSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  spec.schedulingGates?.forEach((gate, index) => {
    const at = `${path}[${index}]`;
    errors.push(...invalidEach(at, gate.name, isQualifiedName(gate.name)));
    if (seen.has(gate.name)) errors.push(duplicate(at, gate.name));
    seen.add(gate.name);
  });
  return errors;
}

type NameField = "serviceAccountName" | "nodeName" | "hostname" | "subdomain" | "priorityClassName";

function validateNames(
  spec: PodSpec,
  path: string,
  problems: (name: string) => string[],
  ...fields: NameField[]
): FieldError[] {
  return fields.flatMap((field) =>
    spec[field] ? invalidEach(`${path}.${field}`, spec[field], problems(spec[field])) : [],
  );
}

function validateRuntimeClass(name: string | undefined, path: string): FieldError[] {
  return name === undefined ? [] : invalidEach(path, name, isDns1123Subdomain(name));
}

function validatePreemption(policy: string | undefined, path: string): FieldError[] {
  if (policy === "") return [required(path)];
  return optionalOneOf(path, policy, ["PreemptLowerPriority", "Never"]);
}

function validateDeadline(spec: PodSpec, path: string): FieldError[] {
  const seconds = spec.activeDeadlineSeconds;
  return seconds === undefined ? [] : invalidEach(path, seconds, isInRange(seconds, 1, MAX_INT32));
}

function validateHostAliases(spec: PodSpec, path: string): FieldError[] {
  return (spec.hostAliases ?? []).flatMap(({ ip, hostnames = [] }, index) => [
    ...validateIp(`${path}[${index}].ip`, ip),
    ...hostnames.flatMap((name, at) =>
      invalidEach(`${path}[${index}].hostnames[${at}]`, name, isDns1123Subdomain(name)),
    ),
  ]);
}

/** As `validatePodTemplate`, for pods that run until they are deleted. */
export function validateTemplateOfReplicas(
  template: PodTemplateSpec,
  path: string,
  kind: string,
): FieldError[] {
  return [...validatePodTemplate(template, path), ...validateEndless(template, path, kind)];
}

/** Pods of such a kind neither end by themselves nor by a deadline. */
export function validateEndless(template: PodTemplateSpec, path: string, kind: string): FieldError[] {
  const errors: FieldError[] = [];
  const { restartPolicy, activeDeadlineSeconds } = template.spec ?? {};
  if (restartPolicy !== "Always")
    errors.push(notSupported(`${path}.spec.restartPolicy`, restartPolicy ?? "", ["Always"]));
  if (activeDeadlineSeconds !== undefined) {
    errors.push(
      forbidden(`${path}.spec.activeDeadlineSeconds`, `activeDeadlineSeconds in ${kind} is not Supported`),
    );
  }
  return errors;
}
