import { expect, it } from "vitest";
import { FairLine } from "./fair-line.ts";

it("serves the owners in turn, however many one of them has in line", () => {
  const line = new FairLine<string>();
  for (let n = 1; n <= 4; n++) line.push("a", `a${n}`);
  line.push("b", "b1");
  expect(line.shift()).toBe("a1");
  line.push("c", "c1");
  line.push("b", "b2");
  expect(line.remove("a", "a3")).toBe(true);
  expect(line.remove("a", "a3")).toBe(false);
  const served: string[] = [];
  for (let next = line.shift(); next; next = line.shift()) served.push(next);
  expect(served).toEqual(["b1", "a2", "c1", "b2", "a4"]);
  expect(line.isEmpty).toBe(true);
});
