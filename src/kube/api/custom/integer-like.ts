const MAX_JSON_FLOAT = 2 ** 53 - 1;
const EPSILON = 1e-9;

/** Whether a number with a fraction is so close to a whole one that it counts as one (go-openapi IsFloat64AJSONInteger). */
export function isIntegerLike(value: number): boolean {
  if (!(Math.abs(value) <= MAX_JSON_FLOAT)) return false;
  if (Number.isInteger(value)) return true;
  const whole = Math.trunc(value);
  // What is negative or below one is held against nothing that is near it.
  if (value < 0 || whole === 0) return false;
  return (value - whole) / (value + whole) < EPSILON;
}
