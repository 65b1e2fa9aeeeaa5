import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LogLine } from "./cri-log-line.ts";
import { LogReader } from "./log-reader.ts";
import { dropOldest, moveAside, undoMove } from "./log-rotation.ts";

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gantry-log-"));
  path = join(dir, "container.log");
});
afterEach(() => rmSync(dir, { recursive: true }));

const line = (text: string) => `2026-01-02T03:04:05.678901234+00:00 stdout F ${text}\n`;

/** As the monitor opens its log anew. */
function reopen(): void {
  writeFileSync(`${path}.tmp`, "");
  renameSync(`${path}.tmp`, path);
}

async function all(lines: AsyncIterable<LogLine[]>): Promise<string[]> {
  const seen: string[] = [];
  for await (const batch of lines) seen.push(...batch.map(({ data }) => String(data).trimEnd()));
  return seen;
}

async function written(tail?: number): Promise<string[]> {
  const reader = new LogReader(path);
  try {
    return await all(reader.written({ tail }));
  } finally {
    await reader.close();
  }
}

/** A reader that follows; `seen` grows. */
function follow(): { seen: string[]; until(text: string): Promise<void>; end(): Promise<string[]> } {
  const reader = new LogReader(path);
  const seen: string[] = [];
  let finished = false;
  let wake = () => {};
  const following = (async () => {
    try {
      for (const lines of [reader.written(), reader.follow({ finished: () => finished })]) {
        for await (const batch of lines) {
          seen.push(...batch.map(({ data }) => String(data).trimEnd()));
          wake();
        }
      }
    } finally {
      await reader.close();
    }
  })();
  return {
    seen,
    async until(text) {
      while (!seen.includes(text)) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    async end() {
      finished = true;
      reader.wake();
      await following;
      return seen;
    },
  };
}

describe("reading", () => {
  it("knows all files of a log, and the tail across them", async () => {
    writeFileSync(path, line("1") + line("2"));
    moveAside(path);
    reopen();
    appendFileSync(path, line("3"));
    moveAside(path);
    reopen();
    appendFileSync(path, line("4"));
    expect(await written()).toEqual(["1", "2", "3", "4"]);
    expect(await written(3)).toEqual(["2", "3", "4"]);
    expect(await written(1)).toEqual(["4"]);
    expect(await written(0)).toEqual([]);
    expect(await written(9)).toEqual(["1", "2", "3", "4"]);
    dropOldest(path, 2);
    expect(await written()).toEqual(["3", "4"]);
  });

  it("finds the log in the middle of a rotation, and nothing where there is none", async () => {
    expect(await written()).toEqual([]);
    writeFileSync(path, line("1"));
    moveAside(path);
    expect(await written()).toEqual(["1"]);
  });

  it("reads what there was at its beginning, whatever a rotation does meanwhile", async () => {
    writeFileSync(path, line("1"));
    moveAside(path);
    reopen();
    appendFileSync(path, line("2"));
    const reader = new LogReader(path);
    const lines = reader.written();
    const first = (await lines.next()).value as LogLine[];
    moveAside(path);
    reopen();
    appendFileSync(path, line("3"));
    dropOldest(path, 1);
    expect([...first.map(({ data }) => String(data).trimEnd()), ...(await all(lines))]).toEqual(["1", "2"]);
    await reader.close();
  });
});

describe("a rotation that comes to nothing", () => {
  it("is taken back: the writer ended before it had the new file, or wrote nothing to it", async () => {
    writeFileSync(path, line("1"));
    moveAside(path);
    reopen();
    appendFileSync(path, line("2"));
    moveAside(path);
    undoMove(path);
    expect(await written()).toEqual(["1", "2"]);
    moveAside(path);
    reopen();
    undoMove(path);
    expect(await written()).toEqual(["1", "2"]);
    undoMove(path);
    expect(await written()).toEqual(["1", "2"]);
  });

  it("does not make a follower see lines twice", async () => {
    writeFileSync(path, line("1"));
    const follower = follow();
    await follower.until("1");
    moveAside(path);
    reopen();
    // It has the empty file open now, or will find it gone.
    await new Promise((resolve) => setTimeout(resolve, 20));
    undoMove(path);
    appendFileSync(path, line("2"));
    await follower.until("2");
    expect(await follower.end()).toEqual(["1", "2"]);
  });
});

describe("following", () => {
  it("picks up half lines where reading stopped", async () => {
    writeFileSync(path, line("1") + line("2").slice(0, 20));
    const follower = follow();
    await follower.until("1");
    appendFileSync(path, line("2").slice(20));
    await follower.until("2");
    moveAside(path);
    appendFileSync(`${path}.1`, line("3"));
    reopen();
    appendFileSync(path, line("4"));
    expect(await follower.end()).toEqual(["1", "2", "3", "4"]);
  });

  it("misses nothing while it is slow, though what comes next is dropped meanwhile", async () => {
    const old = Array.from({ length: 400 }, (_, index) => `${index} ${"x".repeat(1000)}`);
    writeFileSync(path, "");
    const reader = new LogReader(path);
    expect(await all(reader.written())).toEqual([]);
    appendFileSync(path, old.map(line).join(""));
    let finished = false;
    const following = reader.follow({ finished: () => finished });
    const seen: string[] = [];
    for (let round = 1; round <= 4; round++) {
      reader.wake();
      // One piece of the old file, which is far from its end.
      const { value } = await following.next();
      seen.push(...(value as LogLine[]).map(({ data }) => String(data).trimEnd()));
      moveAside(path);
      reopen();
      dropOldest(path, 1);
      appendFileSync(path, line(`round ${round}`));
    }
    finished = true;
    reader.wake();
    seen.push(...(await all(following)));
    await reader.close();
    expect(seen).toEqual([...old, ...[1, 2, 3, 4].map((round) => `round ${round}`)]);
  });

  it("waits for a file that is not there yet, and ends on abort", async () => {
    const abort = new AbortController();
    const reader = new LogReader(path, abort.signal);
    const seen: string[] = [];
    const following = (async () => {
      for await (const batch of reader.follow({ finished: () => false })) {
        seen.push(...batch.map(({ data }) => String(data).trimEnd()));
        abort.abort();
      }
    })();
    writeFileSync(path, line("here"));
    await following;
    await reader.close();
    expect(seen).toEqual(["here"]);
  });

  it("sees each line once, in order, whatever rotations come between", async () => {
    const step = fc.constantFrom("write", "rotate", "move", "reopen", "undo", "look");
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        rmSync(dir, { recursive: true });
        dir = mkdtempSync(join(tmpdir(), "gantry-log-"));
        path = join(dir, "container.log");
        writeFileSync(path, line("begin"));
        // The writer's open file keeps its place under any name.
        let place = path;
        let count = 0;
        const follower = follow();
        for (const what of steps) {
          if (what === "write") appendFileSync(place, line(String(count++)));
          else if (what === "look") await new Promise((resolve) => setImmediate(resolve));
          else if (what === "undo" && place !== path) {
            undoMove(path);
            place = path;
          } else if (place === path && (what === "rotate" || what === "move")) {
            moveAside(path);
            place = `${path}.1`;
          }
          if (place !== path && (what === "rotate" || what === "reopen")) {
            reopen();
            place = path;
          }
        }
        if (place !== path) undoMove(path);
        const wanted = ["begin", ...Array.from({ length: count }, (_, index) => String(index))];
        expect(await follower.end()).toEqual(wanted);
        expect(await written()).toEqual(wanted);
      }),
      { numRuns: 60 },
    );
  });
});
