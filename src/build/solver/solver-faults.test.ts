import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../base/index.ts";
import { isMountPoint } from "../../kernel/index.ts";
import { Workspace } from "../workspace.ts";
import {
  importImage,
  openSolverHouse,
  type SolverHouse,
  sessionOf,
  startJob,
  TestGraph,
  textIn,
} from "./solver-house.test-support.ts";

let own: SolverHouse;
let context: string;
let stateDir: string;

beforeEach(async () => {
  own = await openSolverHouse();
  stateDir = join(own.house.dir, "solver");
  context = fs.mkdtempSync(join(tmpdir(), "gantry-context-"));
  fs.writeFileSync(join(context, "a.txt"), "a");
  await importImage(own, { "etc/": "", "etc/passwd": "root:x:0:0::/:/bin/sh\n" }, "base");
});

afterEach(async () => {
  await own.close();
  fs.rmSync(context, { recursive: true, force: true });
});

async function build(session = sessionOf(context)): Promise<string> {
  const graph = new TestGraph();
  const job = startJob(own, { session });
  try {
    const copied = graph.copy(graph.local(), graph.image("base"), { src: "/", dest: "/app" });
    const tree = await job.get(graph, graph.run(copied, ["write", "/out", "made"]));
    return await textIn(tree, "/app/a.txt");
  } finally {
    await job.close();
  }
}

const resultFiles = () => fs.readdirSync(join(stateDir, "results"));

describe("the solver after a crash", () => {
  it("takes away mounts, snapshots and directories that builds had", async () => {
    await build();
    const { images } = own.house;
    const removed: string[] = [];
    const workspace = new Workspace({
      dir: stateDir,
      images,
      removeContainer: async () => {},
      logger: silentLogger,
    });
    const [layer = ""] = (await images.get("base")).layers;
    // As they stand in the midst of a command; nobody disposes of them.
    const shared = await workspace.sharedRoot([layer]);
    const writable = await workspace.sharedSnapshot([layer]);
    const memory = await workspace.memoryDirectory();
    await workspace.snapshot({ layers: [layer] });
    await workspace.mark("container.0123");
    fs.writeFileSync(join(memory.path, "secret"), "secret");
    expect(isMountPoint(shared.path) && isMountPoint(writable.path) && isMountPoint(memory.path)).toBe(true);
    const next = new Workspace({
      dir: stateDir,
      images,
      removeContainer: async (id) => void removed.push(id),
      logger: silentLogger,
    });
    await next.open();
    expect(fs.readdirSync(join(stateDir, "mounts"))).toEqual([]);
    expect(fs.readdirSync(join(stateDir, "markers"))).toEqual([]);
    expect(await images.listSnapshots()).toEqual([]);
    expect(removed).toEqual(["0123"]);
  });

  it.each([
    ["torn", (path: string) => fs.truncateSync(path, 10)],
    ["empty", (path: string) => fs.truncateSync(path, 0)],
    ["of something else", (path: string) => fs.writeFileSync(path, '{"version":1}')],
  ])("does again what a record tells that is %s", async (_what, harm) => {
    await build();
    await own.solver.close();
    for (const name of resultFiles()) harm(join(stateDir, "results", name));
    await own.reopen();
    expect(resultFiles()).toEqual([]);
    expect(await build()).toBe("a");
    expect(own.runs.length).toBe(2);
  });

  it("forgets records whose layers are gone", async () => {
    await build();
    await own.solver.close();
    // The records keep no layers while nobody has read them.
    await own.house.images.collectGarbage();
    await own.reopen();
    await own.house.images.collectGarbage();
    expect(await build()).toBe("a");
  });

  it("sends a directory again whose transfer was cut off", async () => {
    const cut = sessionOf(context, {
      openFiles: async () => {
        const sync = await sessionOf(context).openFiles(
          { name: "", includePatterns: [], excludePatterns: [], followPaths: [] },
          new AbortController().signal,
        );
        return {
          ...sync,
          // biome-ignore lint/correctness/useYield: it fails before it has anything
          async *read() {
            throw new Error("the client is gone");
          },
        };
      },
    });
    await expect(build(cut)).rejects.toThrow("the client is gone");
    expect(await build()).toBe("a");
    // Killed in the midst: no index, some files.
    for (const name of fs.readdirSync(join(stateDir, "locals"))) {
      fs.rmSync(join(stateDir, "locals", name, "index.json"), { force: true });
      fs.writeFileSync(join(stateDir, "locals", name, "tree/stray"), "stray");
    }
    await own.reopen();
    const session = sessionOf(context);
    const graph = new TestGraph();
    const job = startJob(own, { session });
    const tree = await job.get(graph, graph.local());
    expect((await tree.readDirectory("/")).map(({ path }) => path)).toEqual(["a.txt"]);
    expect(session.reads).toEqual(["a.txt"]);
    await job.close();
  });
});
