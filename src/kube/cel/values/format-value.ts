import { formatGoFloat } from "./go-float.ts";
import { CelUint } from "./uint.ts";
import type { CelValue } from "./value.ts";

/** A key or index as it stands in cel-go's messages. */
export function formatValue(value: CelValue): string {
  if (typeof value === "number") return formatGoFloat(value);
  return value instanceof CelUint ? String(value.value) : String(value);
}
