import { cloneJson, jsonEquals } from "../../../formats/index.ts";
import {
  approvalCondition,
  type CustomResourceDefinition,
  decideNames,
  establishingCondition,
  hasUndecidedNames,
  nonStructuralCondition,
  removeCondition,
  setCondition,
} from "../../api/index.ts";

/**
 * A definition with the status that it is to have beside the others: its names, what is wrong with its schemas, whether it
 * was approved, and that it is served. The very same where that is so already. `now` is a metav1.Time.
 */
export function withStatus(
  definition: CustomResourceDefinition,
  others: Iterable<CustomResourceDefinition>,
  now: string,
): CustomResourceDefinition {
  const next = cloneJson(definition) as CustomResourceDefinition;
  next.status ??= {} as NonNullable<CustomResourceDefinition["status"]>;
  if (hasUndecidedNames(next)) {
    const { acceptedNames, conditions } = decideNames(next, others);
    next.status.acceptedNames = acceptedNames;
    for (const condition of conditions) setCondition(next, condition, now);
  }
  const structure = nonStructuralCondition(next);
  if (structure) setCondition(next, structure, now);
  else removeCondition(next, "NonStructuralSchema");
  const approval = approvalCondition(next);
  if (approval) setCondition(next, approval, now);
  const established = establishingCondition(next);
  if (established) setCondition(next, established, now);
  return jsonEquals(next, definition) ? definition : next;
}
