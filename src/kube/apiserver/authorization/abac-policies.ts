import { errorMessage, invalidArgument } from "../../../base/index.ts";
import { ALL_AUTHENTICATED } from "../authentication/users.ts";

/** What somebody may do. Empty fields match nothing, `*` matches all; subresources and verbs do not count. */
export interface AbacPolicy {
  user: string;
  group: string;
  isReadOnly: boolean;
  apiGroup: string;
  resource: string;
  namespace: string;
  /** A last `*` stands for what follows. */
  nonResourcePath: string;
}

const API_VERSION = "abac.authorization.kubernetes.io/v1beta1";

/**
 * The policies of `--authorization-policy-file`, one JSON object a line; empty lines and those that begin with # are none
 * (pkg/auth/authorizer/abac NewFromFile). Throws InvalidArgument.
 */
export function readAbacPolicies(path: string, text: string): AbacPolicy[] {
  return text.split("\n").flatMap((line, index) => {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) return [];
    try {
      return [policyOf(JSON.parse(trimmed))];
    } catch (error) {
      throw invalidArgument(
        `error reading policy file ${path}, line ${index + 1}: ${line}: ${errorMessage(error)}`,
        { cause: error },
      );
    }
  });
}

function policyOf(value: unknown): AbacPolicy {
  const object = fieldsOf(value);
  const isVersioned = object.apiVersion === API_VERSION && object.kind === "Policy";
  return withSubject(isVersioned ? versioned(fieldsOf(object.spec ?? {})) : unversioned(object));
}

function versioned(spec: Record<string, unknown>): AbacPolicy {
  return {
    user: text(spec, "user"),
    group: text(spec, "group"),
    isReadOnly: flag(spec, "readonly"),
    apiGroup: text(spec, "apiGroup"),
    resource: text(spec, "resource"),
    namespace: text(spec, "namespace"),
    nonResourcePath: text(spec, "nonResourcePath"),
  };
}

/** As policies were before they had versions: what is absent is everything. */
function unversioned(object: Record<string, unknown>): AbacPolicy {
  const read = versioned(object);
  const isUnbound = read.namespace === "" && read.resource === "";
  return {
    ...read,
    group: read.user === "" && read.group === "" ? ALL_AUTHENTICATED : read.group,
    apiGroup: "*",
    resource: read.resource || "*",
    namespace: read.namespace || "*",
    nonResourcePath: isUnbound ? "*" : "",
  };
}

/** Everybody is everybody who has said who they are. */
function withSubject(policy: AbacPolicy): AbacPolicy {
  const isForAll = policy.user === "*" || policy.group === "*";
  return isForAll ? { ...policy, user: "", group: ALL_AUTHENTICATED } : policy;
}

function fieldsOf(value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new Error("it is no object");
}

function text(fields: Record<string, unknown>, name: string): string {
  const value = fields[name] ?? "";
  if (typeof value === "string") return value;
  throw new Error(`${name} is no string`);
}

function flag(fields: Record<string, unknown>, name: string): boolean {
  const value = fields[name] ?? false;
  if (typeof value === "boolean") return value;
  throw new Error(`${name} is no boolean`);
}
