import { expect, it } from "vitest";
import { encodeMsgpack, MsgpackExtension, type MsgpackValue } from "./msgpack.ts";

// The bytes are those of the specification's own table of formats.
const CASES: [MsgpackValue, string][] = [
  [null, "c0"],
  [true, "c3"],
  [127, "7f"],
  [-1, "ff"],
  [128, "ce00000080"],
  [1_700_000_000, "ce6553f100"],
  [-33, "d3ffffffffffffffdf"],
  [2 ** 40, "cf0000010000000000"],
  ["", "a0"],
  ["ä", "a2c3a4"],
  ["x".repeat(32), `d920${"78".repeat(32)}`],
  [new Uint8Array([1, 2]), "c4020102"],
  [["a", { b: [1] }], "92a16181a16291".concat("01")],
  [new MsgpackExtension(0, Buffer.alloc(8, 1)), `d700${"01".repeat(8)}`],
  [new MsgpackExtension(5, Buffer.alloc(3, 1)), "c70305010101"],
];

it.each(CASES)("%j", (value, hex) => {
  expect(encodeMsgpack(value).toString("hex")).toBe(hex);
});

it("longer ones say their length in more bytes", () => {
  expect(encodeMsgpack("x".repeat(300)).subarray(0, 3).toString("hex")).toBe("da012c");
  expect(encodeMsgpack("x".repeat(70_000)).subarray(0, 5).toString("hex")).toBe("db00011170");
  expect(encodeMsgpack(Array(20).fill(0)).subarray(0, 3).toString("hex")).toBe("dc0014");
});
