import { describe, expect, it } from "vitest";
import { chainIds, removedChainIds } from "./chain-ids.ts";

const A = `sha256:${"a".repeat(64)}`;
const B = `sha256:${"b".repeat(64)}`;

describe("chain ids", () => {
  it("name the bottom layer by itself and each other one with all below it", () => {
    const [first, second] = chainIds([A, B]);
    expect(first).toBe(A);
    expect(second).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(second).not.toBe(chainIds([B, A])[1]);
  });

  it("are listed from the top for what was removed", () => {
    const [, second] = chainIds([A, B]);
    expect(removedChainIds([A, B], [A, B])).toEqual([second, A]);
    expect(removedChainIds([A, B], [B])).toEqual([second]);
  });
});
