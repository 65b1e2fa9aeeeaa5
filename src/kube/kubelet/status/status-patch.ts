import { isDeepStrictEqual } from "node:util";
import type { PodCondition, PodStatus } from "../pod-types.ts";
import { isKubeletCondition, isKubeletDisruption } from "./pod-conditions.ts";

/** What the kubelet answers for; others' fields stay as they are. */
const OWNED_FIELDS: readonly string[] = [
  "phase",
  "conditions",
  "message",
  "reason",
  "hostIP",
  "hostIPs",
  "podIP",
  "podIPs",
  "startTime",
  "initContainerStatuses",
  "containerStatuses",
  "ephemeralContainerStatuses",
  "qosClass",
];

/** Lists that a strategic merge joins by `ip` instead of replacing. */
const MERGED_BY_IP = ["podIPs", "hostIPs"] as const;

/** The strategic-merge patch that turns one status into the other; undefined when they are equal. */
export function statusPatch(current: PodStatus, next: PodStatus): Record<string, unknown> | undefined {
  const patch: Record<string, unknown> = {};
  for (const key of OWNED_FIELDS) {
    if (isDeepStrictEqual(plain(current[key]), plain(next[key]))) continue;
    if (key === "conditions") {
      const changes = conditionChanges(current.conditions ?? [], next.conditions ?? []);
      if (changes.length > 0) patch[key] = changes;
    } else if ((MERGED_BY_IP as readonly string[]).includes(key)) {
      patch[key] = addressChanges(
        current[key] as { ip: string }[] | undefined,
        next[key] as { ip: string }[] | undefined,
      );
    } else patch[key] = next[key] ?? null;
  }
  return Object.keys(patch).length > 0 ? patch : undefined;
}

/** Equal in JSON is equal: absent and undefined members do not differ. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

function conditionChanges(current: PodCondition[], next: PodCondition[]): object[] {
  const before = new Map(current.map((condition) => [condition.type, condition]));
  return next
    .filter((condition) => isKubeletCondition(condition.type) || isKubeletDisruption(condition))
    .filter((condition) => !isDeepStrictEqual(plain(before.get(condition.type)), plain(condition)))
    .map(withNulls);
}

/** A merge keeps what is not named: what a condition no longer says is said to be gone. */
function withNulls(condition: PodCondition): object {
  return { ...condition, reason: condition.reason ?? null, message: condition.message ?? null };
}

function addressChanges(current: { ip: string }[] = [], next: { ip: string }[] = []): object[] {
  const kept = new Set(next.map(({ ip }) => ip));
  const gone = current.filter(({ ip }) => !kept.has(ip));
  return [...gone.map(({ ip }) => ({ ip, $patch: "delete" })), ...next];
}
