import type { SuccessPolicy } from "../../api/index.ts";
import { IndexSet } from "./index-set.ts";

/** The first rule that these indexes meet. */
export function successPolicyMet(
  { rules }: SuccessPolicy,
  completions: number,
  succeeded: IndexSet,
): number | undefined {
  if (succeeded.size === 0) return undefined;
  const at = rules.findIndex(({ succeededIndexes, succeededCount = Number.POSITIVE_INFINITY }) => {
    if (succeededIndexes === undefined) return succeeded.size >= succeededCount;
    const required = IndexSet.parse(succeededIndexes, completions);
    const overlap = required.overlap(succeeded);
    return required.size > 0 && (overlap === required.size || overlap >= succeededCount);
  });
  return at < 0 ? undefined : at;
}
