import { GantryError } from "../../../base/index.ts";
import type {
  ConfigMapKeySelector,
  Container,
  EnvFromSource,
  EnvVar,
  Pod,
  Service,
} from "../../api/index.ts";
import type { ObjectReader } from "../objects/referenced-objects.ts";
import { expand } from "./expansion.ts";
import { type FieldContext, fieldValue, resourceFieldValue } from "./field-value.ts";
import { serviceEnv } from "./service-env.ts";

export interface EnvironmentInput {
  pod: Pod;
  container: Container;
  /** Services of the pod's namespace, and `kubernetes` of `default`. */
  services: Iterable<Service>;
  objects: ObjectReader;
  fields: FieldContext;
}

/**
 * A container's environment: envFrom, then env with `$(NAME)` expanded, then the services' variables where the name is
 * free. Throws with upstream's messages when something that is not optional is missing.
 */
export async function containerEnvironment(input: EnvironmentInput): Promise<Map<string, string>> {
  const { container } = input;
  const services = serviceEnv(input.services);
  const env = new Map<string, string>();
  for (const source of container.envFrom ?? []) await addAllFrom(env, source, input);
  for (const variable of container.env ?? []) {
    const value = await variableValue(variable, env, services, input);
    if (value !== undefined) env.set(variable.name, value);
  }
  for (const [name, value] of services) if (!env.has(name)) env.set(name, value);
  return env;
}

async function addAllFrom(
  env: Map<string, string>,
  source: EnvFromSource,
  input: EnvironmentInput,
): Promise<void> {
  const prefix = source.prefix ?? "";
  const { configMapRef, secretRef } = source;
  const namespace = input.pod.metadata.namespace!;
  if (configMapRef) {
    const object = await input.objects.get("configmap", namespace, configMapRef.name ?? "");
    if (!object && !configMapRef.optional) throw missing("configmap", configMapRef.name);
    for (const [key, value] of Object.entries(object?.data ?? {})) env.set(prefix + key, String(value));
  }
  if (secretRef) {
    const object = await input.objects.get("secret", namespace, secretRef.name ?? "");
    if (!object && !secretRef.optional) throw missing("secret", secretRef.name);
    for (const [key, value] of Object.entries(object?.data ?? {})) env.set(prefix + key, decode(value));
  }
}

async function variableValue(
  variable: EnvVar,
  env: Map<string, string>,
  services: Map<string, string>,
  input: EnvironmentInput,
): Promise<string | undefined> {
  const source = variable.valueFrom;
  if (variable.value || !source)
    return expand(variable.value ?? "", (name) => env.get(name) ?? services.get(name));
  const { pod, container, fields } = input;
  if (source.fieldRef) return fieldValue(pod, source.fieldRef, fields);
  if (source.resourceFieldRef) return resourceFieldValue(pod, source.resourceFieldRef, container, fields);
  if (source.configMapKeyRef) return keyOf("configmap", source.configMapKeyRef, input);
  if (source.secretKeyRef) return keyOf("secret", source.secretKeyRef, input);
  return "";
}

async function keyOf(
  kind: "configmap" | "secret",
  ref: ConfigMapKeySelector,
  { pod, objects }: EnvironmentInput,
): Promise<string | undefined> {
  const namespace = pod.metadata.namespace!;
  const object = await objects.get(kind, namespace, ref.name ?? "");
  const value = object?.data?.[ref.key];
  if (value !== undefined) return kind === "secret" ? decode(value) : String(value);
  if (ref.optional) return undefined;
  if (!object) throw missing(kind, ref.name);
  const label = kind === "secret" ? "Secret" : "ConfigMap";
  throw configError(`couldn't find key ${ref.key} in ${label} ${namespace}/${ref.name}`);
}

/** Variables are text; bytes that are none are replaced, as the kernel would not mind but JSON would. */
function decode(base64: unknown): string {
  return Buffer.from(String(base64), "base64").toString("utf8");
}

function missing(kind: string, name: string | undefined): GantryError {
  return configError(`${kind} "${name ?? ""}" not found`);
}

/** The container cannot be configured yet: it waits with reason CreateContainerConfigError. */
export function configError(message: string): GantryError {
  return new GantryError("Conflict", message, { code: "Kubelet.CreateContainerConfigError" });
}
