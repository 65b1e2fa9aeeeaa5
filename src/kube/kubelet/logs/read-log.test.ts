import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../base/index.ts";
import type { PodLogOptions } from "../../client/node-access.ts";
import { aStatus } from "../testing/pods.ts";
import { chooseAttempt } from "./choose-attempt.ts";
import { readLog } from "./read-log.ts";

describe("logs", () => {
  let dir: string;
  let path: string;
  let running = false;
  let ended: () => void = () => {};
  let stop: AbortController;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "logs-"));
    path = join(dir, "0.log");
    running = false;
    stop = new AbortController();
  });
  afterEach(() => {
    stop.abort();
    rmSync(dir, { recursive: true });
  });

  const entry = (text: string, tag = "F", second = 0) =>
    `2025-01-01T00:00:${String(second).padStart(2, "0")}.123456789+00:00 stdout ${tag} ${text}\n`;

  function reader(options: PodLogOptions = {}): AsyncIterable<Uint8Array> {
    return readLog({
      ...options,
      path,
      signal: stop.signal,
      clock: systemClock,
      isRunning: async () => running,
      onEnded: (listener) => {
        ended = listener;
        return () => {};
      },
    });
  }

  async function text(options: PodLogOptions = {}): Promise<string> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of reader(options)) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }

  it("joins pieces of a line and keeps empty ones", async () => {
    writeFileSync(path, entry("a b") + entry("long ", "P") + entry("line") + entry("") + "torn");
    expect(await text()).toBe("a b\nlong line\n\n");
  });

  it("is empty while there is no file", async () => {
    expect(await text()).toBe("");
  });

  it("knows tail, timestamps, since and limits", async () => {
    writeFileSync(path, entry("one", "F", 1) + entry("two", "F", 2) + entry("three", "F", 3));
    expect(await text({ tailLines: 2 })).toBe("two\nthree\n");
    expect(await text({ tailLines: 0 })).toBe("");
    expect(await text({ tailLines: 9 })).toBe("one\ntwo\nthree\n");
    expect(await text({ tailLines: 1, timestamps: true })).toBe("2025-01-01T00:00:03.123456789Z three\n");
    expect(await text({ sinceTime: "2025-01-01T00:00:02Z" })).toBe("two\nthree\n");
    expect(await text({ sinceSeconds: 10 })).toBe("");
    expect(await text({ limitBytes: 5 })).toBe("one\nt");
  });

  it("finds the tail of a long file", async () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}`);
    writeFileSync(path, lines.map((line) => entry(line)).join(""));
    expect(await text({ tailLines: 3000 })).toBe(`${lines.slice(-3000).join("\n")}\n`);
    expect(await text()).toBe(`${lines.join("\n")}\n`);
  });

  it("follows until the container has ended, across a rotation", async () => {
    running = true;
    writeFileSync(path, entry("one"));
    const seen: string[] = [];
    let wanted: { text: string; found: () => void } | undefined;
    const until = (wantedText: string) =>
      new Promise<void>((found) => {
        if (seen.join("").includes(wantedText)) found();
        else wanted = { text: wantedText, found };
      });
    const finished = (async () => {
      for await (const chunk of reader({ follow: true })) {
        seen.push(Buffer.from(chunk).toString());
        if (wanted && seen.join("").includes(wanted.text)) wanted.found();
      }
    })();
    await until("one");
    appendFileSync(path, entry("two"));
    await until("two");
    renameSync(path, `${path}.1`);
    writeFileSync(path, entry("three"));
    await until("three");
    appendFileSync(path, entry("last"));
    running = false;
    ended();
    await finished;
    expect(seen.join("")).toBe("one\ntwo\nthree\nlast\n");
  });

  it("stops following when the reader goes away", async () => {
    running = true;
    writeFileSync(path, entry("one"));
    const all = text({ follow: true });
    await systemClock.sleep(20);
    stop.abort();
    expect(await all).toBe("one\n");
  });
});

describe("choice of the attempt", () => {
  const target = { container: "app", podName: "web", previous: false, waitingReason: undefined };
  const ended = (attempt: number) => aStatus("app", { state: "EXITED", attempt });

  it("takes the newest, or with previous the one before", () => {
    const attempts = [aStatus("app", { attempt: 2 }), ended(1)];
    expect(chooseAttempt(attempts, target).id).toBe("app-2");
    expect(chooseAttempt(attempts, { ...target, previous: true }).id).toBe("app-1");
  });

  it("takes the ended one of a container that waits to be restarted", () => {
    const waiting = { ...target, waitingReason: "CrashLoopBackOff" };
    expect(chooseAttempt([ended(1), ended(0)], waiting).id).toBe("app-1");
    expect(chooseAttempt([ended(1), ended(0)], { ...waiting, previous: true }).id).toBe("app-1");
  });

  it.each([
    [undefined, 'container "app" in pod "web" is waiting to start - no logs yet'],
    ["ContainerCreating", 'container "app" in pod "web" is waiting to start: ContainerCreating'],
    [
      "ImagePullBackOff",
      'container "app" in pod "web" is waiting to start: trying and failing to pull image',
    ],
    ["ErrImagePull", 'container "app" in pod "web" is waiting to start: image can\'t be pulled'],
  ])("says what a container waits for: %s", (waitingReason, message) => {
    expect(() => chooseAttempt([], { ...target, waitingReason })).toThrow(message);
  });

  it("says that there is no previous one", () => {
    expect(() => chooseAttempt([aStatus("app")], { ...target, previous: true })).toThrow(
      'previous terminated container "app" in pod "web" not found',
    );
  });
});
