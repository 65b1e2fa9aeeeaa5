import { actualSize } from "../runtime/actual-size.ts";
import type { CallCost } from "../runtime/call-step.ts";
import { REGEX_LENGTH, TRAVERSAL } from "../runtime/cost-factors.ts";
import type { Result } from "../values/value.ts";
import { libraryCallCost } from "./library-runtime-cost.ts";

/** What a call of the language's own functions costs (cel-go, interpreter/runtimecost.go); 1 where nothing is said. */
const STANDARD: Record<string, (args: readonly Result[]) => number> = {
  ...each(
    [
      "starts_with_string",
      "ends_with_string",
      "string_to_bytes",
      "bytes_to_string",
      "strings_quote",
      "string_format",
    ],
    ([text]) => Math.ceil(actualSize(text!) * TRAVERSAL),
  ),
  in_list: ([, list]) => actualSize(list!),
  ...each(
    [
      ...["less_string", "greater_string", "less_equals_string", "greater_equals_string"],
      ...["less_bytes", "greater_bytes", "less_equals_bytes", "greater_equals_bytes"],
      ...["equals", "not_equals"],
    ],
    ([left, right]) => Math.ceil(Math.min(actualSize(left!), actualSize(right!)) * TRAVERSAL),
  ),
  ...each(["add_string", "add_bytes"], ([left, right]) =>
    Math.ceil((actualSize(left!) + actualSize(right!)) * TRAVERSAL),
  ),
  matches_string: ([text, pattern]) =>
    Math.ceil((1 + actualSize(text!)) * TRAVERSAL) * Math.ceil(actualSize(pattern!) * REGEX_LENGTH),
  contains_string: ([text, part]) =>
    Math.ceil(actualSize(text!) * TRAVERSAL) * Math.ceil(actualSize(part!) * TRAVERSAL),
};

function each<T>(names: readonly string[], value: T): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, value]));
}

/** What calls of an overload cost as they are made. */
export function callCost(functionName: string, overloadId: string): CallCost {
  const standard = STANDARD[overloadId];
  return (args, result) => libraryCallCost(functionName, overloadId, args, result) ?? standard?.(args) ?? 1;
}
