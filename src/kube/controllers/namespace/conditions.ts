import { type Clock, rfc3339Seconds } from "../../../base/index.ts";
import type { NamespaceCondition } from "../../api/index.ts";

/** What deleting a namespace's content came to. */
export interface ContentReport {
  /** `pods.` or `deployments.apps` -> how many are still there. */
  remaining: Map<string, number>;
  /** Finalizer -> how many objects it holds. */
  finalizers: Map<string, number>;
  failures: string[];
}

type Verdict = Required<Pick<NamespaceCondition, "type" | "status" | "reason" | "message">>;

const listed = (counts: ReadonlyMap<string, number>, text: (name: string, count: number) => string): string =>
  [...counts]
    .map(([name, count]) => text(name, count))
    .sort()
    .join(", ");

/** Upstream's five conditions of a namespace that is going away (namespace/deletion/status_condition_utils.go). */
export function nextConditions(
  known: readonly NamespaceCondition[],
  report: ContentReport,
  clock: Clock,
): NamespaceCondition[] {
  const verdicts = verdictsOf(report);
  const types = new Set(verdicts.map((one) => one.type));
  const others = known.filter((one) => !types.has(one.type));
  const now = rfc3339Seconds(clock.nowMs());
  return [
    ...others,
    ...verdicts.map((verdict) => {
      const before = known.find((one) => one.type === verdict.type);
      return {
        lastTransitionTime: before?.status === verdict.status ? before.lastTransitionTime : now,
        ...verdict,
      };
    }),
  ];
}

function verdictsOf({ remaining, finalizers, failures }: ContentReport): Verdict[] {
  const remain = listed(remaining, (name, count) => `${name} has ${count} resource instances`);
  const held = listed(finalizers, (name, count) => `${name} in ${count} resource instances`);
  return [
    ok("NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered"),
    ok(
      "NamespaceDeletionGroupVersionParsingFailure",
      "ParsedGroupVersions",
      "All legacy kube types successfully parsed",
    ),
    failures.length > 0
      ? bad(
          "NamespaceDeletionContentFailure",
          "ContentDeletionFailed",
          `Failed to delete all resource types, ${failures.length} remaining: ${[...failures].sort().join(", ")}`,
        )
      : ok(
          "NamespaceDeletionContentFailure",
          "ContentDeleted",
          "All content successfully deleted, may be waiting on finalization",
        ),
    remaining.size > 0
      ? bad("NamespaceContentRemaining", "SomeResourcesRemain", `Some resources are remaining: ${remain}`)
      : ok("NamespaceContentRemaining", "ContentRemoved", "All content successfully removed"),
    finalizers.size > 0
      ? bad(
          "NamespaceFinalizersRemaining",
          "SomeFinalizersRemain",
          `Some content in the namespace has finalizers remaining: ${held}`,
        )
      : ok(
          "NamespaceFinalizersRemaining",
          "ContentHasNoFinalizers",
          "All content-preserving finalizers finished",
        ),
  ];
}

const ok = (type: string, reason: string, message: string): Verdict => ({
  type,
  status: "False",
  reason,
  message,
});
const bad = (type: string, reason: string, message: string): Verdict => ({
  type,
  status: "True",
  reason,
  message,
});
