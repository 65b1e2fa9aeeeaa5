import { isDns1123Label, isPortName, isPortNumber } from "../../../../formats/index.ts";
import {
  duplicate,
  forbidden,
  invalid,
  invalidEach,
  notFoundValue,
  notSupported,
  oneOf,
  optionalOneOf,
  printed,
  required,
} from "../../field-error.ts";
import type {
  Container,
  ContainerPort,
  ContainerResizePolicy,
  EphemeralContainer,
  PodSpec,
  Volume,
} from "../../generated/types.ts";
import type { FieldError } from "../../types.ts";
import { validateEnv, validateEnvFrom } from "./validate-env.ts";
import { validateMounts } from "./validate-mounts.ts";
import {
  validateHandler,
  validateProbe,
  validateReadinessProbe,
  validateSingleSuccess,
} from "./validate-probes.ts";
import { validateResources } from "./validate-resources.ts";
import { validateSecurityContext } from "./validate-security.ts";

/** What the containers are checked against. */
interface Surroundings {
  spec: PodSpec;
  path: string;
  volumes: ReadonlyMap<string, Volume>;
  claims: readonly string[];
}

/** All containers of a pod; their names are unique across the three lists. */
export function validateContainerLists(
  spec: PodSpec,
  path: string,
  volumes: ReadonlyMap<string, Volume>,
): FieldError[] {
  const claims = (spec.resourceClaims ?? []).map((claim) => claim.name).filter(Boolean);
  const around: Surroundings = { spec, path, volumes, claims };
  return [
    ...validateContainers(around),
    ...validateInitContainers(around),
    ...validateEphemeralContainers(around),
  ];
}

const namesOf = (list: readonly { name: string }[] | undefined) => (list ?? []).map((one) => one.name);

function validateContainers(around: Surroundings): FieldError[] {
  const { spec } = around;
  const path = `${around.path}.containers`;
  if (!spec.containers?.length) return [required(path)];
  const errors: FieldError[] = [];
  const names = new Set<string>();
  spec.containers.forEach((container, index) => {
    const at = `${path}[${index}]`;
    errors.push(...validateCommon(container, at, around));
    errors.push(...takeName(container.name, names, at));
    errors.push(...validateLifecycle(container, `${at}.lifecycle`, spec.terminationGracePeriodSeconds));
    errors.push(...validateProbes(container, at, spec.terminationGracePeriodSeconds));
    if (container.restartPolicy !== undefined)
      errors.push(forbidden(`${at}.restartPolicy`, "may not be set for non-init containers"));
  });
  return [...errors, ...hostPortConflicts(spec.containers, path)];
}

function takeName(name: string, names: Set<string>, at: string): FieldError[] {
  if (names.has(name)) return [duplicate(`${at}.name`, name)];
  names.add(name);
  return [];
}

const PROBES = ["livenessProbe", "readinessProbe", "startupProbe"] as const;

function validateInitContainers(around: Surroundings): FieldError[] {
  const { spec } = around;
  const path = `${around.path}.initContainers`;
  const errors: FieldError[] = [];
  const names = new Set(namesOf(spec.containers));
  spec.initContainers?.forEach((container, index) => {
    const at = `${path}[${index}]`;
    errors.push(...validateCommon(container, at, around));
    errors.push(...optionalOneOf(`${at}.restartPolicy`, container.restartPolicy, ["Always"]));
    errors.push(...takeName(container.name, names, at));
    // One runs after the other: each has the ports for itself.
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
  "ports",
  "resources",
  "resizePolicy",
  "restartPolicy",
  "livenessProbe",
  "readinessProbe",
  "startupProbe",
  "lifecycle",
] as const;

function validateEphemeralContainers(around: Surroundings): FieldError[] {
  const { spec } = around;
  const errors: FieldError[] = [];
  const targets = [...namesOf(spec.containers), ...namesOf(spec.initContainers)];
  const names = new Set(targets);
  spec.ephemeralContainers?.forEach((container, index) => {
    const at = `${around.path}.ephemeralContainers[${index}]`;
    errors.push(...validateCommon(container, at, around));
    errors.push(...validateImageText(container, at));
    errors.push(...takeName(container.name, names, at));
    const target = container.targetContainerName;
    if (target && !targets.includes(target)) errors.push(notFoundValue(`${at}.targetContainerName`, target));
    errors.push(...validateEphemeralFields(container, at));
  });
  return errors;
}

function validateEphemeralFields(container: EphemeralContainer, at: string): FieldError[] {
  const why = "cannot be set for an Ephemeral Container";
  const given = EPHEMERAL_FORBIDDEN.filter((field) => isGiven(container[field]));
  const errors = given.map((field) => forbidden(`${at}.${field}`, why));
  container.volumeMounts?.forEach((mount, index) => {
    for (const field of ["subPath", "subPathExpr"] as const)
      if (mount[field]) errors.push(forbidden(`${at}.volumeMounts[${index}].${field}`, why));
  });
  return errors;
}

/** An empty list is one, too. */
const isGiven = (value: object | string | undefined) =>
  typeof value === "string" || Array.isArray(value) || Object.keys(value ?? {}).length > 0;

function validateCommon(
  container: Container | EphemeralContainer,
  path: string,
  { spec, volumes, claims }: Surroundings,
): FieldError[] {
  const { name } = container;
  return [
    ...(name ? invalidEach(`${path}.name`, name, isDns1123Label(name)) : [required(`${path}.name`)]),
    ...(container.image ? [] : [required(`${path}.image`)]),
    ...oneOf(`${path}.terminationMessagePolicy`, container.terminationMessagePolicy, [
      "File",
      "FallbackToLogsOnError",
    ]),
    ...validatePorts(container.ports, `${path}.ports`),
    ...validateEnv(container.env, `${path}.env`),
    ...validateEnvFrom(container.envFrom, `${path}.envFrom`),
    ...validateMounts(container, path, volumes),
    ...oneOf(`${path}.imagePullPolicy`, container.imagePullPolicy, ["Always", "IfNotPresent", "Never"]),
    ...validateResources(container.resources, `${path}.resources`, claims),
    ...validateResizePolicy(container.resizePolicy, `${path}.resizePolicy`, spec.restartPolicy),
    ...validateSecurityContext(
      container.securityContext,
      `${path}.securityContext`,
      spec.hostUsers !== false,
    ),
  ];
}

/** Only in pods: templates kept texts with spaces for compatibility. */
export function validateImageText(
  { image = "" }: Container | EphemeralContainer,
  path: string,
): FieldError[] {
  if (image === image.trim()) return [];
  return [invalid(`${path}.image`, image, "must not have leading or trailing whitespace")];
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
      if (problems.length === 0) names.add(port.name);
    }
    const { containerPort, hostPort } = port;
    if (!containerPort) errors.push(required(`${at}.containerPort`));
    else errors.push(...invalidEach(`${at}.containerPort`, containerPort, isPortNumber(containerPort)));
    if (hostPort) errors.push(...invalidEach(`${at}.hostPort`, hostPort, isPortNumber(hostPort)));
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

const RESIZABLE = ["cpu", "memory"];
const RESIZE_POLICIES = ["NotRequired", "RestartContainer"];

function validateResizePolicy(
  policies: readonly ContainerResizePolicy[] | undefined,
  path: string,
  restartPolicy: string | undefined,
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  policies?.forEach(({ resourceName, restartPolicy: policy }, index) => {
    if (seen.has(resourceName)) errors.push(duplicate(`${path}[${index}]`, printed(resourceName)));
    seen.add(resourceName);
    if (resourceName === "") errors.push(required(path));
    else if (!RESIZABLE.includes(resourceName))
      errors.push(notSupported(path, printed(resourceName), RESIZABLE));
    errors.push(...oneOf(path, policy, RESIZE_POLICIES));
    if (restartPolicy === "Never" && policy !== "NotRequired")
      errors.push(invalid(path, policy, "must be 'NotRequired' when `restartPolicy` is 'Never'"));
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
