import * as fs from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readAll, silentLogger } from "../../base/index.ts";
import { useEngineHouse } from "../../docker-api/testing/engine-house.ts";
import { createEngineRunExecutor } from "../engine-run-executor.ts";
import { CacheSharing, MountType } from "../llb/messages.ts";
import { createSolver, type LocalSolver } from "../solver/index.ts";
import { sessionOf, startJob, TestGraph, type TestJob, textIn } from "../solver/solver-house.test-support.ts";

const house = useEngineHouse();
let solver: LocalSolver;
let context: string;
let job: TestJob;
let graph: TestGraph;

beforeAll(async () => {
  solver = createSolver({
    stateDir: join(house.dir, "solver"),
    images: house.images,
    executor: createEngineRunExecutor(house.engine),
    removeContainer: (id) => house.engine.removeContainer(id, { force: true, removeVolumes: true }),
    logger: silentLogger,
  });
  await solver.open();
});

afterAll(() => solver.close());

beforeEach(() => {
  context = fs.mkdtempSync(join(tmpdir(), "gantry-context-"));
  fs.mkdirSync(join(context, "sub"));
  fs.writeFileSync(join(context, "sub/file"), "from the client");
  graph = new TestGraph();
  job = startJob({ solver }, { session: sessionOf(context, { secret: async (id) => secrets[id] }) });
});

const secrets: Record<string, Buffer> = { token: Buffer.from("very secret") };

afterEach(async () => {
  await job.close();
  fs.rmSync(context, { recursive: true, force: true });
});

let scripts = 0;

/** Each of its own, so that none is found in the cache. */
function script(text: string, options: Parameters<TestGraph["run"]>[2] = {}) {
  return graph.run(graph.image("busybox"), ["/bin/sh", "-c", `: ${++scripts}\n${text}`], options);
}

async function runScript(text: string, options: Parameters<TestGraph["run"]>[2] = {}): Promise<string> {
  await job.get(graph, script(text, options));
  return job.logs();
}

async function exitOf(text: string): Promise<string> {
  return (await job.get(graph, script(text)).catch((error: Error) => error.message)) as string;
}

/** Names of what a command's layer holds. */
async function changedBy(output: ReturnType<TestGraph["run"]>): Promise<string[]> {
  const tree = await job.get(graph, output);
  const layers = await tree.layers();
  const diffDir = join(house.dir, "images/layers", layers.at(-1)!.diffId.slice("sha256:".length), "diff");
  return (fs.readdirSync(diffDir, { recursive: true }) as string[]).sort();
}

describe("commands", () => {
  it("runs in a container, and what it wrote becomes a layer", async () => {
    const output = script("echo hello; echo oops >&2; echo made > /made; hostname; pwd; id -u");
    const tree = await job.get(graph, output);
    expect(await textIn(tree, "/made")).toBe("made\n");
    const said = (stream: number) =>
      job.events
        .filter((event) => event.kind === "log")
        .filter((event) => event.stream === stream)
        .map(({ data }) => data.toString())
        .join("");
    expect(said(1)).toBe("hello\nbuildkitsandbox\n/\n0\n");
    expect(said(2)).toBe("oops\n");
    expect(await changedBy(output)).toEqual(["made"]);
  });

  it("has nothing left of it in the engine", async () => {
    await runScript("true");
    expect(await house.engine.listContainers({ all: true })).toEqual([]);
    await expect.poll(() => house.images.listSnapshots()).toEqual([]);
  });

  it.each([
    ["exit 3", "exit code: 3"],
    ["sh -c 'kill -9 $$'; exit $?", "exit code: 137"],
    ["exec /nowhere", "exit code: 127"],
  ])("says how %s ended", async (text, message) => {
    expect(await exitOf(text)).toContain(`did not complete successfully: ${message}`);
  });

  it("takes other exit codes for success where that is wished", async () => {
    await runScript("exit 3", {
      op: { meta: { args: ["/bin/sh", "-c", "exit 3"], cwd: "/", validExitCodes: [0, 3] } },
    });
  });

  it("says that a command took more memory than it may", async () => {
    const output = script("x=aaaaaaaaaaaaaaaa; while true; do x=$x$x$x$x; done", {
      metadata: { linuxResources: { memory: 16 * 2 ** 20, memorySwap: 16 * 2 ** 20 } },
    });
    await expect(job.get(graph, output)).rejects.toThrow(
      "did not complete successfully: cannot allocate memory",
    );
  });

  it("makes the directory that it works in", async () => {
    const output = script("", { op: { meta: { args: ["/bin/sh", "-c", "pwd"], cwd: "/not/there/yet" } } });
    const tree = await job.get(graph, output);
    expect(job.logs()).toBe("/not/there/yet\n");
    expect((await tree.stat("/not/there/yet")).mode & 0o777).toBe(0o755);
  });

  it("mounts another result, part of it, without a trace", async () => {
    const local = graph.local();
    const output = script("cat /mnt/deep/file > /got; echo x > /mnt/deep/new && echo written", {
      inputs: [local],
      mounts: [{ input: 1, selector: "/sub", dest: "/mnt/deep", output: -1, readonly: true }],
    });
    await expect(job.get(graph, output)).rejects.toThrow("exit code: 1");
    expect(job.logs()).toContain("Read-only file system");
    const reading = script("cat /mnt/deep/file > /got", {
      inputs: [local],
      mounts: [{ input: 1, selector: "/sub", dest: "/mnt/deep", output: -1, readonly: true }],
    });
    expect(await textIn(await job.get(graph, reading), "/got")).toBe("from the client");
    expect(await changedBy(reading)).toEqual(["got"]);
  });

  it("writes into a mount that becomes an output, and into one that is thrown away", async () => {
    const local = graph.local();
    const output = script("echo more > /mnt/more; cat /mnt/sub/file", {
      inputs: [local],
      mounts: [{ input: 1, dest: "/mnt", output: 1 }],
    });
    const tree = await job.get(graph, { digest: output.digest, index: 1 });
    expect(await textIn(tree, "/more")).toBe("more\n");
    expect(await textIn(tree, "/sub/file")).toBe("from the client");
    expect(fs.existsSync(join(context, "more"))).toBe(false);
    await runScript("echo x > /mnt/thrown", {
      inputs: [local],
      mounts: [{ input: 1, dest: "/mnt", output: -1 }],
    });
    const again = await job.get(graph, graph.local());
    await expect(again.readFile("/thrown")).rejects.toThrow("no such file");
  });

  it("has a tmpfs", async () => {
    const logs = await runScript("mount | grep ' /scratch '; echo x > /scratch/x", {
      mounts: [
        {
          input: -1,
          dest: "/scratch",
          output: -1,
          mountType: MountType.TMPFS,
          tmpfs: { sizeBytes: 1 << 20 },
        },
      ],
    });
    expect(logs).toMatch(/^tmpfs on \/scratch type tmpfs .*size=1024k/);
  });

  it("keeps a cache from run to run", async () => {
    const mounts = [
      {
        input: -1,
        dest: "/cache",
        output: -1,
        mountType: MountType.CACHE,
        cache: { id: "kept", sharing: CacheSharing.LOCKED },
      },
    ];
    await runScript("echo one >> /cache/log", { mounts });
    const output = script("echo two >> /cache/log; cat /cache/log", { mounts });
    expect(await job.get(graph, output).then(() => job.logs())).toBe("one\ntwo\n");
    const [usage] = (await solver.diskUsage()).filter(({ recordType }) => recordType === "exec.cachemount");
    expect(usage).toMatchObject({ description: "cached mount kept", usageCount: 2, inUse: false });
  });

  it("shows secrets to the command, and to nothing else", async () => {
    const output = script(
      "cat /run/secrets/token; ls -l /run/secrets/token; echo; echo $NAME; echo done > /done",
      {
        mounts: [
          {
            input: -1,
            dest: "/run/secrets/token",
            output: -1,
            mountType: MountType.SECRET,
            secret: { id: "token", mode: 0o400, uid: 5 },
          },
        ],
        op: { secretEnv: [{ id: "token", name: "NAME" }] },
      },
    );
    const tree = await job.get(graph, output);
    expect(job.logs()).toMatch(/^very secret-r-------- +1 5 /);
    expect(job.logs()).toMatch(/\nvery secret\n$/);
    expect(await changedBy(output)).toEqual(["done"]);
    await expect(tree.readDirectory("/run/secrets")).rejects.toThrow("no such file");
    const text = fs
      .readdirSync(join(house.dir, "solver/results"))
      .map((name) => fs.readFileSync(join(house.dir, "solver/results", name), "utf8"));
    expect(text.join()).not.toContain("very secret");
    const required = script("true", {
      mounts: [{ input: -1, dest: "/x", output: -1, mountType: MountType.SECRET, secret: { id: "missing" } }],
    });
    await expect(job.get(graph, required)).rejects.toThrow("secret missing: not found");
  });

  it("lets a command speak with the client's agent", async () => {
    const path = join(context, "agent");
    const server = createServer((socket) => socket.end("hello from the agent\n")).listen(path);
    const session = sessionOf(context, {
      sshAgent: async () => async () => connect(path),
    });
    const own = startJob({ solver }, { session });
    const mounts = [
      {
        input: -1,
        dest: "/run/agent.0",
        output: -1,
        mountType: MountType.SSH,
        ssh: { id: "default", mode: 0o600 },
      },
    ];
    try {
      const solving = own.get(graph, script("[ -S /run/agent.0 ] && echo there; sleep 1", { mounts }));
      await expect.poll(() => own.logs(), { timeout: 5000 }).toBe("there\n");
      const [mount = ""] = fs.readdirSync(join(house.dir, "solver/mounts"));
      const inside = connect(join(house.dir, "solver/mounts", mount, "agent"));
      expect((await readAll(inside, 100)).toString()).toBe("hello from the agent\n");
      await solving;
    } finally {
      await own.close();
      server.close();
    }
  });

  it("has a network of its own, none, or the machine's", async () => {
    const allowed = startJob({ solver }, { entitlements: ["network.host"] });
    const listing = "ls /sys/class/net | tr '\\n' ' '";
    await allowed.get(graph, script(listing));
    await allowed.get(graph, script(listing, { op: { network: 2 } }));
    expect(allowed.logs()).toBe("eth0 lo lo ");
    await allowed.get(graph, script(`readlink /proc/self/ns/net`, { op: { network: 1 } }));
    expect(allowed.logs()).toContain(fs.readlinkSync("/proc/self/ns/net"));
    await allowed.close();
  });

  it("knows extra hosts and the limits that are set", async () => {
    const logs = await runScript("", {
      op: {
        meta: {
          args: ["/bin/sh", "-c", "cat /etc/hosts; ulimit -n; echo $http_proxy"],
          cwd: "/",
          extraHosts: [{ host: "elsewhere", ip: "10.9.8.7" }],
          ulimits: [{ name: "nofile", soft: 123, hard: 456 }],
          proxyEnv: { httpProxy: "http://proxy" },
        },
      },
    });
    expect(logs).toMatch(/10\.9\.8\.7\s+elsewhere/);
    expect(logs).toMatch(/\n123\nhttp:\/\/proxy\n$/);
  });

  it("ends the command when the client is gone", async () => {
    const abort = new AbortController();
    const own = startJob({ solver }, { signal: abort.signal });
    const solving = own.get(graph, script("echo begun; sleep 1000"));
    solving.catch(() => {});
    await expect.poll(() => own.logs(), { timeout: 5000 }).toBe("begun\n");
    abort.abort(new Error("gone"));
    await expect(solving).rejects.toThrow(/cancel/);
    await own.close();
    await expect.poll(() => house.engine.listContainers({ all: true }), { timeout: 5000 }).toEqual([]);
    expect(fs.readdirSync(join(house.dir, "solver/markers"))).toEqual([]);
    expect(fs.readdirSync(join(house.dir, "solver/mounts"))).toEqual([]);
  });
});
