import { afterEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../base/manual-clock.test-support.ts";
import type { SolveEvent } from "../../build/index.ts";
import { GrpcCode, GrpcError } from "../../buildkit-api/index.ts";
import { failureExitCode, failureMessage } from "../failure-message.ts";
import { BuildTrace } from "./build-trace.ts";
import { createProgress, type ProgressMode } from "./create-progress.ts";
import { failedLogs, failureSources } from "./failure-text.ts";
import { warningsText } from "./warnings-text.ts";

const T0 = Date.UTC(2026, 0, 1);

function vertex(digest: string, name: string, more: Partial<Extract<SolveEvent, { kind: "vertex" }>> = {}) {
  return { kind: "vertex", digest, name, inputs: [], cached: false, error: "", ...more } as SolveEvent;
}

const log = (digest: string, text: string, afterMs: number): SolveEvent => ({
  ...{ kind: "log", vertex: digest, stream: 1, data: Buffer.from(text), timestampMs: T0 + afterMs },
});

const status = (digest: string, id: string, more: object): SolveEvent =>
  ({
    kind: "status",
    vertex: digest,
    id,
    name: "",
    current: 0,
    total: 0,
    timestampMs: T0,
    startedMs: T0,
    ...more,
  }) as SolveEvent;

const displays: { end(): void }[] = [];
afterEach(() => {
  for (const display of displays.splice(0)) display.end();
});

function display(mode: ProgressMode, size = { columns: 60, rows: 12 }) {
  const clock = new ManualClock(T0);
  const written: string[] = [];
  const trace = new BuildTrace();
  const progress = createProgress({
    ...{ trace, mode, clock, colors: false },
    write: (text) => written.push(text),
    columns: () => size.columns,
    rows: () => size.rows,
  });
  displays.push(progress);
  return { clock, written, trace, progress };
}

describe("plain lines", () => {
  it("have buildx's form", async () => {
    const { written, progress } = display("plain");
    progress.take([vertex("a", "[1/2] FROM busybox", { startedMs: T0, completedMs: T0 + 1, cached: true })]);
    progress.take([vertex("b", "[2/2] RUN make", { startedMs: T0 })]);
    progress.take([log("b", "one\ntw", 123), log("b", "o\n", 12_340)]);
    progress.take([vertex("b", "[2/2] RUN make", { startedMs: T0, completedMs: T0 + 12_400 })]);
    expect(written.join("")).toBe(
      "#0 building with gantry\n\n#1 [1/2] FROM busybox\n#1 CACHED\n\n#2 [2/2] RUN make\n#2 0.123 one\n#2 0.123 two\n#2 DONE 12.4s\n",
    );
  });

  it("say where another one begins to speak, and where it goes on", async () => {
    const { written, progress, clock } = display("plain");
    progress.take([vertex("a", "A", { startedMs: T0 }), vertex("b", "B", { startedMs: T0 })]);
    await clock.advance(6_000);
    progress.take([log("b", "from b\n", 6_000)]);
    progress.take([vertex("b", "B", { startedMs: T0, completedMs: T0 + 6_500 })]);
    progress.take([vertex("a", "A", { startedMs: T0, completedMs: T0 + 7_000, error: "no" })]);
    expect(written.join("")).toContain(
      "#1 A\n#1 ...\n\n#2 B\n#2 6.000 from b\n#2 DONE 6.5s\n\n#1 A\n#1 ERROR: no\n",
    );
  });

  it("tell parts with amounts, and warnings", async () => {
    const { written, progress } = display("plain");
    progress.take([
      vertex("a", "A", { startedMs: T0 }),
      status("a", "sha256:12", { current: 1_500_000, total: 4_194_304 }),
    ]);
    progress.take([
      status("a", "sha256:12", { current: 4_194_304, total: 4_194_304, completedMs: T0 + 2_000 }),
      {
        kind: "warning",
        vertex: "a",
        level: 1,
        short: "W",
        detail: [],
        url: "",
        info: undefined,
        ranges: [],
      },
      vertex("a", "A", { startedMs: T0, completedMs: T0 + 2_000 }),
    ]);
    const text = written.join("");
    expect(text).toContain("#1 sha256:12 1.50MB / 4.19MB\n");
    expect(text).toContain("#1 sha256:12 4.19MB / 4.19MB 2.0s done\n#1 WARN: W\n#1 DONE 2.0s\n");
  });

  it("call what was cancelled so", async () => {
    const { written, progress } = display("plain");
    progress.take([vertex("a", "A", { startedMs: T0, completedMs: T0, error: "context canceled" })]);
    expect(written.join("")).toContain("#1 CANCELED\n");
  });
});

/** What a terminal shows after all of it. */
function screen(written: readonly string[]): string[] {
  const lines: string[] = [];
  let row = 0;
  for (const text of written) {
    const up = /\x1b\[(\d+)A/.exec(text)?.[1];
    if (up) row -= Number(up);
    for (const line of text
      .replace(/\x1b\[[?0-9;]*[A-Za-z]/g, "")
      .split("\n")
      .slice(0, -1))
      lines[row++] = line.replace("\r", "");
    lines.length = row;
  }
  return lines;
}

describe("in a terminal", () => {
  it("shows times, cache hits and the last output of what runs, drawn again in its place", async () => {
    const { written, progress, clock } = display("tty");
    progress.take([
      vertex("a", "[1/2] FROM busybox", { startedMs: T0, completedMs: T0, cached: true }),
      vertex("b", "[2/2] RUN make", { startedMs: T0 }),
      log("b", "\x1b[1mone\x1b[0m\n10%\r20%\n", 100),
    ]);
    await clock.advance(1_500);
    expect(screen(written)).toEqual([
      expect.stringMatching(/^\[\+\] Building 1\.5s \(1\/2\) +gantry$/),
      expect.stringMatching(/^ => CACHED \[1\/2\] FROM busybox +0\.0s$/),
      expect.stringMatching(/^ => \[2\/2\] RUN make +1\.5s$/),
      " => => # one",
      " => => # 20%",
    ]);
    progress.take([vertex("b", "[2/2] RUN make", { startedMs: T0, completedMs: T0 + 2_000 })]);
    await clock.advance(500);
    progress.end();
    expect(screen(written)).toEqual([
      expect.stringMatching(/^\[\+\] Building 2\.0s \(2\/2\) FINISHED +gantry$/),
      expect.stringMatching(/CACHED/),
      expect.stringMatching(/^ => \[2\/2\] RUN make +2\.0s$/),
    ]);
  });

  it("keeps to the window, and what runs in sight", async () => {
    const { written, progress, clock } = display("tty", { columns: 40, rows: 8 });
    progress.take([vertex("run", "RUN long", { startedMs: T0 })]);
    for (let at = 0; at < 20; at++)
      progress.take([vertex(`v${at}`, `step ${at} ${"x".repeat(60)}`, { startedMs: T0, completedMs: T0 })]);
    await clock.advance(200);
    const shown = screen(written);
    expect(shown.length).toBeLessThanOrEqual(7);
    expect(Math.max(...shown.map((line) => line.length))).toBeLessThan(40);
    expect(shown.join("\n")).toContain("RUN long");
    expect(shown.join("\n")).toContain("step 19");
  });
});

describe("the end of a build that failed", () => {
  it("tells what the step said, the lines around it and why", async () => {
    const { trace, progress } = display("quiet");
    progress.take([
      vertex("a", "[2/2] RUN false", { startedMs: T0, completedMs: T0 + 1, error: "exit code: 1" }),
      log("a", "why\n", 1),
    ]);
    const source = {
      info: {
        filename: "Dockerfile",
        data: Buffer.from("FROM a\nRUN true\nRUN false\nRUN x\n").toString("base64"),
      },
      ranges: [{ start: { line: 3 }, end: { line: 3 } }],
    };
    const error = new GrpcError(GrpcCode.UNKNOWN, "exit code: 1", [
      {
        typeUrl: "github.com/moby/buildkit/errdefs.Source+json",
        value: Buffer.from(JSON.stringify(source)),
      },
    ]);
    expect(failedLogs(trace, false)).toBe("------\n > [2/2] RUN false:\n0.001 why\n------\n");
    expect(failureSources(error, "Dockerfile")).toBe(
      "Dockerfile:3\n--------------------\n   1 |     FROM a\n   2 |     RUN true\n   3 | >>> RUN false\n   4 |     RUN x\n   5 |     \n--------------------\n",
    );
  });

  it.each<[number, string, number]>([
    [GrpcCode.UNKNOWN, "failed to solve: why", 1],
    [GrpcCode.CANCELLED, "failed to solve: Canceled: why", 130],
    [GrpcCode.RESOURCE_EXHAUSTED, "failed to solve: ResourceExhausted: why", 102],
    [GrpcCode.UNIMPLEMENTED, "failed to solve: Unimplemented: why", 1],
    [GrpcCode.INTERNAL, "failed to solve: Internal: why", 100],
  ])("has buildx's words and exit code for code %i", (code, message, exitCode) => {
    const error = new GrpcError(code, "why");
    expect([failureMessage(error), failureExitCode(error)]).toEqual([message, exitCode]);
  });

  it("counts warnings", async () => {
    const warning = {
      kind: "warning",
      vertex: "",
      level: 1,
      short: "W",
      detail: [],
      url: "",
      info: undefined,
      ranges: [],
    } as const;
    expect(warningsText([], false)).toBe("");
    expect(warningsText([warning], false)).toBe("\n 1 warning found (use --debug to expand):\n - W\n");
    expect(warningsText([warning, warning], false)).toContain("2 warnings found");
  });
});
