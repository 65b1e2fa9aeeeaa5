import { isPathSegment } from "../../../formats/index.ts";
import {
  duplicate,
  GoLiteral,
  goStringList,
  invalid,
  invalidEach,
  notSupported,
  required,
} from "../field-error.ts";
import type { NamedRuleWithOperations, RuleWithOperations } from "../generated/types.ts";
import type { FieldError } from "../types.ts";

const ALL = "*";
const OPERATIONS = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
const SCOPES = ["*", "Cluster", "Namespaced"];

/** Which requests are meant, by operation and resource. */
export function validateRule(rule: RuleWithOperations, path: string): FieldError[] {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [], scope } = rule;
  return [
    ...validateList(operations, `${path}.operations`, "operations", "admissionregistration.OperationType"),
    ...operations.flatMap((operation, index) =>
      OPERATIONS.includes(operation)
        ? []
        : [notSupported(`${path}.operations[${index}]`, operation, OPERATIONS)],
    ),
    ...validateList(apiGroups, `${path}.apiGroups`, "API groups"),
    ...validateList(apiVersions, `${path}.apiVersions`, "API versions"),
    ...apiVersions.flatMap((version, index) =>
      version === "" ? [required(`${path}.apiVersions[${index}]`)] : [],
    ),
    ...validateResources(resources, `${path}.resources`),
    ...(scope === undefined || SCOPES.includes(scope) ? [] : [notSupported(`${path}.scope`, scope, SCOPES)]),
  ];
}

function validateList(list: readonly string[], path: string, what: string, type = "string"): FieldError[] {
  if (list.length === 0) return [required(path)];
  if (list.length === 1 || !list.includes(ALL)) return [];
  const shown = new GoLiteral(goStringList(list, type));
  return [invalid(path, shown, `if '*' is present, must not specify other ${what}`)];
}

/** `x`, `x/y`, and each part or the whole may be `*`. */
function validateResources(resources: readonly string[], path: string): FieldError[] {
  if (resources.length === 0) return [required(path)];
  const errors = validateEachResource(resources, path);
  if (resources.length > 1 && resources.includes("*/*"))
    errors.push(invalid(path, resources, "if '*/*' is present, must not specify other resources"));
  // Of those without a subresource upstream looks at the last one.
  const whole = resources.filter((one) => one !== "" && !one.includes("/"));
  if (whole.includes(ALL) && whole.at(-1) !== ALL) {
    const why = "if '*' is present, must not specify other resources without subresources";
    errors.push(invalid(path, resources, why));
  }
  return errors;
}

function validateEachResource(resources: readonly string[], path: string): FieldError[] {
  const withAnySubresource = new Set<string>();
  const ofAnyResource = new Set<string>();
  return resources.flatMap((text, index) => {
    const at = `${path}[${index}]`;
    if (text === "") return [required(at)];
    const slash = text.indexOf("/");
    if (slash < 0) return [];
    const [resource, subresource] = [text.slice(0, slash), text.slice(slash + 1)];
    const told = (wildcard: string) =>
      invalid(at, text, `if '${wildcard}' is present, must not specify ${text}`);
    const errors = [
      ...(withAnySubresource.has(resource) ? [told(`${resource}/*`)] : []),
      ...(ofAnyResource.has(subresource) ? [told(`*/${subresource}`)] : []),
    ];
    if (subresource === ALL) withAnySubresource.add(resource);
    if (resource === ALL) ofAnyResource.add(subresource);
    return errors;
  });
}

/** A policy's rule, which may name objects. */
export function validateNamedRule(rule: NamedRuleWithOperations, path: string): FieldError[] {
  const names = rule.resourceNames ?? [];
  const ofNames = names.flatMap((name, index) => {
    const at = `${path}.resourceNames[${index}]`;
    const isRepeated = names.indexOf(name) < index;
    return [...invalidEach(at, name, isPathSegment(name)), ...(isRepeated ? [duplicate(at, name)] : [])];
  });
  return [...ofNames, ...validateRule(rule, path)];
}
