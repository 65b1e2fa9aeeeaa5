import {
  type Check,
  type CheckedPod,
  containers,
  counted,
  namesOf,
  quoted,
  setters,
  sorted,
  type Violation,
} from "../check.ts";

/** Of before the field was there: `…/CONTAINER`. */
const ANNOTATION_PREFIX = "container.apparmor.security.beta.kubernetes.io/";
const ALLOWED_TYPES = ["RuntimeDefault", "Localhost"];

interface WithProfile {
  securityContext?: { appArmorProfile?: { type?: string } };
}

/** Whoever is confined by AppArmor does not get out of it. */
export const appArmorProfile: Check = { id: "appArmorProfile", rules: [{ since: 0, rule }] };

function rule({ metadata, spec }: CheckedPod): Violation | undefined {
  const badValues = sorted([spec, ...containers(spec)].flatMap(badTypeOf));
  const annotations = Object.entries(metadata.annotations ?? {})
    .filter(([key, value]) => key.startsWith(ANNOTATION_PREFIX) && !isAllowedAnnotation(value))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .sort();
  const byFields = setters(
    badTypeOf(spec).length > 0,
    namesOf(spec, (one) => badTypeOf(one).length > 0),
  );
  const byAnnotations = annotations.length > 0 ? counted("annotation", annotations) : "";
  const who = [byFields, byAnnotations].filter(Boolean).join(" and ");
  if (who === "") return undefined;
  const values = [...badValues, ...annotations];
  return {
    reason: counted("forbidden AppArmor profile", values),
    detail: `${who} must not set AppArmor profile type to ${quoted(values)}`,
  };
}

function badTypeOf({ securityContext }: WithProfile): string[] {
  const profile = securityContext?.appArmorProfile;
  return profile && !ALLOWED_TYPES.includes(profile.type ?? "") ? [profile.type ?? ""] : [];
}

const isAllowedAnnotation = (profile: string) =>
  profile === "" || profile === "runtime/default" || profile.startsWith("localhost/");
