import { createHash } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../base/index.ts";
import { collector, leftovers, openTestHome, type TestHome, until } from "./testing/test-home.ts";
import type { ContainerConfig, LogEntry } from "./types.ts";

let home: TestHome;

beforeAll(async () => {
  home = await openTestHome({ instanceId: "e57e51" });
}, 60_000);

afterAll(async () => {
  await home?.close();
}, 60_000);

const engine = () => home.engine;
const interactive = (more: Partial<ContainerConfig> = {}): { config: ContainerConfig } => ({
  config: { Image: "busybox", OpenStdin: true, StdinOnce: true, AttachStdin: true, ...more },
});

async function attachAndStart(id: string, stdin?: PassThrough, stderr?: PassThrough) {
  const output = collector();
  let attached = () => {};
  const ready = new Promise<void>((resolve) => {
    attached = resolve;
  });
  const done = engine().attachContainer(
    id,
    { stdin, stdout: output.stream, stderr },
    { stream: true, onAttached: attached },
  );
  await ready;
  await engine().startContainer(id);
  return { output, done };
}

describe("attach", () => {
  it("before the start sees everything, and ends with the container", async () => {
    const id = await home.create(["sh", "-c", "echo one; echo two >&2; printf three"], {
      hostConfig: { AutoRemove: true },
    });
    const errors = collector();
    const { output, done } = await attachAndStart(id, undefined, errors.stream);
    await done;
    expect(output.text()).toBe("one\nthree");
    expect(errors.text()).toBe("two\n");
  });

  it("passes input on and its end", async () => {
    const id = await home.create(["cat"], interactive());
    const stdin = new PassThrough();
    const { output, done } = await attachAndStart(id, stdin);
    const sent = Buffer.alloc(300_000, "0123456789abcdef\n");
    stdin.write(sent);
    stdin.end("the end");
    await done;
    expect(output.bytes().equals(Buffer.concat([sent, Buffer.from("the end")]))).toBe(true);
    await engine().removeContainer(id);
  });

  it("hands over binary output byte for byte, to a slow reader too", async () => {
    const id = await home.create(["sh", "-c", "dd if=/dev/urandom bs=64k count=64 2>/dev/null | tee /sum"], {
      config: {
        Image: "busybox",
        Entrypoint: [],
        Cmd: [
          "sh",
          "-c",
          "dd if=/dev/urandom of=/data bs=64k count=64 2>/dev/null; cat /data; cat /data | md5sum >&2",
        ],
      },
    });
    const slow = new PassThrough({ highWaterMark: 1000 });
    const errors = collector();
    const hash = createHash("md5");
    let received = 0;
    const reading = (async () => {
      for await (const chunk of slow) {
        hash.update(chunk as Buffer);
        received += (chunk as Buffer).length;
        if (received % 7 === 0) await systemClock.sleep(1);
      }
    })();
    let attached = () => {};
    const ready = new Promise<void>((resolve) => {
      attached = resolve;
    });
    const done = engine().attachContainer(
      id,
      { stdout: slow, stderr: errors.stream },
      { stream: true, onAttached: attached },
    );
    await ready;
    await engine().startContainer(id);
    await done;
    slow.end();
    await reading;
    expect(received).toBe(64 * 65536);
    expect(hash.digest("hex")).toBe(errors.text().split(" ")[0]);
    await engine().removeContainer(id);
  });

  it("with a terminal echoes, resizes, and leaves when the client goes", async () => {
    const id = await home.create(["sh", "-c", "stty size; read x; stty size; echo got $x; sleep 100"], {
      ...interactive({ Tty: true }),
      hostConfig: { ConsoleSize: [22, 77] },
    });
    const stdin = new PassThrough();
    const controller = new AbortController();
    const output = collector();
    const done = engine().attachContainer(
      id,
      { stdin, stdout: output.stream },
      { stream: true, signal: controller.signal },
    );
    await engine().startContainer(id);
    await until(() => output.text().includes("22 77"));
    await engine().resizeContainer(id, 90, 33);
    stdin.write("hello\n");
    await until(() => output.text().includes("got hello"));
    expect(output.text()).toBe("22 77\r\nhello\r\n33 90\r\ngot hello\r\n");
    controller.abort();
    await done;
    expect(engine().containerState(id)?.Running).toBe(true);
    await engine().removeContainer(id, { force: true });
  });

  it("again to a container that keeps its input open", async () => {
    const id = await home.create(
      ["sh", "-c", "while read x; do echo got $x; done"],
      interactive({ StdinOnce: false }),
    );
    await engine().startContainer(id);
    for (const word of ["one", "two"]) {
      const stdin = new PassThrough();
      const output = collector();
      const controller = new AbortController();
      const done = engine().attachContainer(
        id,
        { stdin, stdout: output.stream },
        { stream: true, signal: controller.signal },
      );
      stdin.end(`${word}\n`);
      await until(() => output.text() === `got ${word}\n`);
      controller.abort();
      await done;
    }
    expect(engine().containerState(id)?.Running).toBe(true);
    await engine().removeContainer(id, { force: true });
  });

  it("does not hold up a container whose attached client does not read its copy", async () => {
    const id = await home.create(["sh", "-c", "read x; seq 1 200000; echo done"], interactive());
    const stdin = new PassThrough();
    const { output, done } = await attachAndStart(id, stdin);
    stdin.write("go\n");
    await done;
    expect(output.text().endsWith("200000\ndone\n")).toBe(true);
    await engine().removeContainer(id);
  });
});

describe("logs", () => {
  async function collect(id: string, options: Partial<Parameters<TestHome["engine"]["containerLogs"]>[1]>) {
    const entries: LogEntry[] = [];
    for await (const some of engine().containerLogs(id, {
      stdout: true,
      stderr: true,
      follow: false,
      ...options,
    })) {
      entries.push(...some);
    }
    return entries;
  }
  const text = (entries: LogEntry[]) => entries.map((entry) => entry.data.toString()).join("");

  it("are cut by tail, since and stream", async () => {
    const { id } = await home.run(["sh", "-c", "seq 1 5; echo e >&2; sleep 0.1; echo late; printf end"]);
    expect(text(await collect(id, { tail: 3 }))).toBe("e\nlate\nend");
    expect(text(await collect(id, { tail: 0 }))).toBe("");
    expect(text(await collect(id, { stdout: false }))).toBe("e\n");
    const all = await collect(id, {});
    expect(all[0]?.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    const late = all.find((entry) => entry.data.toString() === "late\n")!;
    const lateMs = Date.parse(late.timestamp);
    expect(text(await collect(id, { sinceMs: lateMs - 20 }))).toBe("late\nend");
    expect(text(await collect(id, { untilMs: lateMs - 20 }))).toBe("1\n2\n3\n4\n5\ne\n");
    await engine().removeContainer(id);
  });

  it("are followed until the container ends", async () => {
    const id = await home.create(["sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.05; done"]);
    await engine().startContainer(id);
    expect(text(await collect(id, { follow: true }))).toBe("1\n2\n3\n");
    await engine().removeContainer(id);
  });

  it("are rotated, followers miss nothing", async () => {
    const id = await home.create(
      ["sh", "-c", "i=0; while [ $i -lt 60 ]; do seq 1 400; i=$((i+1)); sleep 0.05; done"],
      {
        hostConfig: { LogConfig: { Type: "json-file", Config: { "max-size": "100k", "max-file": "2" } } },
      },
    );
    await engine().startContainer(id);
    const followed = text(await collect(id, { follow: true }));
    const once = Array.from({ length: 400 }, (_, index) => `${index + 1}\n`).join("");
    expect(followed === once.repeat(60)).toBe(true);
    const kept = text(await collect(id, {}));
    expect(kept.length).toBeLessThan(followed.length);
    expect(followed.endsWith(kept)).toBe(true);
    await engine().removeContainer(id);
  }, 20_000);
});

describe("logs with a limit", () => {
  const limited = (size: string, files: string) => ({
    hostConfig: { LogConfig: { Type: "json-file", Config: { "max-size": size, "max-file": files } } },
  });

  function bytesOf(id: string): number {
    const dir = join(home.dir, "containers", id);
    // A rotation meanwhile may show a file under two names.
    const sizes = new Map<number, number>();
    for (const name of readdirSync(dir).filter((name) => name.startsWith("container.log"))) {
      const stats = statSync(join(dir, name), { throwIfNoEntry: false });
      if (stats) sizes.set(stats.ino, stats.size);
    }
    return [...sizes.values()].reduce((sum, size) => sum + size, 0);
  }

  /** Without the first, of which only the end may be there. */
  async function numbersOf(id: string): Promise<number[]> {
    return (await home.output(id)).stdout.trimEnd().split("\n").slice(1).map(Number);
  }

  const gapsIn = (numbers: readonly number[]) =>
    numbers.flatMap((value, at) =>
      at > 0 && value !== numbers[at - 1]! + 1 ? [[numbers[at - 1], value]] : [],
    );

  it("stay within it while a container writes much", async () => {
    // Some 60 MB, 1 MB at a time.
    const script =
      "i=0; while [ $i -lt 60 ]; do seq 100001 118000; i=$((i+1)); sleep 0.02; done; echo 118001";
    const id = await home.create(["sh", "-c", script], limited("10m", "1"));
    const ended = engine().waitContainer(id, "next-exit");
    await engine().startContainer(id);
    let most = 0;
    let isOver = false;
    void ended.then(() => {
      isOver = true;
    });
    while (!isOver) {
      most = Math.max(most, bytesOf(id));
      await systemClock.sleep(5);
    }
    expect(most).toBeGreaterThan(6_000_000);
    expect(most).toBeLessThan(10_000_000 * 1.1);
    const kept = await numbersOf(id);
    expect(gapsIn(kept).filter(([before, after]) => before !== 118_000 || after !== 100_001)).toEqual([]);
    expect(kept.at(-1)).toBe(118_001);
    await engine().removeContainer(id);
  }, 30_000);

  it("are whole when the container ends near a rotation", async () => {
    const runs = Array.from({ length: 24 }, async (_, index) => {
      const { id } = await home.run(["sh", "-c", `seq 1 ${20_000 + 300 * index}`], limited("1m", "1"));
      const kept = await numbersOf(id);
      expect(kept.at(-1)).toBe(20_000 + 300 * index);
      expect(gapsIn(kept)).toEqual([]);
      await engine().removeContainer(id);
    });
    await Promise.all(runs);
  }, 30_000);
});

describe("afterwards", () => {
  it("nothing is left", async () => {
    await until(async () => (await leftovers(home)).length === 0, 3000).catch(() => {});
    expect(await leftovers(home)).toEqual([]);
  });
});
