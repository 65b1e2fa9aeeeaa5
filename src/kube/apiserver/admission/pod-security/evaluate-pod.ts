import type { Check, CheckedPod, PodRule, Violation } from "./check.ts";
import { BASELINE_CHECKS, RESTRICTED_CHECKS } from "./checks/index.ts";
import type { LevelVersion, PolicyVersion } from "./level.ts";

/** What of a pod goes against a level as it was at a version; empty where the level lets it through. */
export function violationsOf({ level, version }: LevelVersion, pod: CheckedPod): Violation[] {
  if (level === "privileged") return [];
  const restricted = level === "restricted" ? inForce(RESTRICTED_CHECKS, version) : [];
  const overridden = new Set(restricted.map(({ check }) => check.overrides));
  const baseline = inForce(BASELINE_CHECKS, version).filter(({ check }) => !overridden.has(check.id));
  return [...baseline, ...restricted].flatMap(({ rule }) => rule(pod) ?? []);
}

/** The checks that there were at a version, each with its rule of then. Versions to come are taken as the newest. */
function inForce(checks: readonly Check[], version: PolicyVersion): { check: Check; rule: PodRule }[] {
  const minor = version === "latest" ? Number.POSITIVE_INFINITY : version;
  return checks.flatMap((check) => {
    const rule = check.rules.findLast(({ since }) => since <= minor)?.rule;
    return rule ? [{ check, rule }] : [];
  });
}

/** `host namespaces (hostPID=true), privileged (container "c" must not …)`. */
export const detailText = (violations: readonly Violation[]): string =>
  violations.map(({ reason, detail }) => (detail === "" ? reason : `${reason} (${detail})`)).join(", ");

export const reasonText = (violations: readonly Violation[]): string =>
  violations.map(({ reason }) => reason).join(", ");
