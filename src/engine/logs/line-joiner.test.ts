import { expect, it } from "vitest";
import type { LogLine } from "../../runtime/index.ts";
import { LineJoiner } from "./line-joiner.ts";

const line = (text: string, partial = false, stream: LogLine["stream"] = "stdout"): LogLine => ({
  stream,
  timestamp: "2026-01-01T00:00:00.000000001Z",
  partial,
  data: Buffer.from(partial ? text : `${text}\n`),
});

it("joins the pieces of a line, each stream's by itself", () => {
  const joiner = new LineJoiner();
  expect(joiner.push(line("a", true))).toEqual([]);
  expect(joiner.push(line("err", false, "stderr")).map((message) => String(message.line))).toEqual(["err"]);
  const [whole] = joiner.push(line("b"));
  expect([String(whole!.line), whole!.part]).toEqual(["ab", undefined]);
  expect(joiner.rest()).toEqual([]);
});

it("hands long lines on in parts of 16 KiB", () => {
  const joiner = new LineJoiner();
  const parts = [...joiner.push(line("x".repeat(10_000), true)), ...joiner.push(line("y".repeat(30_000)))];
  expect(parts.map(({ line, part }) => [line.length, part!.ordinal, part!.isLast])).toEqual([
    [16_384, 1, false],
    [16_384, 2, false],
    [7_232, 3, true],
  ]);
  expect(new Set(parts.map(({ part }) => part!.id)).size).toBe(1);
});

it("gives what has no end when nothing more comes", () => {
  const joiner = new LineJoiner();
  joiner.push(line("open", true));
  expect(joiner.rest()).toMatchObject([{ part: { ordinal: 1, isLast: false } }]);
});
