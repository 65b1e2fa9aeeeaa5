/**
 * Freezes a JSON value through and through, so that it can be shared by all who hold it; returns the same value. Fields
 * that are undefined are taken out, as encoding would leave them out.
 */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const key of Object.keys(value) as (keyof T)[]) {
    if (value[key] === undefined && !Array.isArray(value)) delete value[key];
    else deepFreeze(value[key]);
  }
  return Object.freeze(value);
}
