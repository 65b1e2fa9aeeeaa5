import { isIP } from "node:net";
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
import { validateAnnotations, validateLabels } from "../../meta/object-meta.ts";
import type { FieldError } from "../../types.ts";
import { validateContainerLists } from "./validate-containers.ts";
import { validateAffinity, validateSpreadConstraints, validateTolerations } from "./validate-placement.ts";
import { validatePodResources } from "./validate-resources.ts";
import { validateHostUsers, validateOs, validatePodSecurityContext } from "./validate-security.ts";
import { validateReferenceName, validateVolumes } from "./validate-volumes.ts";

export function validatePod(pod: Pod): FieldError[] {
  return [...validatePodSpec(pod.spec, "spec", { isPod: true }), ...ephemeralOnCreate(pod)];
}

function ephemeralOnCreate(pod: Pod): FieldError[] {
  const isNew = !pod.metadata.resourceVersion;
  if (!isNew || !pod.spec.ephemeralContainers?.length) return [];
  return [forbidden("spec.ephemeralContainers", "cannot be set on create")];
}

/** A pod template inside another object. */
export function validatePodTemplate(template: PodTemplateSpec, path: string): FieldError[] {
  const errors = [
    ...validateLabels(template.metadata?.labels, `${path}.labels`),
    ...validateAnnotations(template.metadata?.annotations, `${path}.annotations`),
    ...validatePodSpec(template.spec ?? ({} as PodSpec), `${path}.spec`),
  ];
  if (template.spec?.ephemeralContainers?.length) {
    errors.push(
      forbidden(`${path}.spec.ephemeralContainers`, "ephemeral containers not allowed in pod template"),
    );
  }
  return errors;
}

const DNS_POLICIES = ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"];
const RESTART_POLICIES = ["Always", "Never", "OnFailure"];
const MAX_INT32 = 2 ** 31 - 1;

/** `ValidatePodSpec`; the object has its defaults already. A template leaves more to the pods made from it. */
export function validatePodSpec(
  spec: PodSpec,
  path: string,
  options: { isPod?: boolean } = {},
): FieldError[] {
  return [
    ...validateVolumes(spec.volumes, `${path}.volumes`),
    ...validateContainerLists(spec, path),
    ...validatePodResources(spec.resources, `${path}.resources`),
    ...oneOf(`${path}.restartPolicy`, spec.restartPolicy, RESTART_POLICIES),
    ...oneOf(`${path}.dnsPolicy`, spec.dnsPolicy, DNS_POLICIES),
    ...validateLabels(spec.nodeSelector, `${path}.nodeSelector`),
    ...validateHostNetworkPorts(spec, path, options.isPod === true),
    ...validatePodSecurityContext(spec, `${path}.securityContext`),
    ...validatePullSecrets(spec, `${path}.imagePullSecrets`),
    ...validateAffinity(spec.affinity, `${path}.affinity`),
    ...validateDnsConfig(spec, `${path}.dnsConfig`),
    ...validateReadinessGates(spec, `${path}.readinessGates`),
    ...validateSchedulingGates(spec, `${path}.schedulingGates`),
    ...validateSpreadConstraints(spec.topologySpreadConstraints, `${path}.topologySpreadConstraints`),
    ...validateHostUsers(spec, path),
    ...validateNames(spec, path),
    ...validateDeadline(spec, `${path}.activeDeadlineSeconds`),
    ...validateTolerations(spec.tolerations, `${path}.tolerations`),
    ...validateHostAliases(spec, `${path}.hostAliases`),
    ...optionalOneOf(`${path}.preemptionPolicy`, spec.preemptionPolicy, ["Never", "PreemptLowerPriority"]),
    ...validateOs(spec, path),
  ];
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

function validatePullSecrets(spec: PodSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  spec.imagePullSecrets?.forEach((secret, index) => {
    if (Object.keys(secret).some((key) => key !== "name")) {
      errors.push(invalid(`${path}[${index}]`, secret, "only name may be set"));
    }
  });
  return errors;
}

function validateDnsConfig(spec: PodSpec, path: string): FieldError[] {
  const config = spec.dnsConfig;
  const nameservers = config?.nameservers ?? [];
  const errors: FieldError[] = [];
  if (spec.dnsPolicy === "None") {
    if (config === undefined) return [required(path, "must provide `dnsConfig` when `dnsPolicy` is None")];
    if (nameservers.length === 0) {
      errors.push(
        required(`${path}.nameservers`, "must provide at least one DNS nameserver when `dnsPolicy` is None"),
      );
    }
  }
  if (nameservers.length > 3) {
    errors.push(invalid(`${path}.nameservers`, nameservers, "must not have more than 3 nameservers"));
  }
  nameservers.forEach((server, index) => {
    if (isIP(server) === 0) errors.push(invalidIp(`${path}.nameservers[${index}]`, server));
  });
  if ((config?.searches?.length ?? 0) > 32) {
    errors.push(invalid(`${path}.searches`, config?.searches, "must not have more than 32 search paths"));
  }
  config?.options?.forEach((option, index) => {
    if (!option.name) errors.push(required(`${path}.options[${index}]`, "must not be empty"));
  });
  return errors;
}

function invalidIp(path: string, value: string): FieldError {
  return invalid(path, value, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
}

function validateReadinessGates(spec: PodSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  spec.readinessGates?.forEach((gate, index) => {
    errors.push(
      ...invalidEach(
        `${path}[${index}].conditionType`,
        gate.conditionType,
        isQualifiedName(gate.conditionType ?? ""),
      ),
    );
  });
  return errors;
}

function validateSchedulingGates(spec: PodSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  spec.schedulingGates?.forEach((gate, index) => {
    const at = `${path}[${index}]`;
    errors.push(...invalidEach(at, gate.name, isQualifiedName(gate.name ?? "")));
    if (seen.has(gate.name)) errors.push(duplicate(at, gate.name));
    seen.add(gate.name);
  });
  if (spec.nodeName && seen.size > 0) {
    errors.push(
      forbidden(
        path.replace(/schedulingGates$/, "nodeName"),
        "cannot be set until all schedulingGates have been cleared",
      ),
    );
  }
  return errors;
}

function validateNames(spec: PodSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const subdomains = ["serviceAccountName", "nodeName", "priorityClassName", "runtimeClassName"] as const;
  for (const field of subdomains) {
    if (spec[field]) errors.push(...validateReferenceName(spec[field], `${path}.${field}`));
  }
  for (const field of ["hostname", "subdomain"] as const) {
    if (spec[field])
      errors.push(...invalidEach(`${path}.${field}`, spec[field], isDns1123Label(spec[field])));
  }
  return errors;
}

function validateDeadline(spec: PodSpec, path: string): FieldError[] {
  const seconds = spec.activeDeadlineSeconds;
  return seconds === undefined ? [] : invalidEach(path, seconds, isInRange(seconds, 1, MAX_INT32));
}

function validateHostAliases(spec: PodSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  spec.hostAliases?.forEach((alias, index) => {
    if (isIP(alias.ip ?? "") === 0) errors.push(invalidIp(`${path}[${index}].ip`, alias.ip ?? ""));
    alias.hostnames?.forEach((name, at) => {
      errors.push(...invalidEach(`${path}[${index}].hostnames[${at}]`, name, isDns1123Subdomain(name)));
    });
  });
  return errors;
}

/** Pods of a ReplicaSet or Deployment run until they are deleted. */
export function validateTemplateOfReplicas(template: PodTemplateSpec, path: string): FieldError[] {
  const errors = validatePodTemplate(template, path);
  const { restartPolicy, activeDeadlineSeconds } = template.spec ?? {};
  if (restartPolicy !== "Always")
    errors.push(notSupported(`${path}.spec.restartPolicy`, restartPolicy ?? "", ["Always"]));
  if (activeDeadlineSeconds !== undefined) {
    errors.push(
      forbidden(`${path}.spec.activeDeadlineSeconds`, "activeDeadlineSeconds in ReplicaSet is not Supported"),
    );
  }
  return errors;
}
