import { Buffer } from "node:buffer";
import { isConfigMapKey, isJsonObject, jsonEquals } from "../../../formats/index.ts";
import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import { forbidden, IMMUTABLE, invalid, invalidEach, required, tooLong } from "../field-error.ts";
import type { Secret } from "../generated/types.ts";
import type { FieldError, KindDefinition } from "../types.ts";
import { FROZEN, MAX_DATA_BYTES } from "./config-map.ts";
import { keyPairWarning } from "./secret/key-pair-warning.ts";

const SERVICE_ACCOUNT_ANNOTATION = "kubernetes.io/service-account.name";

export const secrets: KindDefinition<Secret> = {
  group: "",
  version: "v1",
  kind: "Secret",
  resource: "secrets",
  singular: "secret",
  namespaced: true,
  model: "io.k8s.api.core.v1.Secret",
  hasStatus: false,
  allowUnconditionalUpdate: true,
  defaults,
  validate,
  validateUpdate,
  tellsChangesFirst: true,
  warnings: keyPairWarning,
  selectableFields: (secret) => ({ type: secret.type ?? "" }),
  columns: [
    nameColumn,
    textColumn("Type", (secret: Secret) => secret.type ?? ""),
    textColumn("Data", (secret: Secret) => Object.keys(secret.data ?? {}).length),
    ageColumn,
  ],
};

/** `stringData` is a way to write data, never stored. */
function defaults(secret: Secret): void {
  secret.type ||= "Opaque";
  const { stringData } = secret;
  delete secret.stringData;
  if (stringData === undefined) return;
  const encoded = Object.entries(stringData).map(([key, value]) => [
    key,
    Buffer.from(value).toString("base64"),
  ]);
  secret.data = { ...secret.data, ...Object.fromEntries(encoded) };
}

function validate(secret: Secret): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(secret.data ?? {})) {
    errors.push(...invalidEach(`data[${key}]`, key, isConfigMapKey(key)));
    bytes += Buffer.byteLength(value, "base64");
  }
  if (bytes > MAX_DATA_BYTES) errors.push(tooLong("data", MAX_DATA_BYTES));
  return [...errors, ...validateType(secret)];
}

const has = (secret: Secret, key: string): boolean => Object.hasOwn(secret.data ?? {}, key);
const demand = (secret: Secret, ...keys: string[]): FieldError[] =>
  keys.filter((key) => !has(secret, key)).map((key) => required(`data[${key}]`));

/** What a type promises about the keys. */
function validateType(secret: Secret): FieldError[] {
  switch (secret.type) {
    case "kubernetes.io/service-account-token":
      if (secret.metadata.annotations?.[SERVICE_ACCOUNT_ANNOTATION]) return [];
      return [required(`metadata.annotations[${SERVICE_ACCOUNT_ANNOTATION}]`)];
    case "kubernetes.io/dockercfg":
      return validateJson(secret, ".dockercfg");
    case "kubernetes.io/dockerconfigjson":
      return validateJson(secret, ".dockerconfigjson");
    case "kubernetes.io/basic-auth":
      if (has(secret, "username") || has(secret, "password")) return [];
      return [required("data[username]"), required("data[password]")];
    case "kubernetes.io/ssh-auth":
      return secret.data?.["ssh-privatekey"] ? [] : [required("data[ssh-privatekey]")];
    case "kubernetes.io/tls":
      return demand(secret, "tls.crt", "tls.key");
    default:
      return [];
  }
}

function validateJson(secret: Secret, key: string): FieldError[] {
  if (!has(secret, key)) return demand(secret, key);
  try {
    const value: unknown = JSON.parse(Buffer.from(secret.data![key]!, "base64").toString());
    if (isJsonObject(value)) return [];
    return [
      invalid(
        `data[${key}]`,
        "<secret contents redacted>",
        "json: cannot unmarshal into Go value of type map[string]interface {}",
      ),
    ];
  } catch (error) {
    return [invalid(`data[${key}]`, "<secret contents redacted>", (error as Error).message)];
  }
}

function validateUpdate(next: Secret, previous: Secret): FieldError[] {
  const errors: FieldError[] = [];
  if (next.type !== previous.type) errors.push(invalid("type", next.type, IMMUTABLE));
  if (!previous.immutable) return errors;
  if (!next.immutable) errors.push(forbidden("immutable", FROZEN));
  if (!jsonEquals(next.data ?? {}, previous.data ?? {})) errors.push(forbidden("data", FROZEN));
  return errors;
}
