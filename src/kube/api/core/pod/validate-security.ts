import { isInRange } from "../../../../formats/index.ts";
import {
  forbidden,
  invalid,
  invalidEach,
  notSupported,
  oneOf,
  optionalOneOf,
  required,
} from "../../field-error.ts";
import type { PodSecurityContext, PodSpec, SeccompProfile, SecurityContext } from "../../generated/types.ts";
import type { FieldError } from "../../types.ts";

/** User and group ids. */
const MAX_ID = 2 ** 31 - 1;

function validateId(id: number | undefined, path: string): FieldError[] {
  return id === undefined ? [] : invalidEach(path, id, isInRange(id, 0, MAX_ID));
}

export function validateSecurityContext(context: SecurityContext | undefined, path: string): FieldError[] {
  if (context === undefined) return [];
  const errors = [
    ...validateId(context.runAsUser, `${path}.runAsUser`),
    ...validateId(context.runAsGroup, `${path}.runAsGroup`),
    ...validateSeccomp(context.seccompProfile, `${path}.seccompProfile`),
    ...optionalOneOf(`${path}.procMount`, context.procMount, ["Default", "Unmasked"]),
  ];
  if (context.allowPrivilegeEscalation === false) {
    if (context.privileged) {
      errors.push(
        invalid(path, context, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"),
      );
    }
    if (context.capabilities?.add?.includes("CAP_SYS_ADMIN")) {
      errors.push(
        invalid(
          path,
          context,
          "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN",
        ),
      );
    }
  }
  return errors;
}

export function validatePodSecurityContext(spec: PodSpec, path: string): FieldError[] {
  const context: PodSecurityContext = spec.securityContext ?? {};
  const errors = [
    ...validateId(context.fsGroup, `${path}.fsGroup`),
    ...validateId(context.runAsUser, `${path}.runAsUser`),
    ...validateId(context.runAsGroup, `${path}.runAsGroup`),
    ...validateSeccomp(context.seccompProfile, `${path}.seccompProfile`),
    ...optionalOneOf(`${path}.fsGroupChangePolicy`, context.fsGroupChangePolicy, [
      "Always",
      "OnRootMismatch",
    ]),
    ...optionalOneOf(`${path}.supplementalGroupsPolicy`, context.supplementalGroupsPolicy, [
      "Merge",
      "Strict",
    ]),
  ];
  context.supplementalGroups?.forEach((id, index) => {
    errors.push(...validateId(id, `${path}.supplementalGroups[${index}]`));
  });
  if (spec.shareProcessNamespace && spec.hostPID) {
    const why = "ShareProcessNamespace and HostPID cannot both be enabled";
    errors.push(invalid(`${path}.shareProcessNamespace`, spec.shareProcessNamespace, why));
  }
  return [...errors, ...validateSysctls(context, `${path}.sysctls`)];
}

const SYSCTL = /^(?:[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?[./])*(?:[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?)$/;

function validateSysctls(context: PodSecurityContext, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  context.sysctls?.forEach(({ name }, index) => {
    const at = `${path}[${index}].name`;
    if (!name) errors.push(required(at));
    else if (!SYSCTL.test(name)) {
      const why =
        "must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*([a-z0-9][-_a-z0-9]*)?[a-z0-9]$";
      errors.push(invalid(at, name, why));
    } else if (seen.has(name)) {
      errors.push({
        type: "FieldValueDuplicate",
        field: at,
        message: `Duplicate value: ${JSON.stringify(name)}`,
      });
    }
    seen.add(name);
  });
  return errors;
}

function validateSeccomp(profile: SeccompProfile | undefined, path: string): FieldError[] {
  if (profile === undefined) return [];
  if (!profile.type) return [required(`${path}.type`, "type is required when seccompProfile is set")];
  if (!["Localhost", "RuntimeDefault", "Unconfined"].includes(profile.type)) {
    return [notSupported(`${path}.type`, profile.type, ["Localhost", "RuntimeDefault", "Unconfined"])];
  }
  if (profile.type === "Localhost") {
    return profile.localhostProfile
      ? []
      : [required(`${path}.localhostProfile`, "must be set when seccomp type is Localhost")];
  }
  if (profile.localhostProfile === undefined) return [];
  return [invalid(`${path}.localhostProfile`, profile, "can only be set when seccomp type is Localhost")];
}

/** `hostUsers: false` isolates; the host's namespaces would undo it. */
export function validateHostUsers(spec: PodSpec, path: string): FieldError[] {
  if (spec.hostUsers !== false) return [];
  return (["hostNetwork", "hostPID", "hostIPC"] as const)
    .filter((field) => spec[field])
    .map((field) => forbidden(`${path}.${field}`, "when `hostUsers` is false"));
}

export const validateOs = (spec: PodSpec, path: string): FieldError[] =>
  spec.os === undefined ? [] : oneOf(`${path}.os.name`, spec.os.name, ["linux", "windows"]);
