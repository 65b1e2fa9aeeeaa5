import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allocateConcurrency, type Claim } from "./allocate-concurrency.ts";

const claim = (target: number, lowerBound: number, upperBound: number): Claim => ({
  target,
  lowerBound,
  upperBound,
});

describe("a sum that is divided", () => {
  it.each([
    ["by the targets", 30, [claim(1, 0, 100), claim(2, 0, 100)], [10, 20]],
    ["nobody wants anything", 10, [claim(0, 0, 100), claim(0, 0, 100)], [5, 5]],
    ["one is held from above", 30, [claim(1, 0, 5), claim(1, 0, 100)], [5, 25]],
    ["one is held from below", 30, [claim(20, 20, 100), claim(40, 0, 100)], [20, 10]],
    ["all at their lowest", 9, [claim(5, 4, 8), claim(5, 5, 8)], [4, 5]],
    ["all at their highest", 16, [claim(5, 4, 8), claim(5, 5, 8)], [8, 8]],
    ["nothing", 0, [claim(1, 0, 1)], [0]],
    ["too much", 17, [claim(5, 4, 8), claim(5, 5, 8)], undefined],
    ["too little", 8, [claim(5, 4, 8), claim(5, 5, 8)], undefined],
  ] as const)("%s", (_, sum, claims, shares) => {
    const got = allocateConcurrency(sum, claims)?.shares;
    if (!shares) expect(got).toBeUndefined();
    else for (const [index, share] of shares.entries()) expect(got![index]).toBeCloseTo(share, 6);
  });

  const number = (max: number) => fc.double({ min: 0, max, noNaN: true });
  const anyClaim = fc
    .tuple(number(10), number(10), number(20))
    .map(([lower, more, width]) => claim(lower + more, lower, lower + width));

  it("adds up, and each has the same part of its target where no bound holds it", () => {
    fc.assert(
      fc.property(fc.array(anyClaim, { minLength: 1, maxLength: 9 }), number(1), (claims, part) => {
        const lowest = claims.reduce((sum, one) => sum + one.lowerBound, 0);
        const highest = claims.reduce((sum, one) => sum + one.upperBound, 0);
        const sum = lowest + (highest - lowest) * part;
        const { shares, fairFraction } = allocateConcurrency(sum, claims)!;
        expect(shares.reduce((total, one) => total + one, 0)).toBeCloseTo(sum, 5);
        for (const [index, { target, lowerBound, upperBound }] of claims.entries()) {
          const fair = fairFraction * Math.max(target, 0.001);
          expect(shares[index]).toBeCloseTo(Math.max(lowerBound, Math.min(upperBound, fair)), 5);
        }
      }),
    );
  });
});
