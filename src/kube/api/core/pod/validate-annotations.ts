import { forbidden, invalid } from "../../field-error.ts";
import type { AppArmorProfile, Pod, PodSpec, SeccompProfile } from "../../generated/types.ts";
import type { FieldError } from "../../types.ts";
import { containersOf } from "./containers-of.ts";
import { MIRROR_ANNOTATION } from "./mirror-pod.ts";
import { validateDescendingPath } from "./validate-paths.ts";
import { validateTolerations } from "./validate-placement.ts";

const TOLERATIONS_ANNOTATION = "scheduler.alpha.kubernetes.io/tolerations";
const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";
const SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/";
export const APP_ARMOR_CONTAINER = "container.apparmor.security.beta.kubernetes.io/";
const LOCALHOST = "localhost/";

type Annotations = Record<string, string> | undefined;

/** Annotations of a pod (or of a template) that mean something to the cluster. */
export function validatePodAnnotations(annotations: Annotations, spec: PodSpec, path: string): FieldError[] {
  if (annotations === undefined) return [];
  const errors: FieldError[] = [];
  const mirror = annotations[MIRROR_ANNOTATION];
  if (mirror !== undefined && !spec.nodeName) {
    const why = "must set spec.nodeName if mirror pod annotation is set";
    errors.push(invalid(`${path}[${MIRROR_ANNOTATION}]`, mirror, why));
  }
  errors.push(...validateOldTolerations(annotations[TOLERATIONS_ANNOTATION], path));
  const cost = annotations[DELETION_COST];
  if (cost !== undefined && !isDeletionCost(cost))
    errors.push(invalid(`${path}[${DELETION_COST}]`, cost, "must be a 32bit integer"));
  return [
    ...errors,
    ...validateSeccompAnnotations(annotations, path),
    ...validateAppArmorAnnotations(annotations, spec, path),
  ];
}

function validateOldTolerations(text: string | undefined, path: string): FieldError[] {
  if (!text) return [];
  try {
    return validateTolerations(JSON.parse(text), `${path}.${TOLERATIONS_ANNOTATION}`);
  } catch (error) {
    return [invalid(path, TOLERATIONS_ANNOTATION, (error as Error).message)];
  }
}

function isDeletionCost(text: string): boolean {
  return /^(0|-?[1-9]\d*)$/.test(text) && Number(text) >= -(2 ** 31) && Number(text) < 2 ** 31;
}

function validateSeccompAnnotations(annotations: Record<string, string>, path: string): FieldError[] {
  return Object.keys(annotations)
    .filter((key) => key === SECCOMP_POD || key.startsWith(SECCOMP_CONTAINER))
    .flatMap((key) => validateSeccompText(annotations[key]!, `${path}.${key}`));
}

const SECCOMP_NAMES = ["runtime/default", "docker/default", "unconfined"];

function validateSeccompText(profile: string, path: string): FieldError[] {
  if (SECCOMP_NAMES.includes(profile)) return [];
  if (profile.startsWith(LOCALHOST)) return validateDescendingPath(profile.slice(LOCALHOST.length), path);
  return [invalid(path, profile, "must be a valid seccomp profile")];
}

function validateAppArmorAnnotations(
  annotations: Record<string, string>,
  spec: PodSpec,
  path: string,
): FieldError[] {
  const names = new Set(containersOf(spec, "").map(([container]) => container.name));
  const errors: FieldError[] = [];
  for (const [key, profile] of Object.entries(annotations)) {
    if (!key.startsWith(APP_ARMOR_CONTAINER)) continue;
    const name = key.slice(APP_ARMOR_CONTAINER.length);
    if (!names.has(name)) errors.push(invalid(`${path}[${key}]`, name, "container not found"));
    if (["", "runtime/default", "unconfined"].includes(profile) || profile.startsWith(LOCALHOST)) continue;
    const why = `invalid AppArmor profile name: ${JSON.stringify(profile)}`;
    errors.push(invalid(`${path}[${key}]`, profile, why));
  }
  return errors;
}

/** On create a profile in an annotation and one in the field beside it must say the same. */
export function validateProfilesMatch({ metadata: { annotations }, spec }: Pod, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const context = spec.securityContext;
  const seccomp = (profile: SeccompProfile | undefined, key: string, at: string) =>
    errors.push(...mismatch("seccomp", profile, annotations?.[key], `${at}.securityContext.seccompProfile`));
  seccomp(context?.seccompProfile, SECCOMP_POD, path);
  for (const [{ name, securityContext }, at] of containersOf(spec, path))
    seccomp(securityContext?.seccompProfile, SECCOMP_CONTAINER + name, at);
  if (spec.os?.name === "windows") return errors;
  for (const [{ name, securityContext }, at] of containersOf(spec, path)) {
    const profile = securityContext?.appArmorProfile ?? context?.appArmorProfile;
    const annotation = annotations?.[APP_ARMOR_CONTAINER + name];
    errors.push(...mismatch("apparmor", profile, annotation, `${at}.securityContext.appArmorProfile`));
  }
  return errors;
}

const ANNOTATED: Record<string, readonly string[]> = {
  Unconfined: ["unconfined"],
  RuntimeDefault: ["runtime/default", "docker/default"],
};

function mismatch(
  what: "seccomp" | "apparmor",
  profile: SeccompProfile | AppArmorProfile | undefined,
  annotation: string | undefined,
  path: string,
): FieldError[] {
  if (profile === undefined || annotation === undefined) return [];
  const otherType = forbidden(`${path}.type`, `${what} type in annotation and field must match`);
  if (profile.type !== "Localhost") {
    const names = ANNOTATED[profile.type];
    return names === undefined || names.includes(annotation) ? [] : [otherType];
  }
  if (!annotation.startsWith(LOCALHOST)) return [otherType];
  if (annotation.slice(LOCALHOST.length) === profile.localhostProfile) return [];
  return [forbidden(`${path}.localhostProfile`, `${what} profile in annotation and field must match`)];
}

/** Annotations that stay as they were at creation. */
export function validatePodAnnotationsUpdate(
  next: Annotations,
  previous: Annotations,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, before] of Object.entries(previous ?? {})) {
    if (next?.[key] === before) continue;
    if (key.startsWith(APP_ARMOR_CONTAINER))
      errors.push(forbidden(`${path}[${key}]`, "may not remove or update AppArmor annotations"));
    if (key === MIRROR_ANNOTATION)
      errors.push(forbidden(`${path}[${key}]`, "may not remove or update mirror pod annotation"));
  }
  for (const key of Object.keys(next ?? {})) {
    if (previous?.[key] !== undefined) continue;
    if (key.startsWith(APP_ARMOR_CONTAINER))
      errors.push(forbidden(`${path}[${key}]`, "may not add AppArmor annotations"));
    if (key === MIRROR_ANNOTATION)
      errors.push(forbidden(`${path}[${key}]`, "may not add mirror pod annotation"));
  }
  return errors;
}
