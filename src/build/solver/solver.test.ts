import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isGantryError, systemClock } from "../../base/index.ts";
import {
  importImage,
  openSolverHouse,
  type SolverHouse,
  sessionOf,
  startJob,
  TestGraph,
  textIn,
} from "./solver-house.test-support.ts";
import type { FailedOperation } from "./types.ts";

let own: SolverHouse;
let context: string;

beforeEach(async () => {
  own = await openSolverHouse();
  context = fs.mkdtempSync(join(tmpdir(), "gantry-context-"));
  fs.writeFileSync(join(context, "a.txt"), "a");
  fs.writeFileSync(join(context, "b.txt"), "b");
  await importImage(
    own,
    { "etc/": "", "etc/passwd": "root:x:0:0::/:/bin/sh\nweb:x:33:34::/:/bin/sh\n", "tmp/": "" },
    "base",
  );
});

afterEach(async () => {
  await own.close();
  fs.rmSync(context, { recursive: true, force: true });
});

/** Image, a file of the context on it, a command over both. */
function threeSteps(graph: TestGraph) {
  const copied = graph.copy(graph.local(), graph.image("base"), { src: "/a.txt", dest: "/app/a.txt" });
  return graph.run(copied, ["write", "/out", "made"]);
}

describe("the solver", () => {
  it("solves image, copy and command, and finds them again", async () => {
    const graph = new TestGraph();
    const job = startJob(own, { session: sessionOf(context) });
    const tree = await job.get(graph, threeSteps(graph));
    expect(await textIn(tree, "/app/a.txt")).toBe("a");
    expect(await textIn(tree, "/out")).toBe("made");
    expect((await tree.layers()).length).toBe(3);
    expect(job.done()).toEqual([
      "CACHED docker-image://base",
      "local://context",
      "copy /a.txt /app/a.txt",
      "write /out made",
    ]);
    const layers = await tree.layers();
    await tree.release();
    await job.close();

    const again = startJob(own, { session: sessionOf(context, { id: "another" }) });
    const next = new TestGraph();
    const cached = await again.get(next, threeSteps(next));
    expect(await cached.layers()).toEqual(layers);
    expect(own.runs).toEqual(["write /out made"]);
    expect(again.done()).toEqual([
      "CACHED docker-image://base",
      "local://context",
      "CACHED copy /a.txt /app/a.txt",
      "CACHED write /out made",
    ]);
    await cached.release();
    await again.close();
  });

  it("keeps results over a restart and the removal of the image below", async () => {
    const graph = new TestGraph();
    const result = threeSteps(graph);
    const first = startJob(own, { session: sessionOf(context) });
    await (await first.get(graph, result)).release();
    await first.close();
    await own.reopen();
    await own.house.images.remove("base", { force: true });
    await own.house.images.collectGarbage();
    await importImage(
      own,
      { "etc/": "", "etc/passwd": "root:x:0:0::/:/bin/sh\nweb:x:33:34::/:/bin/sh\n", "tmp/": "" },
      "base",
    );
    const job = startJob(own, { session: sessionOf(context) });
    await job.get(graph, result);
    expect(own.runs).toEqual(["write /out made"]);
    await job.close();
  });

  it.each([
    ["a file that the copy does not take", "b.txt", "changed", 1],
    ["a file that it takes", "a.txt", "changed", 2],
  ])("sees a change of %s", async (_what, path, text, runs) => {
    for (const change of [undefined, text]) {
      if (change !== undefined) fs.writeFileSync(join(context, path), change);
      const graph = new TestGraph();
      const job = startJob(own, { session: sessionOf(context) });
      await job.get(graph, threeSteps(graph));
      await job.close();
    }
    expect(own.runs.length).toBe(runs);
  });

  it("takes a touched file for the same, and reads only what was touched", async () => {
    const graph = new TestGraph();
    const session = sessionOf(context);
    const first = startJob(own, { session });
    await first.get(graph, threeSteps(graph));
    await first.close();
    expect(session.reads.sort()).toEqual(["a.txt", "b.txt"]);
    fs.utimesSync(join(context, "a.txt"), 1, 1);
    const second = startJob(own, { session });
    await second.get(graph, threeSteps(graph));
    await second.close();
    expect(session.reads.sort()).toEqual(["a.txt", "a.txt", "b.txt"]);
    expect(own.runs.length).toBe(1);
  });

  it("runs what two builds want at once only once, and both hear of it", async () => {
    const gate = Promise.withResolvers<void>();
    own.commands.slow = async (_root, request) => {
      await request.output("stdout", Buffer.from("working\n"));
      await gate.promise;
      return 0;
    };
    const jobs = [1, 2].map((number) => {
      const job = startJob(own, { session: sessionOf(context, { id: `session-${number}` }) });
      const graph = new TestGraph();
      // Each client's directory is a vertex of its own.
      const local = graph.local("context", { "local.session": `session-${number}` });
      const copied = graph.copy(local, graph.image("base"), { src: "/a.txt", dest: "/a.txt" });
      return { job, solving: job.get(graph, graph.run(copied, ["slow"])) };
    });
    await expect.poll(() => own.runs).toEqual(["slow"]);
    await systemClock.sleep(50);
    gate.resolve();
    const trees = await Promise.all(jobs.map(({ solving }) => solving));
    expect(own.runs).toEqual(["slow"]);
    expect(await trees[0]!.layers()).toEqual(await trees[1]!.layers());
    expect(jobs[0]!.job.logs()).toBe("working\n");
    await Promise.all(jobs.map(({ job }) => job.close()));
  });

  it("goes on for the other when one of two goes, and ends when both have gone", async () => {
    const signals: AbortSignal[] = [];
    own.commands.slow = (_root, request) => {
      signals.push(request.signal);
      return new Promise((_resolve, reject) => {
        request.signal.addEventListener("abort", () => reject(request.signal.reason));
      });
    };
    const jobs = [1, 2].map(() => {
      const job = startJob(own);
      const graph = new TestGraph();
      const solving = job.get(graph, graph.run(graph.image("base"), ["slow"]));
      solving.catch(() => {});
      return { job, solving };
    });
    await expect.poll(() => own.runs.length).toBe(1);
    await systemClock.sleep(20);
    await jobs[0]!.job.close();
    await expect(jobs[0]!.solving).rejects.toThrow("canceled");
    await systemClock.sleep(20);
    expect(signals[0]!.aborted).toBe(false);
    await jobs[1]!.job.close();
    await expect(jobs[1]!.solving).rejects.toThrow("canceled");
    expect(signals[0]!.aborted).toBe(true);
    expect(own.runs.length).toBe(1);
    await expect.poll(() => own.house.images.listSnapshots()).toEqual([]);
  });

  it("says which operation failed, where it is from, and forgets nothing else", async () => {
    const graph = new TestGraph();
    const job = startJob(own);
    const source = graph.builder.addSource({
      filename: "Dockerfile",
      data: Buffer.from("RUN fail"),
      language: "Dockerfile",
    });
    const range = { start: { line: 1, character: 0 }, end: { line: 1, character: 8 } };
    const failing = graph.builder.add(
      {
        inputs: [graph.image("base")],
        exec: { meta: { args: ["fail", "7"], cwd: "/" }, mounts: [{ input: 0, dest: "/", output: 0 }] },
      },
      { description: { "llb.customname": "[1/1] RUN fail" } },
      [{ sourceIndex: source, ranges: [range] }],
    );
    const error = await job.get(graph, failing).catch((one: unknown) => one);
    expect(isGantryError(error) && error.message).toBe(
      'process "fail 7" did not complete successfully: exit code: 7',
    );
    const operation = (error as { details: { operation: FailedOperation } }).details.operation;
    expect(operation).toMatchObject({ name: "[1/1] RUN fail", exitCode: 7 });
    expect(operation.locations[0]!.ranges[0]!.start?.line).toBe(1);
    expect(job.errors()).toEqual(['process "fail 7" did not complete successfully: exit code: 7']);
    await job.close();
    expect(await own.house.images.listSnapshots()).toEqual([]);
  });

  it("refuses what the client has not allowed", async () => {
    const graph = new TestGraph();
    const host = graph.run(graph.image("base"), ["write", "/x", "y"], { op: { network: 1 } });
    const job = startJob(own);
    await expect(job.get(graph, host)).rejects.toThrow("network.host is not allowed");
    await job.close();
    const allowed = startJob(own, { entitlements: ["network.host"] });
    await allowed.get(graph, host);
    await allowed.close();
  });

  it("does again what shall not be taken from the cache", async () => {
    for (const ignoreCache of [false, true, false]) {
      const graph = new TestGraph();
      const job = startJob(own);
      const result = graph.run(graph.image("base"), ["write", "/x", "y"], { metadata: { ignoreCache } });
      await job.get(graph, result);
      await job.close();
    }
    expect(own.runs.length).toBe(2);
  });

  it("merges and takes differences", async () => {
    const graph = new TestGraph();
    const image = graph.image("base");
    const upper = graph.run(image, ["write", "/x", "upper"]);
    const own1 = graph.add({ inputs: [image, upper], diff: { lower: { input: 0 }, upper: { input: 1 } } });
    const other = graph.copy(graph.local(), undefined, { src: "/b.txt", dest: "/b.txt" });
    const merged = graph.add({
      inputs: [image, other, own1],
      merge: { inputs: [{ input: 0 }, { input: 1 }, { input: 2 }] },
    });
    const job = startJob(own, { session: sessionOf(context) });
    const tree = await job.get(graph, merged);
    expect(await textIn(tree, "/x")).toBe("upper");
    expect(await textIn(tree, "/b.txt")).toBe("b");
    expect(await textIn(tree, "/etc/passwd")).toContain("web");
    await job.close();
  });

  it("goes on over very many layers", async () => {
    const graph = new TestGraph();
    const job = startJob(own);
    let last = graph.image("base");
    for (let step = 0; step < 130; step++)
      last = graph.add({
        inputs: [last],
        file: {
          actions: [{ input: 0, output: 0, mkfile: { path: `/tmp/${step}`, mode: 0o644, timestamp: -1 } }],
        },
      });
    const tree = await job.get(graph, graph.run(last, ["write", "/out", "made"]));
    expect((await tree.layers()).length).toBe(132);
    expect((await tree.readDirectory("/tmp")).length).toBe(130);
    await job.close();
  });

  it("solves one of several outputs, and nothing that it does not need", async () => {
    const graph = new TestGraph();
    const job = startJob(own);
    const image = graph.image("base");
    graph.run(image, ["fail", "1"]);
    const two = graph.add({
      inputs: [image],
      file: {
        actions: [
          { input: 0, output: 0, mkfile: { path: "/one", mode: 0o644, timestamp: -1 } },
          { input: 1, output: 1, mkfile: { path: "/two", mode: 0o644, timestamp: -1 } },
        ],
      },
    });
    const names = async (index: number) =>
      (await (await job.get(graph, { digest: two.digest, index })).readDirectory("/")).map(
        ({ path }) => path,
      );
    expect(await names(0)).toEqual(["etc", "one", "tmp"]);
    expect(await names(1)).toEqual(["etc", "one", "tmp", "two"]);
    await expect(names(2)).rejects.toThrow("operation has no output 2");
    expect(own.runs).toEqual([]);
    await job.close();
  });

  it.each<[string, (graph: TestGraph) => { digest: string; index: number }, string]>([
    [
      "an input that is not there",
      (graph) =>
        graph.add({
          inputs: [graph.image("base")],
          exec: { meta: { args: ["x"], cwd: "/" }, mounts: [{ input: 3, dest: "/", output: 0 }] },
        }),
      "invalid input index 3",
    ],
    [
      "a command without a root",
      (graph) =>
        graph.add({ inputs: [graph.image("base")], exec: { meta: { args: ["x"], cwd: "/" }, mounts: [] } }),
      "no root mount",
    ],
    ["a command without words", (graph) => graph.run(graph.image("base"), []), "invalid exec op"],
    [
      "a device",
      (graph) => graph.run(graph.image("base"), ["x"], { op: { cdiDevices: [{ name: "vendor.com/gpu" }] } }),
      "--device is not supported",
    ],
    [
      "an operation that builds",
      (graph) => graph.add({ inputs: [graph.image("base")], build: { builder: 0 } }),
      "is not supported",
    ],
    [
      "an action on a later one",
      (graph) =>
        graph.add({
          inputs: [graph.image("base")],
          file: { actions: [{ input: 1, output: 0, mkdir: { path: "/x", mode: 0o755 } }] },
        }),
      "invalid input index 1",
    ],
  ])("refuses %s", async (_what, make, message) => {
    const graph = new TestGraph();
    const job = startJob(own);
    await expect(job.get(graph, make(graph))).rejects.toThrow(message);
    await job.close();
  });

  it("refuses what is no definition", async () => {
    const job = startJob(own);
    const empty = { def: [], metadata: {}, source: undefined } as never;
    expect(await (await job.solve(empty)).layers()).toEqual([]);
    for (const def of [[Buffer.from([255, 255])], [Buffer.from([])], [Buffer.from("0a0a0a", "hex")]])
      await expect(job.solve({ def, metadata: {}, source: undefined } as never)).rejects.toThrow(/llb/i);
    await job.close();
  });

  it("says what copies do not find, as BuildKit does", async () => {
    const graph = new TestGraph();
    const job = startJob(own, { session: sessionOf(context) });
    const missing = graph.copy(graph.local(), graph.image("base"), { src: "/nothing", dest: "/x" });
    await expect(job.get(graph, missing)).rejects.toThrow(
      /^failed to compute cache key: failed to calculate checksum of ref \w+::\w+: "\/nothing": not found$/,
    );
    await job.close();
  });

  it("gives a client's directory as a tree, and as a layer", async () => {
    fs.mkdirSync(join(context, "sub"));
    fs.symlinkSync("../a.txt", join(context, "sub/link"));
    const graph = new TestGraph();
    const job = startJob(own, { session: sessionOf(context) });
    const tree = await job.get(graph, graph.local());
    expect(await textIn(tree, "sub/link")).toBe("a");
    expect((await tree.readDirectory("/")).map(({ path }) => path)).toEqual(["a.txt", "b.txt", "sub"]);
    expect((await tree.readDirectory("/", "*.txt")).length).toBe(2);
    await expect(tree.readFile("/nothing")).rejects.toThrow("open /nothing: no such file or directory");
    expect((await tree.layers()).length).toBe(1);
    await tree.release();
    await job.close();
  });

  it("tells what it holds, and lets it go", async () => {
    const graph = new TestGraph();
    const job = startJob(own, { session: sessionOf(context) });
    const tree = await job.get(graph, threeSteps(graph));
    const during = await own.solver.diskUsage();
    expect(during.map(({ recordType, inUse }) => [recordType, inUse]).sort()).toEqual([
      ["regular", true],
      ["regular", true],
      ["source.local", true],
    ]);
    expect((await own.solver.prune({ all: true })).length).toBe(0);
    const layers = await tree.layers();
    await tree.release();
    await job.close();
    const gone = await own.solver.prune({ all: true, filters: ["type==regular"] });
    expect(gone.map(({ description }) => description)).toEqual(["write /out made", "copy /a.txt /app/a.txt"]);
    expect(own.house.images.layerSize(layers.at(-1)!.diffId)).toBeUndefined();
    expect(own.house.images.layerSize(layers[0]!.diffId)).toBeDefined();
    expect((await own.solver.prune({ all: false })).map(({ recordType }) => recordType)).toEqual([
      "source.local",
    ]);
    expect(await own.solver.diskUsage()).toEqual([]);
  });
});

describe("a job with means of its own", () => {
  it("brings trees, runs commands its way, and leaves nothing that others find", async () => {
    const image = await own.house.images.get("base");
    const layers = image.layers.map((diffId) => ({ diffId, createdAtMs: 0, description: "" }));
    const asked: string[] = [];
    const graph = new TestGraph();
    const base = graph.add({ source: { identifier: "job://base" } });
    const output = graph.run(base, ["write", "/out", "made"]);
    const start = () =>
      startJob(own, {
        forgetsResults: true,
        trees: (name) => (name === "base" ? { layers } : undefined),
        executor: {
          run: async (request) => {
            asked.push(request.argv.join(" "));
            await own.house.images.prepareSnapshot(request.containerId, request.base);
            const { upperDir } = await own.house.images.snapshotMount(request.containerId);
            fs.writeFileSync(join(upperDir!, "out"), "mine");
            const { containerId } = request;
            const dispose = () => own.house.images.removeSnapshot(containerId);
            return { exitCode: 0, containerId, snapshotKey: containerId, dispose };
          },
        },
      });
    for (const _time of [1, 2]) {
      const job = start();
      expect(await textIn(await job.get(graph, output), "/out")).toBe("mine");
      expect(job.done()).toEqual(["CACHED job://base", "write /out made"]);
      await job.close();
    }
    expect(asked).toEqual(["write /out made", "write /out made"]);
    expect(own.runs).toEqual([]);
    expect(await own.solver.diskUsage()).toEqual([]);
  });

  it("is the only one that has them", async () => {
    const graph = new TestGraph();
    const output = graph.add({ source: { identifier: "job://base" } });
    const job = startJob(own);
    await expect(job.get(graph, output)).rejects.toThrow("no such tree: job://base");
    await job.close();
  });
});
