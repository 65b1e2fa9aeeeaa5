import { invalid } from "../field-error.ts";
import type { FieldError } from "../types.ts";

interface HasCollisionCount {
  collisionCount?: number;
}

/** How often a hash of the template was another's already only grows: it goes into the next hash. */
export function collisionCountDecremented(
  status: HasCollisionCount | undefined,
  before: HasCollisionCount | undefined,
): FieldError[] {
  const count = status?.collisionCount ?? 0;
  if (before?.collisionCount === undefined || count >= before.collisionCount) return [];
  return [invalid("status.collisionCount", count, "cannot be decremented")];
}
