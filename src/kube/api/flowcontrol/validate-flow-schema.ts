import { isDns1123Label, isDns1123Subdomain, jsonEquals } from "../../../formats/index.ts";
import { forbidden, invalid, invalidEach, notSupported, required } from "../field-error.ts";
import type {
  FlowcontrolV1Subject,
  FlowSchema,
  FlowSchemaSpec,
  PolicyRulesWithSubjects,
  ServiceAccountSubject,
} from "../generated/types.ts";
import { goStruct } from "../go-value.ts";
import type { FieldError } from "../types.ts";
import { mandatoryFlowSchema } from "./bootstrap-objects.ts";
import { goFlowSchemaSpec } from "./go-flow-control.ts";
import { validateNonResourceRule, validateResourceRule } from "./validate-policy-rule.ts";

const MAX_PRECEDENCE = 10_000;
const DISTINGUISHER_METHODS = ["ByNamespace", "ByUser"];

export function validateFlowSchema({ metadata, spec }: FlowSchema): FieldError[] {
  const { distinguisherMethod: method, priorityLevelConfiguration: level, rules = [] } = spec;
  const errors = validatePrecedence(metadata.name, spec.matchingPrecedence ?? 0);
  if (method !== undefined && !DISTINGUISHER_METHODS.includes(method.type)) {
    const shown = goStruct("flowcontrol.FlowDistinguisherMethod", { Type: method.type });
    errors.push(notSupported("spec.distinguisherMethod.type", shown, DISTINGUISHER_METHODS));
  }
  errors.push(...validateLevelName(level.name));
  errors.push(...rules.flatMap((rule, index) => validateRules(rule, `spec.rules[${index}]`)));
  return [...errors, ...validateMandatory(metadata.name, spec)];
}

function validatePrecedence(name: string, precedence: number): FieldError[] {
  const path = "spec.matchingPrecedence";
  if (precedence <= 0) return [invalid(path, precedence, "must be a positive value")];
  if (precedence > MAX_PRECEDENCE)
    return [invalid(path, precedence, `must not be greater than ${MAX_PRECEDENCE}`)];
  if (precedence > 1 || name === "exempt") return [];
  return [invalid(path, precedence, "only the schema named 'exempt' may have matchingPrecedence 1")];
}

function validateLevelName(name: string): FieldError[] {
  const path = "spec.priorityLevelConfiguration.name";
  if (name === "") return [required(path, "must reference a priority level")];
  return invalidEach(path, name, isDns1123Subdomain(name));
}

/** What the server itself cannot do without is as it is. */
function validateMandatory(name: string, spec: FlowSchemaSpec): FieldError[] {
  const wanted = mandatoryFlowSchema(name);
  if (wanted === undefined || jsonEquals(spec, wanted.spec)) return [];
  return [invalid("spec", goFlowSchemaSpec(spec), `spec of '${name}' must equal the fixed value`)];
}

function validateRules(rule: PolicyRulesWithSubjects, path: string): FieldError[] {
  const { resourceRules = [], nonResourceRules = [] } = rule;
  const subjects = rule.subjects ?? [];
  const errors = subjects.flatMap((one, index) => validateSubject(one, `${path}.subjects[${index}]`));
  if (subjects.length === 0)
    errors.push(required(`${path}.subjects`, "subjects must contain at least one value"));
  if (resourceRules.length + nonResourceRules.length === 0) {
    const why = "at least one of resourceRules and nonResourceRules has to be non-empty";
    errors.push(required(path, why));
  }
  return [
    ...errors,
    ...resourceRules.flatMap((one, index) => validateResourceRule(one, `${path}.resourceRules[${index}]`)),
    ...nonResourceRules.flatMap((one, index) =>
      validateNonResourceRule(one, `${path}.nonResourceRules[${index}]`),
    ),
  ];
}

const SUBJECT_FIELDS = { ServiceAccount: "serviceAccount", User: "user", Group: "group" } as const;
type SubjectKind = keyof typeof SUBJECT_FIELDS;
/** In the order in which the fields that do not belong to a kind are told. */
const OTHERS: Record<SubjectKind, readonly SubjectKind[]> = {
  ServiceAccount: ["User", "Group"],
  User: ["ServiceAccount", "Group"],
  Group: ["ServiceAccount", "User"],
};

function validateSubject(subject: FlowcontrolV1Subject, path: string): FieldError[] {
  const kind = subject.kind as SubjectKind;
  const field = SUBJECT_FIELDS[kind];
  if (field === undefined) return [notSupported(`${path}.kind`, kind, ["Group", "ServiceAccount", "User"])];
  const superfluous = OTHERS[kind].filter((other) => subject[SUBJECT_FIELDS[other]] !== undefined);
  return [
    ...validateSubjectField(subject, field, kind, `${path}.${field}`),
    ...superfluous.map((other) => {
      const name = SUBJECT_FIELDS[other];
      return forbidden(`${path}.${name}`, `${name} is forbidden when subject kind is not '${other}'`);
    }),
  ];
}

function validateSubjectField(
  subject: FlowcontrolV1Subject,
  field: (typeof SUBJECT_FIELDS)[SubjectKind],
  kind: SubjectKind,
  path: string,
): FieldError[] {
  const value = subject[field];
  if (value === undefined) return [required(path, `${field} is required when subject kind is '${kind}'`)];
  if (kind === "ServiceAccount") return validateAccount(value as ServiceAccountSubject, path);
  return value.name === "" ? [required(`${path}.name`)] : [];
}

function validateAccount({ name, namespace }: ServiceAccountSubject, path: string): FieldError[] {
  const ofName = name === "*" ? [] : invalidEach(`${path}.name`, name, isDns1123Subdomain(name));
  return [
    ...(name === "" ? [required(`${path}.name`)] : ofName),
    ...(namespace === ""
      ? [required(`${path}.namespace`, "must specify namespace for service account")]
      : invalidEach(`${path}.namespace`, namespace, isDns1123Label(namespace))),
  ];
}
