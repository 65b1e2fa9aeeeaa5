import { type FieldError, type KubeObject, statusBadRequest, statusInvalid } from "../../api/index.ts";
import type { ResourceCall } from "../server-context.ts";

interface Attributes {
  resourceAttributes?: { namespace?: string };
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
  return errors;
}

/** authorization validation of a SelfSubjectAccessReview; its errors name no kind, as upstream's do not. */
export function refuseAccessReview({ spec }: KubeObject): void {
  refuse("", attributesErrors(spec ?? {}));
}

export function refuseSubjectAccessReview({ spec }: KubeObject): void {
  refuse("", subjectErrors(spec ?? {}));
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
  const errors = subjectErrors(spec);
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
