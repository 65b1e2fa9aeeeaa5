import { Buffer } from "node:buffer";
import fc from "fast-check";
import { expect, it } from "vitest";
import { compareUtf8 } from "./utf8-order.ts";

it("orders texts as their bytes", () => {
  const texts = fc
    .array(fc.constantFrom("a", "b", "é", "\uffee", "\ue000", "\u{1f600}", "\u{10000}", ""))
    .map((all) => all.join(""));
  fc.assert(
    fc.property(texts, texts, (a, b) => {
      expect(Math.sign(compareUtf8(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
  );
});
