import fc from "fast-check";
import { expect, it } from "vitest";
import { inPieces, PIECE_BYTES } from "./pieces.ts";

it("keeps all bytes, in pieces of a bounded size, and copies nothing that is large", () => {
  const size = fc.oneof(fc.nat(50), fc.nat(3 * PIECE_BYTES));
  fc.assert(
    fc.property(fc.array(size, { maxLength: 20 }), (sizes) => {
      const parts = sizes.map((bytes, n) => Buffer.alloc(bytes, n));
      const pieces = [...inPieces(parts)];
      expect(Buffer.concat(pieces).equals(Buffer.concat(parts))).toBe(true);
      expect(pieces.every(({ length }) => length > 0 && length <= PIECE_BYTES)).toBe(true);
      const total = sizes.reduce((sum, bytes) => sum + bytes, 0);
      expect(pieces.length).toBeLessThanOrEqual(Math.ceil(total / PIECE_BYTES) * 2 + sizes.length);
    }),
  );
  const large = Buffer.alloc(2 * PIECE_BYTES);
  expect([...inPieces([large])].every(({ buffer }) => buffer === large.buffer)).toBe(true);
});
