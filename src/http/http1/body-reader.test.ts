import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BadFraming, type BodyFraming, BodyReader, framingOf } from "./body-reader.ts";

/** Reads a text in pieces; the body, and what follows it. */
function readAll(framing: BodyFraming, pieces: readonly Buffer[]) {
  const reader = new BodyReader(framing);
  const body: Buffer[] = [];
  const rest: Buffer[] = [];
  for (const piece of pieces) {
    if (reader.isOver) rest.push(piece);
    else rest.push(reader.read(piece, (part) => body.push(Buffer.from(part))));
  }
  return {
    body: Buffer.concat(body).toString("latin1"),
    rest: Buffer.concat(rest).toString("latin1"),
    isOver: reader.isOver,
  };
}

const cut = (text: string, places: readonly number[]) => {
  const bytes = Buffer.from(text, "latin1");
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...ends].map((start, index) => bytes.subarray(start, ends[index] ?? bytes.length));
};

describe("a body", () => {
  it("in chunks is the same however it comes, with what follows it", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1, unit: "binary-ascii" }), { maxLength: 8 }),
        fc.constantFrom("", ";a=b", ' ; x="y"'),
        fc.constantFrom("", "x-a: 1\r\n", "x-a: 1\r\nx-b:\r\n"),
        fc.string({ unit: "binary-ascii" }),
        fc.array(fc.nat(500)),
        (chunks, extension, trailer, next, places) => {
          const framed = chunks
            .map((chunk) => `${chunk.length.toString(16)}${extension}\r\n${chunk}\r\n`)
            .join("");
          const pieces = cut(`${framed}0${extension}\r\n${trailer}\r\n${next}`, places);
          expect(readAll({ kind: "chunked" }, pieces)).toEqual({
            body: chunks.join(""),
            rest: next,
            isOver: true,
          });
        },
      ),
    );
  });

  it("of a length is the same however it comes, with what follows it", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary-ascii" }),
        fc.string({ unit: "binary-ascii" }),
        fc.array(fc.nat(500)),
        (body, next, places) => {
          const pieces = cut(body + next, places);
          const framing = { kind: "length", bytes: body.length } as const;
          expect(readAll(framing, pieces)).toEqual({ body, rest: next, isOver: true });
        },
      ),
    );
  });

  it.each([
    ["a size that is none", "x\r\nabc\r\n"],
    ["a size with a sign", "+3\r\nabc\r\n"],
    ["a size of 13 digits", "1000000000000\r\n"],
    ["no size", "\r\nabc"],
    ["a line feed alone", "3\nabc\r\n"],
    ["a chunk that is longer than its size", "2\r\nabc\r\n0\r\n\r\n"],
    ["a line that does not end", `3;${"x".repeat(5000)}`],
    ["a trailer that is none", "0\r\nabc\r\n\r\n"],
    ["a folded trailer", "0\r\na: b\r\n c\r\n\r\n"],
    ["trailers without end", `0\r\n${"a: b\r\n".repeat(200)}`],
  ])("with %s is refused", (_, text) => {
    expect(() => readAll({ kind: "chunked" }, [Buffer.from(text)])).toThrow(BadFraming);
  });

  it.each([
    [{}, { kind: "length", bytes: 0 }],
    [{ "content-length": "12" }, { kind: "length", bytes: 12 }],
    [{ "transfer-encoding": "Chunked" }, { kind: "chunked" }],
    [{ "content-length": "12", "transfer-encoding": "chunked" }, undefined],
    [{ "transfer-encoding": "gzip, chunked" }, undefined],
    [{ "content-length": "+1" }, undefined],
    [{ "content-length": "1, 1" }, undefined],
    [{ "content-length": "0x1" }, undefined],
    [{ "content-length": "" }, undefined],
    [{ "content-length": "9999999999999999" }, undefined],
  ])("of %j is framed as %j", (headers, framing) => {
    expect(framingOf(headers)).toEqual(framing);
  });
});
