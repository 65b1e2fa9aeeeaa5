import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildTreeContract } from "./build-tree.contract.ts";
import {
  openSolverHouse,
  type SolverHouse,
  sessionOf,
  startJob,
  TestGraph,
  type TestJob,
} from "./solver-house.test-support.ts";

let own: SolverHouse;
let context: string;
let job: TestJob;

beforeAll(async () => {
  own = await openSolverHouse();
  context = fs.mkdtempSync(join(tmpdir(), "gantry-context-"));
  fs.mkdirSync(join(context, "sub"));
  fs.writeFileSync(join(context, "a.txt"), "hello");
  fs.writeFileSync(join(context, "sub/b.txt"), "b", { mode: 0o600 });
  fs.symlinkSync("../a.txt", join(context, "sub/link"));
  fs.symlinkSync("/a.txt", join(context, "sub/absolute"));
  fs.symlinkSync("../../../../../../etc/hostname", join(context, "out"));
  job = startJob(own, { session: sessionOf(context) });
});

afterAll(async () => {
  await job.close();
  await own.close();
  fs.rmSync(context, { recursive: true, force: true });
});

const graph = new TestGraph();
buildTreeContract("a client's directory", () => job.get(graph, graph.local()));
buildTreeContract("layers", () =>
  job.get(graph, graph.copy(graph.local(), undefined, { src: "/", dest: "/" })),
);

/** What of a change of the client's files a copy takes for one (moby/buildkit, cache/contenthash). */
describe("whether a copy is taken from the cache", () => {
  const cases: [string, object, () => void, boolean][] = [
    ["nothing was changed", {}, () => {}, true],
    ["a file was touched", {}, () => fs.utimesSync(at("dir/one"), 5, 5), true],
    ["a directory was touched", {}, () => fs.utimesSync(at("dir"), 5, 5), true],
    ["a file's content was changed", {}, () => fs.writeFileSync(at("dir/one"), "other"), false],
    ["a file's mode was changed", {}, () => fs.chmodSync(at("dir/one"), 0o755), false],
    ["a directory's mode was changed", {}, () => fs.chmodSync(at("dir/deep"), 0o700), false],
    ["a file was renamed", {}, () => fs.renameSync(at("dir/one"), at("dir/uno")), false],
    ["a file came", {}, () => fs.writeFileSync(at("dir/new"), ""), false],
    ["a file went", {}, () => fs.rmSync(at("dir/one")), false],
    ["an empty directory came", {}, () => fs.mkdirSync(at("dir/empty")), false],
    ["a link leads elsewhere", {}, () => relink("dir/link", "deep"), false],
    ["a link became what it led to", {}, () => replace("dir/link", "1"), false],
    ["two files changed places", {}, () => swap("dir/one", "dir/deep/two"), false],
    ["something beside it was changed", {}, () => fs.writeFileSync(at("beside"), "other"), true],
    [
      "what the patterns leave was changed",
      { excludePatterns: ["deep"] },
      () => fs.writeFileSync(at("dir/deep/two"), "x"),
      true,
    ],
    [
      "what the patterns take was changed",
      { includePatterns: ["deep"] },
      () => fs.writeFileSync(at("dir/deep/two"), "x"),
      false,
    ],
    [
      "what a pattern matches has one more",
      { src: "/dir/*e", allowWildcard: true },
      () => fs.writeFileSync(at("dir/tree"), ""),
      false,
    ],
    [
      "what no pattern matches was changed",
      { src: "/dir/*e", allowWildcard: true },
      () => fs.writeFileSync(at("dir/deep/two"), "x"),
      true,
    ],
    [
      "the target of a followed link was changed",
      { src: "/dir/link", followSymlink: true },
      () => fs.writeFileSync(at("dir/one"), "x"),
      false,
    ],
    [
      "the target of a link was changed that is copied itself",
      { src: "/dir/link" },
      () => fs.writeFileSync(at("dir/one"), "x"),
      true,
    ],
  ];
  let base: string;
  const at = (path: string) => join(base, path);
  const relink = (path: string, target: string) => {
    fs.rmSync(at(path));
    fs.symlinkSync(target, at(path));
  };
  const replace = (path: string, text: string) => {
    fs.rmSync(at(path));
    fs.writeFileSync(at(path), text);
  };
  const swap = (one: string, other: string) => {
    fs.renameSync(at(one), at("swap"));
    fs.renameSync(at(other), at(one));
    fs.renameSync(at("swap"), at(other));
  };

  it.each(cases)("%s", async (_what, options, change, isCached) => {
    base = fs.mkdtempSync(join(tmpdir(), "gantry-context-"));
    fs.mkdirSync(at("dir/deep"), { recursive: true });
    fs.writeFileSync(at("dir/one"), "1");
    fs.writeFileSync(at("dir/deep/two"), "2");
    // Of two files of one size and time a client cannot tell which is which.
    fs.utimesSync(at("dir/deep/two"), 7, 7);
    fs.symlinkSync("one", at("dir/link"));
    fs.writeFileSync(at("beside"), "b");
    try {
      const done: string[][] = [];
      for (const step of [() => {}, change]) {
        step();
        const next = startJob(own, { session: sessionOf(base) });
        const fresh = new TestGraph();
        await next.get(fresh, fresh.copy(fresh.local(), undefined, { src: "/dir", dest: "/x", ...options }));
        done.push(next.done());
        await next.close();
      }
      expect(done[0]!.at(-1)).not.toContain("CACHED");
      expect(done[1]!.at(-1)!.startsWith("CACHED")).toBe(isCached);
    } finally {
      await own.solver.prune({ all: true });
      fs.rmSync(base, { recursive: true, force: true });
    }
  });
});
