import {
  type FieldError,
  goObjectMeta,
  type KubeObject,
  statusBadRequest,
  statusInvalid,
} from "../../api/index.ts";
import type { ResourceCall } from "../server-context.ts";
import { type ReviewSelectors, selectorErrors } from "./review-selectors.ts";

interface Attributes {
  resourceAttributes?: ReviewSelectors & { namespace?: string };
  nonResourceAttributes?: { path?: string; verb?: string };
}
type Subject = Attributes & { user?: string; groups?: string[] };

const GROUP = "authorization.k8s.io";

const invalid = (field: string, shown: string, why: string): FieldError => ({
  type: "FieldValueInvalid",
  field,
  message: `Invalid value: ${shown}: ${why}`,
});

const goAttributes = ({ path = "", verb = "" }: NonNullable<Attributes["nonResourceAttributes"]>) =>
  `authorization.NonResourceAttributes{Path:${JSON.stringify(path)}, Verb:${JSON.stringify(verb)}}`;

function refuse(kind: string, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw statusInvalid({ group: GROUP, kind }, "", errors);
}

function attributesErrors({ resourceAttributes, nonResourceAttributes }: Attributes): FieldError[] {
  if (resourceAttributes && nonResourceAttributes) {
    const why = "cannot be specified in combination with resourceAttributes";
    return [invalid("spec.nonResourceAttributes", goAttributes(nonResourceAttributes), why)];
  }
  if (resourceAttributes || nonResourceAttributes) return [];
  const why = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
  return [invalid("spec.resourceAttributes", '"null"', why)];
}

function subjectErrors(spec: Subject): FieldError[] {
  const errors = attributesErrors(spec);
  if (!spec.user && !spec.groups?.length) {
    errors.push(invalid("spec.user", '""', "at least one of user or group must be specified"));
  }
  return [...errors, ...selectorErrors(spec.resourceAttributes ?? {})];
}

/** They are never stored, and so have neither name nor anything else of one. */
function metadataErrors({ metadata }: KubeObject, except?: "namespace"): FieldError[] {
  const given = Object.entries(metadata ?? {}).filter(
    ([field, value]) => value && field !== "managedFields" && field !== except,
  );
  if (given.length === 0) return [];
  const why = `must be empty${except ? ` except for ${except}` : ""}`;
  return [invalid("metadata", goObjectMeta(metadata).text, why)];
}

/** authorization validation of a SelfSubjectAccessReview; its errors name no kind, as upstream's do not. */
export function refuseAccessReview(object: KubeObject): void {
  const spec: Attributes = object.spec ?? {};
  const ofSelectors = selectorErrors(spec.resourceAttributes ?? {});
  refuse("", [...attributesErrors(spec), ...ofSelectors, ...metadataErrors(object)]);
}

export function refuseSubjectAccessReview(object: KubeObject): void {
  refuse("", [...subjectErrors(object.spec ?? {}), ...metadataErrors(object)]);
}

/** The same of a LocalSubjectAccessReview: it speaks of its own namespace only. */
export function refuseLocalAccessReview(object: KubeObject, { info }: ResourceCall): void {
  const { metadata } = object;
  const spec: Subject = object.spec ?? {};
  const namespace = metadata.namespace || info.namespace;
  if (namespace !== info.namespace) {
    throw statusBadRequest(
      "the namespace of the provided object does not match the namespace sent on the request",
    );
  }
  const { resourceAttributes, nonResourceAttributes } = spec;
  const errors = [...subjectErrors(spec), ...metadataErrors(object, "namespace")];
  const wanted = resourceAttributes?.namespace ?? "";
  if (resourceAttributes && wanted !== namespace) {
    const why = "must match metadata.namespace";
    errors.push(invalid("spec.resourceAttributes.namespace", JSON.stringify(wanted), why));
  }
  if (nonResourceAttributes) {
    const why = "disallowed on this kind of request";
    errors.push(invalid("spec.nonResourceAttributes", goAttributes(nonResourceAttributes), why));
  }
  refuse("LocalSubjectAccessReview", errors);
}
