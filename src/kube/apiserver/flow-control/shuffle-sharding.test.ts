import { hash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dealHand } from "./shuffle-sharding.ts";

describe("a hand dealt by a hash", () => {
  it.each([
    [0n, 128, 6, [0, 1, 2, 3, 4, 5]],
    // The remainders are 6, 3, 1, each of the cards that are left.
    [6n + 8n * (3n + 7n * 1n), 8, 3, [6, 3, 1]],
    [0n + 8n * (0n + 7n * 5n), 8, 3, [0, 1, 7]],
    [2n ** 64n - 1n, 1, 1, [0]],
    [7n + 8n * 6n, 8, 2, [7, 6]],
  ])("%i of %i cards, %i", (seed, deck, size, hand) => {
    expect(dealHand(seed, deck, size)).toEqual(hand);
  });

  it("holds so many cards of the deck, none twice", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 8 }),
        (seed, deck, wanted) => {
          const size = Math.min(deck, wanted);
          const hand = dealHand(seed, deck, size);
          expect(new Set(hand).size).toBe(size);
          expect(hand.every((card) => card >= 0 && card < deck)).toBe(true);
        },
      ),
    );
  });

  it("is any hand about as often as any other", () => {
    const counts = new Map<number, number>();
    const hands = 6400;
    for (let flow = 0; flow < hands; flow++) {
      const seed = hash("sha256", `flow-${flow}`, "buffer").readBigUInt64LE();
      for (const card of dealHand(seed, 64, 6)) counts.set(card, (counts.get(card) ?? 0) + 1);
    }
    const expected = (hands * 6) / 64;
    expect(counts.size).toBe(64);
    for (const count of counts.values()) expect(Math.abs(count - expected)).toBeLessThan(expected * 0.2);
  });
});
