import { quantityMilliValue, quantityValue } from "../../../../formats/index.ts";

/** Beyond this upstream counts in whole units (resource.MaxMilliValue). */
const MAX_MILLI_VALUE = Number((2n ** 63n - 1n) / 1000n);

/** A ratio of limit to request as a number, and the greatest that the least and the greatest amount allow. */
export function maxLimitRatio(ratio: string, min: string, max: string): { value: number; limit: number } {
  const inMilli = [ratio, min, max].every((one) => quantityValue(one) < MAX_MILLI_VALUE);
  const count = inMilli ? quantityMilliValue : quantityValue;
  const value = inMilli ? quantityMilliValue(ratio) / 1000 : quantityValue(ratio);
  return { value, limit: count(max) / count(min) };
}
