import { describe, expect, it } from "vitest";
import { RetryAfter } from "./retry-after.ts";

describe("when who is turned away may come back", () => {
  // Second, requests turned away in it, seconds that are told afterwards.
  const STEPS = [
    [0, 5, 1],
    [1, 11, 2],
    [2, 1, 2],
    [3, 11, 4],
    [4, 1, 4],
    [7, 1, 8],
    [11, 1, 8],
    [15, 1, 7],
    [17, 1, 6],
    [21, 14, 5],
    [22, 1, 10],
  ] as const;

  it("is later the more are turned away, and sooner again", () => {
    const retryAfter = new RetryAfter();
    const told = STEPS.map(([second, requests]) => {
      for (let n = 0; n < requests; n++) retryAfter.drop(100 + second);
      return retryAfter.seconds;
    });
    expect(told).toEqual(STEPS.map(([, , seconds]) => seconds));
  });

  it("is never beyond 32 seconds", () => {
    const retryAfter = new RetryAfter();
    for (let second = 0; second < 500; second++) for (let n = 0; n < 500; n++) retryAfter.drop(second);
    expect(retryAfter.seconds).toBe(32);
  });
});
