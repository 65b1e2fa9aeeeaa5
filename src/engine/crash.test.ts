import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { systemClock } from "../base/index.ts";
import { cgroupExists, createCgroup, enterCgroup } from "../kernel/index.ts";
import { leftovers, openTestHome, type TestHome, until } from "./testing/test-home.ts";

const INSTANCE_ID = "e57e55";

/** An engine in a process of its own. */
class ChildEngine {
  readonly #process: ChildProcess;
  #lines: string[] = [];
  readonly exited: Promise<unknown>;

  constructor(dir: string, failpoints = "") {
    const script = join(import.meta.dirname, "testing", "crash-child.ts");
    this.#process = spawn(process.execPath, [script, dir, INSTANCE_ID], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, GANTRY_FAILPOINTS: failpoints, NODE_NO_WARNINGS: "1" },
    });
    this.exited = once(this.#process, "exit");
    this.#process.stdin!.on("error", () => {});
    this.#process.stdout!.on("data", (chunk: Buffer) =>
      this.#lines.push(...chunk.toString().split("\n").filter(Boolean)),
    );
  }

  async answer(): Promise<string> {
    await until(
      () => this.#lines.length > 0 || this.#process.exitCode !== null || this.#process.signalCode !== null,
      15_000,
    );
    return this.#lines.shift() ?? "gone";
  }

  ask(...command: string[]): Promise<string> {
    this.#process.stdin!.write(`${JSON.stringify(command)}\n`);
    return this.answer();
  }

  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.exited;
  }
}

async function reopened(dir: string, check: (home: TestHome) => Promise<void>): Promise<void> {
  const home = await openTestHome({ dir, instanceId: INSTANCE_ID });
  try {
    await home.engine.reconcile();
    await check(home);
    for (const { Id } of await home.engine.listContainers({ all: true })) {
      await home.engine.removeContainer(Id, { force: true });
    }
    await until(async () => (await leftovers(home)).length === 0).catch(() => {});
    expect(await leftovers(home)).toEqual([]);
  } finally {
    await home.close();
  }
}

describe("kill -9 of the program", () => {
  it("leaves containers running; the next one adopts them and misses nothing", async () => {
    const dir = await mkdtemp(join(tmpdir(), "gantry-crash-"));
    const child = new ChildEngine(dir);
    expect(await child.answer()).toBe("ready");
    const counter = await child.ask(
      "start",
      "counter",
      "sh",
      "-c",
      "i=0; while [ $i -lt 120 ]; do echo $i; i=$((i+1)); sleep 0.02; done; exit 3",
    );
    await child.ask("start", "short", "sh", "-c", "sleep 0.3; echo bye; exit 5");
    await child.kill();
    await systemClock.sleep(500);
    await reopened(dir, async (home) => {
      expect(home.engine.containerState(counter)?.Status).toBe("running");
      const short = await home.engine.inspectContainer("short");
      expect(short.State).toMatchObject({ Status: "exited", ExitCode: 5 });
      expect((await home.output("short")).stdout).toBe("bye\n");
      expect(await home.engine.waitContainer(counter)).toEqual({ exitCode: 3 });
      const lines = Array.from({ length: 120 }, (_, index) => `${index}\n`).join("");
      expect((await home.output(counter)).stdout).toBe(lines);
    });
  }, 40_000);

  it("leaves no cgroup of a container whose making or removal was cut off", async () => {
    const dir = await mkdtemp(join(tmpdir(), "gantry-crash-"));
    const child = new ChildEngine(dir);
    expect(await child.answer()).toBe("ready");
    const running = await child.ask("start", "running", "sleep", "100");
    await child.kill();
    const strays = [
      `/gantry-${INSTANCE_ID}/${"a".repeat(64)}`,
      `/gantry-${INSTANCE_ID}/kubepods/pod1/${"b".repeat(64)}`,
    ];
    for (const path of strays) createCgroup(path);
    const left = spawn("sleep", ["100"]);
    enterCgroup(strays[0]!, left.pid!);
    const ended = once(left, "exit");
    await reopened(dir, async (home) => {
      expect(strays.filter(cgroupExists)).toEqual([]);
      await ended;
      expect(home.engine.containerState(running)?.Status).toBe("running");
    });
  }, 40_000);

  it.each([
    ["engine/create/snapshot", undefined],
    ["runtime/create/spawned", "created"],
    ["engine/start/created", "created"],
    ["engine/exit/saved", "exited"],
    ["engine/remove/recorded", undefined],
  ])(
    "at %s leaves nothing half done",
    async (point, status) => {
      const dir = await mkdtemp(join(tmpdir(), "gantry-crash-"));
      const child = new ChildEngine(dir, `${point}=kill`);
      expect(await child.answer()).toBe("ready");
      await child.ask("start", "victim", "sh", "-c", "exit 7");
      if (status !== "created") await child.ask("remove", "victim");
      await child.exited;
      await reopened(dir, async (home) => {
        const found = (await home.engine.listContainers({ all: true })).map((summary) => summary.State);
        expect(found).toEqual(status === undefined ? [] : [status]);
        if (status === "exited")
          expect((await home.engine.inspectContainer("victim")).State.ExitCode).toBe(7);
        // Whatever happened, it can be started now.
        if (status !== undefined) {
          const ended = home.engine.waitContainer("victim", "next-exit");
          await home.engine.startContainer("victim");
          expect(await ended).toEqual({ exitCode: 7 });
        }
      });
    },
    40_000,
  );
});
