import { Buffer } from "node:buffer";
import { isDns1035Label, isDns1123Subdomain, isPathSegment, isPortNumber } from "../../../formats/index.ts";
import { invalid, invalidEach, notSupported, required } from "../field-error.ts";
import type { APIService, APIServiceSpec, ApiregistrationV1ServiceReference } from "../generated/types.ts";
import type { FieldError } from "../types.ts";

const MAX_GROUP_PRIORITY = 20_000;
const MAX_VERSION_PRIORITY = 1000;

/** One object for each version of a group: its name says which. */
export function nameProblems(
  name: string,
  { spec = {} as APIServiceSpec }: Pick<APIService, "spec">,
): string[] {
  const ofSegment = isPathSegment(name);
  if (ofSegment.length > 0) return ofSegment;
  const wanted = `${spec.version ?? ""}.${spec.group ?? ""}`;
  if (name === wanted) return [];
  return [`must be \`spec.version+"."+spec.group\`: ${JSON.stringify(wanted)}`];
}

export function validateApiService({ spec }: APIService): FieldError[] {
  const { group = "", version = "", groupPriorityMinimum, versionPriority } = spec;
  const errors: FieldError[] = [];
  if (group !== "") errors.push(...invalidEach("spec.group", group, isDns1123Subdomain(group)));
  else if (version !== "v1")
    errors.push(required("spec.group", "only v1 may have an empty group and it better be legacy kube"));
  errors.push(
    ...invalidEach("spec.version", version, isDns1035Label(version)),
    ...validatePriority("groupPriorityMinimum", groupPriorityMinimum, MAX_GROUP_PRIORITY),
    ...validatePriority("versionPriority", versionPriority, MAX_VERSION_PRIORITY),
  );
  return [...errors, ...(spec.service ? validateRemote(spec, spec.service) : validateLocal(spec))];
}

function validatePriority(field: string, value: number, max: number): FieldError[] {
  if (value > 0 && value <= max) return [];
  return [invalid(`spec.${field}`, value, `must be positive and less than ${max}`)];
}

function validateLocal({ caBundle, insecureSkipTLSVerify }: APIServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (caBundle) {
    const size = Buffer.from(caBundle, "base64").length;
    errors.push(invalid("spec.caBundle", `${size} bytes`, "local APIServices may not have a caBundle"));
  }
  if (insecureSkipTLSVerify) {
    const why = "local APIServices may not have insecureSkipTLSVerify";
    errors.push(invalid("spec.insecureSkipTLSVerify", true, why));
  }
  return errors;
}

function validateRemote(
  { caBundle, insecureSkipTLSVerify }: APIServiceSpec,
  { namespace, name, port = 0 }: ApiregistrationV1ServiceReference,
): FieldError[] {
  const errors = [
    ...(namespace ? [] : [required("spec.service.namespace")]),
    ...(name ? [] : [required("spec.service.name")]),
    ...isPortNumber(port).map((why) => invalid("spec.service.port", port, `port is not valid: ${why}`)),
  ];
  if (insecureSkipTLSVerify && caBundle)
    errors.push(invalid("spec.insecureSkipTLSVerify", true, "may not be true if caBundle is present"));
  return errors;
}

const STATUSES = ["True", "False", "Unknown"];

export function validateApiServiceStatus({ status }: APIService): FieldError[] {
  return (status?.conditions ?? []).flatMap((condition, index) =>
    STATUSES.includes(condition.status)
      ? []
      : [notSupported(`status.conditions[${index}].status`, condition.status, STATUSES)],
  );
}
