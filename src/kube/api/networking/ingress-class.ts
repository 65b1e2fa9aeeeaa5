import { isDns1123Label } from "../../../formats/index.ts";
import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import {
  forbidden,
  IMMUTABLE,
  invalid,
  invalidEach,
  notSupported,
  required,
  tooLong,
} from "../field-error.ts";
import type { IngressClass, IngressClassParametersReference, IngressClassSpec } from "../generated/types.ts";
import { validateDomainPrefixedPath } from "../meta/domain-name.ts";
import type { FieldError, KindDefinition } from "../types.ts";
import { validateTypedReference } from "./typed-reference.ts";

const MAX_CONTROLLER_BYTES = 250;
const SCOPES = ["Cluster", "Namespace"];

export const ingressClasses: KindDefinition<IngressClass> = {
  group: "networking.k8s.io",
  version: "v1",
  kind: "IngressClass",
  resource: "ingressclasses",
  singular: "ingressclass",
  namespaced: false,
  model: "io.k8s.api.networking.v1.IngressClass",
  hasStatus: false,
  tracksGeneration: true,
  allowUnconditionalUpdate: true,
  defaults: ({ spec }) => {
    if (spec?.parameters !== undefined) spec.parameters.scope ??= "Cluster";
  },
  tellsChangesFirst: true,
  validate: ({ spec }) => validateSpec(spec),
  validateUpdate,
  columns: [
    nameColumn,
    textColumn("Controller", ({ spec }: IngressClass) => spec.controller ?? ""),
    textColumn("Parameters", ({ spec }: IngressClass) => parametersText(spec)),
    ageColumn,
  ],
};

function validateSpec({ controller = "", parameters }: IngressClassSpec): FieldError[] {
  return [
    ...(Buffer.byteLength(controller) > MAX_CONTROLLER_BYTES
      ? [tooLong("spec.controller", MAX_CONTROLLER_BYTES)]
      : []),
    ...validateDomainPrefixedPath(controller, "spec.controller"),
    ...(parameters === undefined ? [] : validateParameters(parameters, "spec.parameters")),
  ];
}

function validateParameters(parameters: IngressClassParametersReference, path: string): FieldError[] {
  return [...validateTypedReference(parameters, path), ...validateScope(parameters, path)];
}

function validateScope({ scope, namespace }: IngressClassParametersReference, path: string): FieldError[] {
  if (scope === undefined) return [required(`${path}.scope`)];
  if (!SCOPES.includes(scope)) return [notSupported(`${path}.scope`, scope, SCOPES)];
  const at = `${path}.namespace`;
  if (scope === "Cluster")
    return namespace === undefined ? [] : [forbidden(at, "`parameters.scope` is set to 'Cluster'")];
  if (namespace === undefined) return [required(at, "`parameters.scope` is set to 'Namespace'")];
  return invalidEach(at, namespace, isDns1123Label(namespace));
}

function validateUpdate({ spec: next }: IngressClass, { spec: previous }: IngressClass): FieldError[] {
  const { controller = "" } = next;
  return controller === (previous.controller ?? "")
    ? []
    : [invalid("spec.controller", controller, IMMUTABLE)];
}

function parametersText({ parameters }: IngressClassSpec): string {
  if (parameters === undefined) return "<none>";
  const { apiGroup, kind, name } = parameters;
  return `${kind}${apiGroup === undefined ? "" : `.${apiGroup}`}/${name}`;
}
