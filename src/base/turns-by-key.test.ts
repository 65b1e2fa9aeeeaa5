import { describe, expect, it } from "vitest";
import { TurnsByKey } from "./turns-by-key.ts";

describe("turns by key", () => {
  it("lets one in at a time, in order, whatever becomes of those before", async () => {
    const turns = new TurnsByKey();
    const seen: string[] = [];
    const step =
      (name: string, fails = false) =>
      async () => {
        seen.push(`${name} begins`);
        await new Promise(setImmediate);
        seen.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      };
    const all = [turns.run("k", step("a", true)), turns.run("k", step("b")), turns.run("l", step("c"))];
    expect(await Promise.allSettled(all)).toMatchObject([
      { status: "rejected" },
      { value: "b" },
      { value: "c" },
    ]);
    expect(seen.filter((text) => !text.startsWith("c"))).toEqual([
      "a begins",
      "a ends",
      "b begins",
      "b ends",
    ]);
    expect(seen.indexOf("c begins")).toBeLessThan(seen.indexOf("a ends"));
    expect(await turns.run("k", step("d"))).toBe("d");
  });
});
