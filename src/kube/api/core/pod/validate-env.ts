import {
  isConfigMapKey,
  isDns1123Subdomain,
  isEnvironmentName,
  isQualifiedName,
} from "../../../../formats/index.ts";
import { invalid, invalidEach, notSupported, required } from "../../field-error.ts";
import type {
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  ObjectFieldSelector,
  ResourceFieldSelector,
} from "../../generated/types.ts";
import type { FieldError } from "../../types.ts";

const ENV_FIELD_PATHS = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];
/** Fields that the downward API knows at all; the others cannot even be converted. */
const KNOWN_FIELD_PATHS = new Set([
  ...ENV_FIELD_PATHS,
  "metadata.annotations",
  "metadata.labels",
  "spec.restartPolicy",
  "spec.schedulerName",
  "status.phase",
  "status.nominatedNodeName",
]);
const MORE_THAN_ONE = "may not have more than one field specified at a time";

export function validateEnv(list: readonly EnvVar[] | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  list?.forEach((env, index) => {
    const at = `${path}[${index}]`;
    if (!env.name) errors.push(required(`${at}.name`));
    else errors.push(...invalidEach(`${at}.name`, env.name, isEnvironmentName(env.name)));
    if (env.valueFrom !== undefined) errors.push(...validateValueFrom(env, env.valueFrom, `${at}.valueFrom`));
  });
  return errors;
}

function validateValueFrom(env: EnvVar, source: EnvVarSource, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const count = Object.keys(source).length;
  if (source.fieldRef) errors.push(...validateFieldRef(source.fieldRef, `${path}.fieldRef`, ENV_FIELD_PATHS));
  if (source.resourceFieldRef) {
    errors.push(...validateResourceFieldRef(source.resourceFieldRef, `${path}.resourceFieldRef`, false));
  }
  if (source.configMapKeyRef)
    errors.push(...validateKeyRef(source.configMapKeyRef, `${path}.configMapKeyRef`));
  if (source.secretKeyRef) errors.push(...validateKeyRef(source.secretKeyRef, `${path}.secretKeyRef`));
  if (count === 0) {
    const why = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`";
    errors.push(invalid(path, "", why));
  } else if (env.value) errors.push(invalid(path, "", "may not be specified when `value` is not empty"));
  else if (count > 1) errors.push(invalid(path, "", MORE_THAN_ONE));
  return errors;
}

function validateKeyRef(ref: { name?: string; key: string }, path: string): FieldError[] {
  const errors = ref.name
    ? invalidEach(`${path}.name`, ref.name, isDns1123Subdomain(ref.name))
    : [required(`${path}.name`)];
  if (!ref.key) errors.push(required(`${path}.key`));
  else errors.push(...invalidEach(`${path}.key`, ref.key, isConfigMapKey(ref.key)));
  return errors;
}

/** A field of the pod itself; `metadata.labels['x']` takes one label or annotation. */
export function validateFieldRef(
  ref: ObjectFieldSelector,
  path: string,
  allowed: readonly string[],
): FieldError[] {
  if (!ref.apiVersion) return [required(`${path}.apiVersion`)];
  if (!ref.fieldPath) return [required(`${path}.fieldPath`)];
  const subscript = /^(metadata\.(?:labels|annotations))\['([^']*)'\]$/.exec(ref.fieldPath);
  if (subscript !== null) return validateSubscript(subscript[2]!, ref.fieldPath, `${path}.fieldPath`);
  if (!KNOWN_FIELD_PATHS.has(ref.fieldPath)) {
    const why = `error converting fieldPath: field label not supported: ${ref.fieldPath}`;
    return [invalid(`${path}.fieldPath`, ref.fieldPath, why)];
  }
  return allowed.includes(ref.fieldPath) ? [] : [notSupported(`${path}.fieldPath`, ref.fieldPath, allowed)];
}

function validateSubscript(key: string, whole: string, path: string): FieldError[] {
  const isAnnotation = whole.startsWith("metadata.annotations");
  return invalidEach(path, key, isQualifiedName(isAnnotation ? key.toLowerCase() : key));
}

const RESOURCE_FIELDS = [
  "limits.cpu",
  "limits.ephemeral-storage",
  "limits.memory",
  "requests.cpu",
  "requests.ephemeral-storage",
  "requests.memory",
];

export function validateResourceFieldRef(
  ref: ResourceFieldSelector,
  path: string,
  isVolume: boolean,
): FieldError[] {
  if (isVolume && !ref.containerName) return [required(`${path}.containerName`)];
  if (!ref.resource) return [required(`${path}.resource`)];
  const isHugePages = /^(limits|requests)\.hugepages-/.test(ref.resource);
  if (!RESOURCE_FIELDS.includes(ref.resource) && !isHugePages) {
    return [notSupported(`${path}.resource`, ref.resource, RESOURCE_FIELDS)];
  }
  return validateDivisor(ref, path);
}

const CPU_DIVISORS = ["1m", "1", "0"];
const BYTE_DIVISORS = [
  "0",
  "1",
  "1k",
  "1M",
  "1G",
  "1T",
  "1P",
  "1E",
  "1Ki",
  "1Mi",
  "1Gi",
  "1Ti",
  "1Pi",
  "1Ei",
];

function validateDivisor(ref: ResourceFieldSelector, path: string): FieldError[] {
  const divisor = ref.divisor ?? "0";
  if (ref.resource.endsWith(".cpu")) {
    return CPU_DIVISORS.includes(divisor)
      ? []
      : [
          invalid(
            `${path}.divisor`,
            ref.resource,
            "only divisor's values 1m and 1 are supported with the cpu resource",
          ),
        ];
  }
  if (BYTE_DIVISORS.includes(divisor)) return [];
  const what = ref.resource.endsWith(".memory") ? "memory" : "local ephemeral storage";
  const why = `only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the ${what} resource`;
  return [invalid(`${path}.divisor`, ref.resource, why)];
}

export function validateEnvFrom(list: readonly EnvFromSource[] | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  list?.forEach((source, index) => {
    const at = `${path}[${index}]`;
    if (source.prefix)
      errors.push(...invalidEach(`${at}.prefix`, source.prefix, isEnvironmentName(source.prefix)));
    const refs = (["configMapRef", "secretRef"] as const).filter((kind) => source[kind] !== undefined);
    for (const kind of refs) errors.push(...validateEnvReference(source[kind]!.name, `${at}.${kind}.name`));
    if (refs.length === 0)
      errors.push(invalid(path, "", "must specify one of: `configMapRef` or `secretRef`"));
    if (refs.length > 1) errors.push(invalid(path, "", MORE_THAN_ONE));
  });
  return errors;
}

function validateEnvReference(name: string | undefined, path: string): FieldError[] {
  return name ? invalidEach(path, name, isDns1123Subdomain(name)) : [required(path)];
}
