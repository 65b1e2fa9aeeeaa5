import { isDeepStrictEqual } from "node:util";
import type { PodCondition, PodStatus } from "../../api/index.ts";
import { isKubeletCondition, isKubeletDisruption, isPassingCondition } from "./pod-conditions.ts";

/** What the kubelet answers for; others' fields stay as they are. */
const OWNED_FIELDS = [
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
] as const satisfies readonly (keyof PodStatus)[];

/** The strategic-merge patch that turns one status into the other; undefined when they are equal. */
export function statusPatch(current: PodStatus, next: PodStatus): Record<string, unknown> | undefined {
  const patch: Record<string, unknown> = {};
  for (const key of OWNED_FIELDS) {
    if (isDeepStrictEqual(plain(current[key]), plain(next[key]))) continue;
    if (key === "conditions") {
      const changes = conditionChanges(current.conditions ?? [], next.conditions ?? []);
      if (changes.length > 0) patch[key] = changes;
    } else if (key === "podIPs" || key === "hostIPs") {
      patch[key] = addressChanges(current[key], next[key]);
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
  const gone = current.filter(
    ({ type }) => isPassingCondition(type) && !next.some((condition) => condition.type === type),
  );
  const changes = next
    .filter((condition) => isKubeletCondition(condition.type) || isKubeletDisruption(condition))
    .filter((condition) => !isDeepStrictEqual(plain(before.get(condition.type)), plain(condition)))
    .map(withNulls);
  return [...gone.map(({ type }) => ({ type, $patch: "delete" })), ...changes];
}

/** A merge keeps what is not named: what a condition no longer says is said to be gone. */
function withNulls(condition: PodCondition): object {
  return { ...condition, reason: condition.reason ?? null, message: condition.message ?? null };
}

/** A strategic merge joins these lists by `ip` instead of replacing them. */
function addressChanges(current: { ip: string }[] = [], next: { ip: string }[] = []): object[] {
  const kept = new Set(next.map(({ ip }) => ip));
  const gone = current.filter(({ ip }) => !kept.has(ip));
  return [...gone.map(({ ip }) => ({ ip, $patch: "delete" })), ...next];
}
