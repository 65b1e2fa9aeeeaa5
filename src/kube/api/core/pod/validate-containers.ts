import { isDns1123Label, isPortName, isPortNumber } from "../../../../formats/index.ts";
import { duplicate, forbidden, invalidEach, oneOf, optionalOneOf, required } from "../../field-error.ts";
import type { Container, ContainerPort, EphemeralContainer, PodSpec } from "../../generated/types.ts";
import type { FieldError } from "../../types.ts";
import { validateEnv, validateEnvFrom } from "./validate-env.ts";
import {
  validateHandler,
  validateProbe,
  validateReadinessProbe,
  validateSingleSuccess,
} from "./validate-probes.ts";
import { validateResources } from "./validate-resources.ts";
import { validateSecurityContext } from "./validate-security.ts";
import { validateVolumeMounts } from "./validate-volumes.ts";

/** All containers of a pod; their names are unique across the three lists. */
export function validateContainerLists(spec: PodSpec, path: string): FieldError[] {
  const volumeNames = new Set((spec.volumes ?? []).map((volume) => volume.name));
  const names = new Set<string>();
  return [
    ...validateContainers(spec, `${path}.containers`, volumeNames, names),
    ...validateInitContainers(spec, `${path}.initContainers`, volumeNames, names),
    ...validateEphemeralContainers(spec, `${path}.ephemeralContainers`, volumeNames, names),
  ];
}

function validateContainers(
  spec: PodSpec,
  path: string,
  volumeNames: ReadonlySet<string>,
  names: Set<string>,
): FieldError[] {
  if (!spec.containers?.length) return [required(path)];
  const errors: FieldError[] = [];
  spec.containers.forEach((container, index) => {
    const at = `${path}[${index}]`;
    errors.push(...validateCommon(container, at, volumeNames));
    errors.push(...takeName(container.name, names, at));
    errors.push(...validateLifecycle(container, `${at}.lifecycle`, spec.terminationGracePeriodSeconds));
    errors.push(...validateProbes(container, at, spec.terminationGracePeriodSeconds));
    if (container.restartPolicy !== undefined) {
      errors.push(forbidden(`${at}.restartPolicy`, "may not be set for non-init containers"));
    }
  });
  return [...errors, ...hostPortConflicts(spec.containers, path)];
}

function takeName(name: string, names: Set<string>, at: string): FieldError[] {
  if (names.has(name)) return [duplicate(`${at}.name`, name)];
  names.add(name);
  return [];
}

const PROBES = ["livenessProbe", "readinessProbe", "startupProbe"] as const;

function validateInitContainers(
  spec: PodSpec,
  path: string,
  volumeNames: ReadonlySet<string>,
  names: Set<string>,
): FieldError[] {
  const errors: FieldError[] = [];
  spec.initContainers?.forEach((container, index) => {
    const at = `${path}[${index}]`;
    errors.push(...validateCommon(container, at, volumeNames));
    errors.push(...optionalOneOf(`${at}.restartPolicy`, container.restartPolicy, ["Always"]));
    errors.push(...takeName(container.name, names, at));
    errors.push(...hostPortConflicts([container], path));
    if (container.restartPolicy === "Always") {
      errors.push(...validateLifecycle(container, `${at}.lifecycle`, spec.terminationGracePeriodSeconds));
      errors.push(...validateProbes(container, at, spec.terminationGracePeriodSeconds));
      return;
    }
    const why = "may not be set for init containers without restartPolicy=Always";
    if (container.lifecycle !== undefined) errors.push(forbidden(`${at}.lifecycle`, why));
    for (const probe of PROBES)
      if (container[probe] !== undefined) errors.push(forbidden(`${at}.${probe}`, why));
  });
  return errors;
}

const EPHEMERAL_FORBIDDEN = [
  "lifecycle",
  "livenessProbe",
  "ports",
  "readinessProbe",
  "resizePolicy",
  "startupProbe",
] as const;

function validateEphemeralContainers(
  spec: PodSpec,
  path: string,
  volumeNames: ReadonlySet<string>,
  names: Set<string>,
): FieldError[] {
  const errors: FieldError[] = [];
  const targets = new Set(
    [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map((one) => one.name),
  );
  spec.ephemeralContainers?.forEach((container, index) => {
    const at = `${path}[${index}]`;
    errors.push(...validateCommon(container, at, volumeNames));
    errors.push(...takeName(container.name, names, at));
    const target = container.targetContainerName;
    if (target && !targets.has(target)) {
      errors.push({
        type: "FieldValueNotFound",
        field: `${at}.targetContainerName`,
        message: `Not found: ${JSON.stringify(target)}`,
      });
    }
    for (const field of EPHEMERAL_FORBIDDEN) {
      if (container[field] !== undefined)
        errors.push(forbidden(`${at}.${field}`, "cannot be set for an Ephemeral Container"));
    }
    if (Object.keys(container.resources ?? {}).length > 0) {
      errors.push(forbidden(`${at}.resources`, "cannot be set for an Ephemeral Container"));
    }
  });
  return errors;
}

function validateCommon(
  container: Container | EphemeralContainer,
  path: string,
  volumeNames: ReadonlySet<string>,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!container.name) errors.push(required(`${path}.name`));
  else errors.push(...invalidEach(`${path}.name`, container.name, isDns1123Label(container.name)));
  if (!container.image) errors.push(required(`${path}.image`));
  const policies = ["FallbackToLogsOnError", "File"];
  const context = { volumeNames, isPrivileged: container.securityContext?.privileged === true };
  return [
    ...errors,
    ...oneOf(`${path}.terminationMessagePolicy`, container.terminationMessagePolicy, policies),
    ...validatePorts(container.ports, `${path}.ports`),
    ...validateEnv(container.env, `${path}.env`),
    ...validateEnvFrom(container.envFrom, `${path}.envFrom`),
    ...validateVolumeMounts(container.volumeMounts, `${path}.volumeMounts`, context),
    ...oneOf(`${path}.imagePullPolicy`, container.imagePullPolicy, ["Always", "IfNotPresent", "Never"]),
    ...validateResources(container.resources, `${path}.resources`),
    ...validateSecurityContext(container.securityContext, `${path}.securityContext`),
  ];
}

function validatePorts(ports: readonly ContainerPort[] | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  ports?.forEach((port, index) => {
    const at = `${path}[${index}]`;
    if (port.name) {
      const problems = isPortName(port.name);
      errors.push(...invalidEach(`${at}.name`, port.name, problems));
      if (problems.length === 0 && names.has(port.name)) errors.push(duplicate(`${at}.name`, port.name));
      names.add(port.name);
    }
    if (!port.containerPort) errors.push(required(`${at}.containerPort`));
    else
      errors.push(
        ...invalidEach(`${at}.containerPort`, port.containerPort, isPortNumber(port.containerPort)),
      );
    if (port.hostPort)
      errors.push(...invalidEach(`${at}.hostPort`, port.hostPort, isPortNumber(port.hostPort)));
    errors.push(...oneOf(`${at}.protocol`, port.protocol, ["SCTP", "TCP", "UDP"]));
  });
  return errors;
}

function hostPortConflicts(containers: readonly Container[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  const taken = new Set<string>();
  containers.forEach((container, containerIndex) => {
    container.ports?.forEach((port, portIndex) => {
      if (!port.hostPort) return;
      const key = `${port.protocol}/${port.hostIP ?? ""}/${port.hostPort}`;
      if (taken.has(key))
        errors.push(duplicate(`${path}[${containerIndex}].ports[${portIndex}].hostPort`, key));
      taken.add(key);
    });
  });
  return errors;
}

function validateLifecycle(
  container: Container,
  path: string,
  graceSeconds: number | undefined,
): FieldError[] {
  const { postStart, preStop } = container.lifecycle ?? {};
  return [
    ...(postStart === undefined ? [] : validateHandler(postStart, `${path}.postStart`, graceSeconds)),
    ...(preStop === undefined ? [] : validateHandler(preStop, `${path}.preStop`, graceSeconds)),
  ];
}

function validateProbes(container: Container, path: string, graceSeconds: number | undefined): FieldError[] {
  return [
    ...validateProbe(container.livenessProbe, `${path}.livenessProbe`, graceSeconds),
    ...validateSingleSuccess(container.livenessProbe, `${path}.livenessProbe`),
    ...validateProbe(container.readinessProbe, `${path}.readinessProbe`, graceSeconds),
    ...validateReadinessProbe(container.readinessProbe, `${path}.readinessProbe`),
    ...validateProbe(container.startupProbe, `${path}.startupProbe`, graceSeconds),
    ...validateSingleSuccess(container.startupProbe, `${path}.startupProbe`),
  ];
}
