import { describe, expect, it } from "vitest";
import { RecentlyKnown } from "./recently-known.ts";

describe("what is known of recent objects", () => {
  it("is forgotten after some thousand others, unless it is asked for meanwhile", () => {
    const known = new RecentlyKnown<object, number>();
    const [asked, forgotten] = [{}, {}];
    known.set(asked, 1);
    known.set(forgotten, 2);
    for (let count = 0; count < 20_000; count++) {
      known.set({}, count);
      if (count % 1000 === 0) expect(known.get(asked)).toBe(1);
    }
    expect(known.get(forgotten)).toBeUndefined();
  });
});
