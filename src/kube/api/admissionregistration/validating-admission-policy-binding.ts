import { isDns1123Subdomain, isPathSegment } from "../../../formats/index.ts";
import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import {
  duplicate,
  forbidden,
  GoLiteral,
  goStringList,
  invalid,
  invalidEach,
  notSupported,
  required,
} from "../field-error.ts";
import type {
  LabelSelector,
  ParamRef,
  ValidatingAdmissionPolicyBinding,
  ValidatingAdmissionPolicyBindingSpec,
} from "../generated/types.ts";
import { validateLabelSelector } from "../meta/label-selector.ts";
import type { FieldError, KindDefinition } from "../types.ts";
import { setMatchResourcesDefaults, validateMatchResources } from "./match-resources.ts";

type Binding = ValidatingAdmissionPolicyBinding;

export const validatingAdmissionPolicyBindings: KindDefinition<Binding> = {
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "ValidatingAdmissionPolicyBinding",
  resource: "validatingadmissionpolicybindings",
  singular: "validatingadmissionpolicybinding",
  categories: ["api-extensions"],
  namespaced: false,
  model: "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding",
  hasStatus: false,
  tracksGeneration: true,
  takesAnyFinalizer: true,
  tellsMetadataChangesOnce: true,
  defaults: (binding) => {
    binding.spec ??= {} as ValidatingAdmissionPolicyBindingSpec;
    if (binding.spec.matchResources) setMatchResourcesDefaults(binding.spec.matchResources);
  },
  validate,
  columns: [
    nameColumn,
    textColumn("PolicyName", ({ spec }: Binding) => spec.policyName ?? ""),
    textColumn("ParamRef", ({ spec }: Binding) => paramText(spec.paramRef)),
    ageColumn,
  ],
};

function validate({ spec }: Binding): FieldError[] {
  const { policyName = "", paramRef, matchResources, validationActions = [] } = spec;
  return [
    ...(policyName === ""
      ? [required("spec.policyName")]
      : invalidEach("spec.policyName", policyName, isDns1123Subdomain(policyName))),
    ...(paramRef === undefined ? [] : validateParamRef(paramRef, "spec.paramRef")),
    ...(matchResources === undefined ? [] : validateMatchResources(matchResources, "spec.matchResources")),
    ...validateActions(validationActions, "spec.validationActions"),
  ];
}

const NOT_FOUND_ACTIONS = ["Deny", "Allow"];

function validateParamRef(ref: ParamRef, path: string): FieldError[] {
  const { name = "", selector, parameterNotFoundAction: action } = ref;
  const hasBoth = name !== "" && selector !== undefined;
  const exclusive = (field: string) =>
    hasBoth ? [forbidden(`${path}.${field}`, "name and selector are mutually exclusive")] : [];
  return [
    ...(name === "" ? [] : invalidEach(`${path}.name`, name, isPathSegment(name))),
    ...exclusive("name"),
    ...validateLabelSelector(selector, `${path}.selector`),
    ...exclusive("selector"),
    ...(name === "" && selector === undefined
      ? [required(path, "one of name or selector must be specified")]
      : []),
    ...validateNotFoundAction(action, `${path}.parameterNotFoundAction`),
  ];
}

function validateNotFoundAction(action: string | undefined, path: string): FieldError[] {
  if (!action) return [required(path)];
  return NOT_FOUND_ACTIONS.includes(action) ? [] : [notSupported(path, action, NOT_FOUND_ACTIONS)];
}

const ACTIONS = ["Audit", "Deny", "Warn"];

function validateActions(actions: readonly string[], path: string): FieldError[] {
  if (actions.length === 0) return [required(path, "at least one validation action is required")];
  const errors = actions.flatMap((action, index) => [
    ...(ACTIONS.includes(action) ? [] : [notSupported(`${path}[${index}]`, action, ACTIONS)]),
    ...(actions.indexOf(action) < index ? [duplicate(`${path}[${index}]`, action)] : []),
  ]);
  if (actions.includes("Deny") && actions.includes("Warn")) {
    const why =
      "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)";
    errors.push(invalid(path, goActions(actions), why));
  }
  return errors;
}

const goActions = (actions: readonly string[]) =>
  new GoLiteral(goStringList(actions, "admissionregistration.ValidationAction"));

/** Whether a parameter lies in a namespace cannot be told from here. */
function paramText(ref: ParamRef | undefined): string {
  if (ref?.name) return `${ref.namespace || "*"}/${ref.name}`;
  return ref?.selector === undefined ? "<unset>" : goSelectorText(ref.selector);
}

/** A selector as its generated `String` method prints it. */
function goSelectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const labels = Object.keys(matchLabels)
    .sort()
    .map((key) => `${key}: ${matchLabels[key]},`);
  const expressions = matchExpressions.map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(" ")}],},`,
  );
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join("")}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join("")}},}`;
}
