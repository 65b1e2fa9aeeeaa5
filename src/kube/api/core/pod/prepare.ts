import type { AppArmorProfile, Pod, PodAffinity, PodAffinityTerm } from "../../generated/types.ts";
import { containersOf } from "./containers-of.ts";
import { APP_ARMOR_CONTAINER } from "./validate-annotations.ts";
import { validateAppArmorProfile } from "./validate-profiles.ts";
import { appArmorDeprecation } from "./warnings.ts";

/** Writes the pod's own label values into the selectors that name their keys (MatchLabelKeysInPodAffinity). */
export function applyLabelKeys({ metadata: { labels = {} }, spec: { affinity } }: Pod): void {
  for (const term of [...termsOf(affinity?.podAffinity), ...termsOf(affinity?.podAntiAffinity)]) {
    const { matchLabelKeys = [], mismatchLabelKeys = [], labelSelector } = term;
    // Without a selector nothing matches, whatever the keys.
    if (labelSelector === undefined) continue;
    const added = [
      ...expressions(matchLabelKeys, "In", labels),
      ...expressions(mismatchLabelKeys, "NotIn", labels),
    ];
    if (added.length > 0)
      labelSelector.matchExpressions = [...(labelSelector.matchExpressions ?? []), ...added];
  }
}

function termsOf(affinity: PodAffinity | undefined): PodAffinityTerm[] {
  return [
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((one) => one.podAffinityTerm),
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
  ];
}

function expressions(keys: readonly string[], operator: string, labels: Record<string, string>) {
  return keys
    .filter((key) => labels[key] !== undefined)
    .map((key) => ({ key, operator, values: [labels[key]!] }));
}

const LOCALHOST = "localhost/";

/** Keeps the old annotations and the fields of AppArmor profiles the same, whichever of the two was given. */
export function applyAppArmor({ metadata, spec }: Pod, warnings: string[]): void {
  if (spec.os?.name === "windows") return;
  const ofPod = spec.securityContext?.appArmorProfile;
  for (const [container] of containersOf(spec, "")) {
    const key = APP_ARMOR_CONTAINER + container.name;
    const annotation = metadata.annotations?.[key];
    const own = container.securityContext?.appArmorProfile;
    if (annotation === undefined) {
      const text = annotationOf(own ?? ofPod);
      if (text !== undefined) metadata.annotations = { ...metadata.annotations, [key]: text };
    } else if (own === undefined) {
      const profile = profileOf(annotation);
      if (profile !== undefined && isSame(profile, ofPod)) continue;
      warnings.push(appArmorDeprecation(key));
      if (profile === undefined) continue;
      container.securityContext = { ...container.securityContext, appArmorProfile: profile };
    }
  }
}

function annotationOf(profile: AppArmorProfile | undefined): string | undefined {
  switch (profile?.type) {
    case "Unconfined":
      return "unconfined";
    case "RuntimeDefault":
      return "runtime/default";
    case "Localhost":
      return profile.localhostProfile === undefined ? undefined : LOCALHOST + profile.localhostProfile;
    default:
      return undefined;
  }
}

function profileOf(annotation: string): AppArmorProfile | undefined {
  if (annotation === "unconfined") return { type: "Unconfined" };
  if (annotation === "runtime/default") return { type: "RuntimeDefault" };
  if (!annotation.startsWith(LOCALHOST)) return undefined;
  const profile = { type: "Localhost", localhostProfile: annotation.slice(LOCALHOST.length) };
  return validateAppArmorProfile(profile, "").length === 0 ? profile : undefined;
}

const isSame = (a: AppArmorProfile, b: AppArmorProfile | undefined) =>
  a.type === b?.type && a.localhostProfile === b.localhostProfile;
