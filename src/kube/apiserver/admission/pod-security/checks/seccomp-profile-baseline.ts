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

/** Of before the field was there. */
const POD_ANNOTATION = "seccomp.security.alpha.kubernetes.io/pod";
const CONTAINER_ANNOTATION_PREFIX = "container.seccomp.security.alpha.kubernetes.io/";
const ALLOWED_TYPES = ["RuntimeDefault", "Localhost"];

interface WithProfile {
  securityContext?: { seccompProfile?: { type?: string } };
}

/** Nobody takes the filter of system calls off. */
export const seccompProfileBaseline: Check = {
  id: "seccompProfile_baseline",
  rules: [
    { since: 0, rule: ofAnnotations },
    { since: 19, rule: forbiddenSeccompType },
  ],
};

function ofAnnotations({ metadata, spec }: CheckedPod): Violation | undefined {
  const keys = [
    POD_ANNOTATION,
    ...containers(spec).map(({ name }) => `${CONTAINER_ANNOTATION_PREFIX}${name}`),
  ];
  const forbidden = sorted(
    keys.flatMap((key) => {
      const value = metadata.annotations?.[key];
      return value === undefined || isAllowedAnnotation(value) ? [] : [`${key}=${JSON.stringify(value)}`];
    }),
  );
  if (forbidden.length === 0) return undefined;
  return {
    reason: "seccompProfile",
    detail: `forbidden ${counted("annotation", forbidden)} ${forbidden.join(", ")}`,
  };
}

const isAllowedAnnotation = (value: string) =>
  value === "runtime/default" || value === "docker/default" || value.startsWith("localhost/");

/** A profile that is neither the runtime's nor one of the node's. */
export function forbiddenSeccompType({ spec }: CheckedPod): Violation | undefined {
  const who = setters(
    badTypeOf(spec).length > 0,
    namesOf(spec, (one) => badTypeOf(one).length > 0),
  );
  if (who === "") return undefined;
  const types = sorted([spec, ...containers(spec)].flatMap(badTypeOf));
  return {
    reason: "seccompProfile",
    detail: `${who} must not set securityContext.seccompProfile.type to ${quoted(types)}`,
  };
}

function badTypeOf({ securityContext }: WithProfile): string[] {
  const profile = securityContext?.seccompProfile;
  return profile && !ALLOWED_TYPES.includes(profile.type ?? "") ? [profile.type ?? ""] : [];
}
