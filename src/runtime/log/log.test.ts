import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LogLineParser, timestampMs } from "./cri-log-line.ts";
import { tailOffset } from "./log-tail.ts";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "gantry-log-"));
});
afterAll(() => rm(dir, { recursive: true }));

const TIME = "2026-01-02T03:04:05.678901234+00:00";
const line = (data: string, stream = "stdout", tag = "F") => `${TIME} ${stream} ${tag} ${data}\n`;

describe("the log's lines", () => {
  it("give back what was written, however it is cut", () => {
    const piece = fc.record({
      text: fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\n", "")),
      stream: fc.constantFrom("stdout", "stderr"),
      tag: fc.constantFrom("F", "P"),
    });
    fc.assert(
      fc.property(fc.array(piece), fc.integer({ min: 1, max: 40 }), (pieces, size) => {
        const bytes = Buffer.from(pieces.map((one) => line(one.text, one.stream, one.tag)).join(""));
        const parser = new LogLineParser();
        const out = { stdout: "", stderr: "" };
        const chunks: Buffer[] = [];
        for (let at = 0; at < bytes.length; at += size) {
          for (const found of parser.push(bytes.subarray(at, at + size))) {
            chunks.push(found.data);
            out[found.stream] += found.data.toString();
          }
        }
        for (const stream of ["stdout", "stderr"] as const) {
          const wanted = pieces
            .filter((one) => one.stream === stream)
            .map((one) => one.text + (one.tag === "F" ? "\n" : ""));
          expect(out[stream]).toBe(wanted.join(""));
        }
        expect(parser.pendingBytes).toBe(0);
      }),
    );
  });

  it("have their times in UTC, and are skipped when they are none", () => {
    const parser = new LogLineParser();
    const found = parser.push(Buffer.from(`garbage\n${line("a").replace("+00:00", "+02:00")}\n`));
    expect(found.map((one) => one.timestamp)).toEqual(["2026-01-02T01:04:05.678901234Z"]);
    expect(timestampMs("2026-01-02T03:04:05.678901234Z")).toBeCloseTo(
      Date.UTC(2026, 0, 2, 3, 4, 5) + 678.901234,
      5,
    );
  });
});

describe("the tail", () => {
  it("is what counting from the front says", async () => {
    const path = join(dir, "tail");
    const tags = fc.array(fc.record({ tag: fc.constantFrom("F", "P"), text: fc.string({ maxLength: 5 }) }), {
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(tags, fc.integer({ min: 0, max: 12 }), async (lines, wanted) => {
        const texts = lines.map((one) => line(one.text.replaceAll(/[\n\r]/g, ""), "stdout", one.tag));
        await writeFile(path, texts.join(""));
        // Parts and the whole that ends them are one line; what stands last is one even without an end.
        const groups: string[] = [];
        let isOpen = false;
        for (const [index, text] of texts.entries()) {
          if (isOpen) groups[groups.length - 1] += text;
          else groups.push(text);
          isOpen = lines[index]!.tag === "P";
        }
        const file = await open(path, "r");
        try {
          const { size } = await file.stat();
          const { offset, missing } = await tailOffset(file, size, wanted);
          expect(texts.join("").slice(offset)).toBe(wanted === 0 ? "" : groups.slice(-wanted).join(""));
          expect(missing).toBe(Math.max(0, wanted - groups.length));
        } finally {
          await file.close();
        }
      }),
      { numRuns: 60 },
    );
  });
});
