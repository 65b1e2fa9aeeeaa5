/** What something may be at least and at most: a size, or a cost. */
export interface Bounds {
  min: number;
  max: number;
}

/** Where sizes and costs end (2^64): more is as bad as that. */
export const UNBOUNDED = 2 ** 64;

export const UNKNOWN_SIZE: Bounds = { min: 0, max: UNBOUNDED };
export const ZERO: Bounds = { min: 0, max: 0 };
export const ONE: Bounds = { min: 1, max: 1 };

export const exactly = (value: number): Bounds => ({ min: value, max: value });

const capped = (value: number) => Math.min(value, UNBOUNDED);

export function plus(...bounds: readonly Bounds[]): Bounds {
  return bounds.reduce(
    (sum, { min, max }) => ({ min: capped(sum.min + min), max: capped(sum.max + max) }),
    ZERO,
  );
}

export function times(left: Bounds, right: Bounds): Bounds {
  return { min: capped(left.min * right.min), max: capped(left.max * right.max) };
}

/** Rounded up. */
export function scaled({ min, max }: Bounds, factor: number): Bounds {
  return { min: capped(Math.ceil(min * factor)), max: capped(Math.ceil(max * factor)) };
}

/** The least bounds that hold both. */
export function union(left: Bounds, right: Bounds): Bounds {
  return { min: Math.min(left.min, right.min), max: Math.max(left.max, right.max) };
}
