/** What one class wants of a sum, and between which bounds it is content: 0 <= lowerBound <= upperBound, lowerBound <= target. */
export interface Claim {
  target: number;
  lowerBound: number;
  upperBound: number;
}

export interface Allocation {
  /** In the order of the claims. */
  shares: number[];
  /** What part of its target each class gets whose bounds let it. */
  fairFraction: number;
}

/** A target below this counts as this, so that whoever wants nothing can be given what nobody else may have. */
const MIN_TARGET = 0.001;
const SLACK = 1e-7;

/**
 * Divides a sum so that each class gets the same fraction of its target, or its bound where that lies in the way (upstream
 * computeConcurrencyAllocation). Undefined where the bounds do not let the shares add up to the sum.
 */
export function allocateConcurrency(sum: number, claims: readonly Claim[]): Allocation | undefined {
  const lowest = total(claims.map(({ lowerBound }) => lowerBound));
  const highest = total(claims.map(({ upperBound }) => upperBound));
  if (lowest - sum > SLACK || sum - highest > SLACK) return undefined;
  if (sum === 0) return { shares: claims.map(() => 0), fairFraction: 0 };
  const fairFraction = fractionFor(sum, claims);
  return { shares: sharesAt(fairFraction, claims), fairFraction };
}

/**
 * The shares' sum grows with the fraction, in straight lines between the fractions at which somebody meets a bound: the
 * last of those that is not beyond the sum, and the line from there on, tell the fraction.
 */
function fractionFor(sum: number, claims: readonly Claim[]): number {
  const corners = claims
    .flatMap((claim) => [claim.lowerBound / targetOf(claim), claim.upperBound / targetOf(claim)])
    .sort((one, other) => one - other);
  let from = corners[0]!;
  let sumThere = total(sharesAt(from, claims));
  for (const to of corners) {
    const sumAtEnd = total(sharesAt(to, claims));
    if (sumAtEnd >= sum && sumAtEnd > sumThere) {
      return Math.min(to, Math.max(from, from + ((sum - sumThere) / (sumAtEnd - sumThere)) * (to - from)));
    }
    if (sumAtEnd > sum) return from;
    from = to;
    sumThere = sumAtEnd;
  }
  return from;
}

function sharesAt(fraction: number, claims: readonly Claim[]): number[] {
  return claims.map((claim) =>
    Math.max(claim.lowerBound, Math.min(claim.upperBound, fraction * targetOf(claim))),
  );
}

const targetOf = ({ target }: Claim) => Math.max(target, MIN_TARGET);

const total = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0);
