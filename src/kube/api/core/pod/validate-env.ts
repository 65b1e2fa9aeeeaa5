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
]);
/** Old clients' name of the node. */
const OLD_FIELD_PATHS: Record<string, string> = { "spec.host": "spec.nodeName" };
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

function validateKeyRef({ name = "", key }: { name?: string; key: string }, path: string): FieldError[] {
  const errors = invalidEach(`${path}.name`, name, isDns1123Subdomain(name));
  if (!key) return [...errors, required(`${path}.key`)];
  return [...errors, ...invalidEach(`${path}.key`, key, isConfigMapKey(key))];
}

/** A field of the pod itself; `metadata.labels['x']` takes one label or annotation. */
export function validateFieldRef(
  { apiVersion, fieldPath }: ObjectFieldSelector,
  path: string,
  allowed: readonly string[],
): FieldError[] {
  if (!apiVersion) return [required(`${path}.apiVersion`)];
  if (!fieldPath) return [required(`${path}.fieldPath`)];
  const refuse = (why: string) => [
    invalid(`${path}.fieldPath`, fieldPath, `error converting fieldPath: ${why}`),
  ];
  if (apiVersion !== "v1") return refuse(`unsupported pod version: ${apiVersion}`);
  const [, base, key] = /^(.+?)\['(.*)'\]$/s.exec(fieldPath) ?? [];
  if (base !== undefined) {
    if (base !== "metadata.labels" && base !== "metadata.annotations")
      return refuse(`field label does not support subscript: ${fieldPath}`);
    const name = base === "metadata.annotations" ? key!.toLowerCase() : key!;
    return invalidEach(path, name, isQualifiedName(name));
  }
  const field = OLD_FIELD_PATHS[fieldPath] ?? fieldPath;
  if (!KNOWN_FIELD_PATHS.has(field)) return refuse(`field label not supported: ${fieldPath}`);
  return allowed.includes(field) ? [] : [notSupported(`${path}.fieldPath`, field, allowed)];
}

const RESOURCE_FIELDS = [
  "limits.cpu",
  "limits.ephemeral-storage",
  "limits.memory",
  "requests.cpu",
  "requests.ephemeral-storage",
  "requests.memory",
];

const HUGE_PAGES = /^(limits|requests)\.hugepages-/;

export function validateResourceFieldRef(
  ref: ResourceFieldSelector,
  path: string,
  isVolume: boolean,
): FieldError[] {
  return [...validateResourceField(ref, path, isVolume), ...validateDivisor(ref, path)];
}

function validateResourceField(
  { containerName, resource }: ResourceFieldSelector,
  path: string,
  isVolume: boolean,
): FieldError[] {
  if (isVolume && !containerName) return [required(`${path}.containerName`)];
  if (!resource) return [required(`${path}.resource`)];
  if (RESOURCE_FIELDS.includes(resource) || HUGE_PAGES.test(resource)) return [];
  return [notSupported(`${path}.resource`, resource, RESOURCE_FIELDS)];
}

const CPU_DIVISORS = ["1m", "1"];
const BYTE_DIVISORS = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

function validateDivisor({ resource, divisor = "0" }: ResourceFieldSelector, path: string): FieldError[] {
  if (divisor === "0") return [];
  const what = measuredBy(resource);
  const allowed = what === "cpu" ? CPU_DIVISORS : BYTE_DIVISORS;
  if (what === undefined || allowed.includes(divisor)) return [];
  const list = what === "cpu" ? "1m and 1" : BYTE_DIVISORS.join(", ");
  const why = `only divisor's values ${list} are supported with the ${what} resource`;
  return [invalid(`${path}.divisor`, resource, why)];
}

function measuredBy(resource: string): string | undefined {
  if (HUGE_PAGES.test(resource)) return "hugepages";
  if (!RESOURCE_FIELDS.includes(resource)) return undefined;
  if (resource.endsWith(".cpu")) return "cpu";
  return resource.endsWith(".memory") ? "memory" : "local ephemeral storage";
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
