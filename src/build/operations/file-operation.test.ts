import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { tarEntry } from "../../formats/index.ts";
import { archiveOf, bytesOf } from "../../images/test-images.test-support.ts";
import {
  importImage,
  openSolverHouse,
  type SolverHouse,
  sessionOf,
  startJob,
  TestGraph,
  type TestJob,
  textIn,
} from "../solver/solver-house.test-support.ts";
import type { BuildTree } from "../solver/types.ts";
import { walkTree } from "../walk-tree.ts";

let own: SolverHouse;
let context: string;
let graph: TestGraph;
let job: TestJob;

beforeAll(async () => {
  own = await openSolverHouse();
  await importImage(
    own,
    {
      "etc/": "",
      "etc/passwd": "root:x:0:0::/:/bin/sh\nweb:x:33:34::/:/bin/sh\n",
      "etc/group": "root:x:0:\nstaff:x:50:\n",
      "dir/": "",
      "dir/old": "old",
      "dir/sub/": "",
      "dir/sub/kept": "kept",
      "real/": "",
      link: tarEntry({ name: "link", type: "symlink", linkName: "/real" }),
      evil: tarEntry({ name: "evil", type: "symlink", linkName: "../../../../../../../../tmp" }),
      "evil-file": tarEntry({ name: "evil-file", type: "symlink", linkName: "/tmp/gantry-canary" }),
    },
    "base",
  );
});

afterAll(() => own.close());

beforeEach(() => {
  context = fs.mkdtempSync(join(tmpdir(), "gantry-context-"));
  const write = (path: string, text: string, mode = 0o644) => {
    fs.mkdirSync(join(context, path, ".."), { recursive: true });
    fs.writeFileSync(join(context, path), text, { mode });
  };
  write("a.txt", "a");
  write("b.txt", "b", 0o600);
  write("run.sh", "#!", 0o755);
  write("src/one.js", "1");
  write("src/deep/two.js", "2");
  write("src/deep/three.md", "3");
  write("src/sub/new", "new");
  fs.symlinkSync("one.js", join(context, "src/alias"));
  fs.symlinkSync("../../../../../../etc/passwd", join(context, "escape"));
  graph = new TestGraph();
  job = startJob(own, { session: sessionOf(context) });
});

afterEach(async () => {
  await job.close();
  fs.rmSync(context, { recursive: true, force: true });
});

/** Every path of the uppermost layer: `path mode uid:gid content`. */
async function upperOf(tree: BuildTree): Promise<string[]> {
  const layers = await tree.layers();
  const dir = join(own.house.dir, "images/layers", layers.at(-1)!.diffId.slice("sha256:".length), "diff");
  return [...walkTree(dir)].map(({ path, at, stat }) => {
    const what = stat.isDirectory()
      ? "/"
      : stat.isSymbolicLink()
        ? ` -> ${fs.readlinkSync(at)}`
        : ` ${fs.readFileSync(at, "utf8")}`;
    const mode = stat.isSymbolicLink() ? "" : ` ${(stat.mode & 0o7777).toString(8)}`;
    const owner = stat.uid + stat.gid > 0 ? ` ${stat.uid}:${stat.gid}` : "";
    return `${path}${mode}${owner}${what}`;
  });
}

const copy = (options: object, base = graph.image("base")) =>
  job.get(graph, graph.copy(graph.local(), base, options));

describe("copies", () => {
  it.each<[string, object, string[]]>([
    ["a file to a name", { src: "/a.txt", dest: "/x/y" }, ["x 755/", "x/y 644 a"]],
    [
      "a file into a directory that is named as one",
      { src: "/a.txt", dest: "/x/" },
      ["x 755/", "x/a.txt 644 a"],
    ],
    [
      "a file into a directory that is there",
      { src: "/a.txt", dest: "/dir" },
      ["dir 755/", "dir/a.txt 644 a"],
    ],
    ["a file over another", { src: "/a.txt", dest: "/dir/old" }, ["dir 755/", "dir/old 644 a"]],
    ["a file over a link, which goes", { src: "/a.txt", dest: "/x" }, ["x 644 a"]],
    [
      "files by pattern",
      { src: "/*.txt", dest: "/x/", allowWildcard: true },
      ["x 755/", "x/a.txt 644 a", "x/b.txt 600 b"],
    ],
    [
      "nothing by pattern where that is fine",
      { src: "/*.none", dest: "/x/", allowWildcard: true, allowEmptyWildcard: true },
      [],
    ],
    [
      "a directory's content, links as they are",
      { src: "/src", dest: "/x" },
      [
        "x 755/",
        "x/alias -> one.js",
        "x/deep 755/",
        "x/deep/three.md 644 3",
        "x/deep/two.js 644 2",
        "x/one.js 644 1",
        "x/sub 755/",
        "x/sub/new 644 new",
      ],
    ],
    [
      "a directory's content into what is there",
      { src: "/src", dest: "/dir" },
      [
        "dir 755/",
        "dir/alias -> one.js",
        "dir/deep 755/",
        "dir/deep/three.md 644 3",
        "dir/deep/two.js 644 2",
        "dir/one.js 644 1",
        "dir/sub 755/",
        "dir/sub/new 644 new",
      ],
    ],
    [
      "a directory itself",
      { src: "/src/sub", dest: "/x/", dirCopyContents: false },
      ["x 755/", "x/sub 755/", "x/sub/new 644 new"],
    ],
    ["through a link", { src: "/a.txt", dest: "/link/" }, ["real 755/", "real/a.txt 644 a"]],
    [
      "what patterns take",
      { src: "/src", dest: "/x", includePatterns: ["**/*.js"] },
      ["x 755/", "x/deep 755/", "x/deep/two.js 644 2", "x/one.js 644 1"],
    ],
    [
      "what patterns leave",
      { src: "/src", dest: "/x", excludePatterns: ["deep", "sub", "alias"] },
      ["x 755/", "x/one.js 644 1"],
    ],
    [
      "with parents",
      { src: "/", dest: "/x", includePatterns: ["src/deep/two.js"] },
      ["x 755/", "x/src 755/", "x/src/deep 755/", "x/src/deep/two.js 644 2"],
    ],
    ["a link's target", { src: "/src/alias", dest: "/x", followSymlink: true }, ["x 644 1"]],
    ["a link itself", { src: "/src/alias", dest: "/x" }, ["x -> one.js"]],
    ["with a mode", { src: "/run.sh", dest: "/x", mode: 0o640 }, ["x 640 #!"]],
    [
      "with a mode in symbols",
      { src: "/src/sub", dest: "/x", modeText: "u=rwX,go=" },
      ["x 700/", "x/new 600 new"],
    ],
    [
      "for an owner by number",
      { src: "/a.txt", dest: "/x/y", owner: { user: { byId: 5 }, group: { byId: 6 } } },
      ["x 755 5:6/", "x/y 644 5:6 a"],
    ],
    [
      "for an owner by name",
      {
        src: "/a.txt",
        dest: "/x",
        owner: {
          user: { byName: { name: "web", input: 0 } },
          group: { byName: { name: "staff", input: 0 } },
        },
      },
      ["x 644 33:50 a"],
    ],
    [
      "to where a hostile link leads, inside",
      { src: "/a.txt", dest: "/evil/" },
      ["tmp 755/", "tmp/a.txt 644 a"],
    ],
  ])("%s", async (_what, options, expected) => {
    expect(await upperOf(await copy(options))).toEqual(expected);
  });

  it.each<[string, object, RegExp]>([
    ["what is not there", { src: "/nothing", dest: "/x" }, /"\/nothing": not found$/],
    [
      "a pattern that matches nothing",
      { src: "/*.none", dest: "/x/", allowWildcard: true },
      /"\/\*\.none": not found$/,
    ],
    ["a link that leads out", { src: "/escape", dest: "/x", followSymlink: true }, /"\/escape": not found$/],
    ["above the root", { src: "/../../../etc/hostname", dest: "/x" }, /"\/etc\/hostname": not found$/],
    [
      "a directory over a file",
      { src: "/src", dest: "/dir/old" },
      /cannot copy to non-directory: \/?dir\/old/,
    ],
    [
      "what has to be there and is not",
      { src: "/src", dest: "/x", requiredPaths: ["/missing"] },
      /"\/missing": not found$/,
    ],
  ])("refuses %s", async (_what, options, message) => {
    await expect(copy(options)).rejects.toThrow(message);
    expect(await own.house.images.listSnapshots()).toEqual([]);
  });

  it("never writes outside of the root", async () => {
    await copy({ src: "/a.txt", dest: "/evil-file" });
    expect(fs.existsSync("/tmp/gantry-canary")).toBe(false);
  });

  it("takes times of its own where they are given", async () => {
    const tree = await copy({ src: "/src", dest: "/x", timestamp: 1_700_000_000e9 });
    expect((await tree.stat("/x/deep/two.js")).mtimeNs).toBe(1_700_000_000_000_000_000n);
    expect((await tree.stat("/x/deep")).mtimeNs).toBe(1_700_000_000_000_000_000n);
  });

  it("keeps the client's files as they are, whatever a command does to the copy", async () => {
    own.commands.append = (root) => {
      fs.appendFileSync(join(root, "x/one.js"), "changed");
      return 0;
    };
    const copied = graph.copy(graph.local(), graph.image("base"), { src: "/src", dest: "/x" });
    expect(await textIn(await job.get(graph, graph.run(copied, ["append"])), "/x/one.js")).toBe("1changed");
    expect(await textIn(await job.get(graph, copied), "/x/one.js")).toBe("1");
    expect(await textIn(await job.get(graph, graph.local()), "/src/one.js")).toBe("1");
  });

  it("unpacks archives, and nothing of them outside", async () => {
    fs.writeFileSync(
      join(context, "good.tgz"),
      gzipSync(await bytesOf(archiveOf({ "in/": "", "in/file": "in" }))),
    );
    const hostile = await bytesOf(
      archiveOf({
        "in/file": "in",
        out: tarEntry({ name: "out", type: "symlink", linkName: "/tmp" }),
        "out/gantry-canary": "out",
        "../../gantry-canary": "up",
      }),
    );
    fs.writeFileSync(join(context, "a.tar.gz"), gzipSync(hostile));
    const tree = await copy({ src: "/a.tar.gz", dest: "/x", attemptUnpackDockerCompatibility: true }).catch(
      (error: Error) => error,
    );
    if (!(tree instanceof Error)) expect(await textIn(tree, "/x/in/file")).toBe("in");
    expect(fs.existsSync("/tmp/gantry-canary")).toBe(false);
    const good = await copy({ src: "/good.tgz", dest: "/y/", attemptUnpackDockerCompatibility: true });
    expect(await textIn(good, "/y/in/file")).toBe("in");
  });

  it.each([
    ["xz", Buffer.from("fd377a585a000000", "hex")],
    ["bzip2", Buffer.from("BZh91AY&SY")],
  ])("says that it cannot unpack %s, and does not copy it instead", async (compression, bytes) => {
    fs.writeFileSync(join(context, "a.tar.x"), bytes);
    const copying = copy({ src: "/a.tar.x", dest: "/x/", attemptUnpackDockerCompatibility: true });
    await expect(copying).rejects.toThrow(
      `ADD cannot unpack archives compressed with ${compression}: /a.tar.x`,
    );
  });

  it("makes the same of what meets nothing below and of what does", async () => {
    const straight = await upperOf(await copy({ src: "/src", dest: "/same" }));
    const over = graph.add({
      inputs: [graph.image("base")],
      file: {
        actions: [
          {
            input: 0,
            output: 0,
            mkdir: { path: "/same/deep", mode: 0o755, makeParents: true, timestamp: -1 },
          },
        ],
      },
    });
    const mounted = await upperOf(await copy({ src: "/src", dest: "/same" }, over));
    expect(mounted).toEqual(straight);
  });

  it("makes equal layers of equal inputs", async () => {
    const tree = await copy({ src: "/src", dest: "/x", timestamp: 1_700_000_000e9 });
    const first = await tree.layers();
    await tree.release();
    await job.close();
    await own.solver.prune({ all: true });
    job = startJob(own, { session: sessionOf(context) });
    const again = await copy({ src: "/src", dest: "/x", timestamp: 1_700_000_000e9 });
    expect((await again.layers()).map(({ diffId }) => diffId)).toEqual(first.map(({ diffId }) => diffId));
  });
});

describe("other file actions", () => {
  const act = (...actions: object[]) =>
    job.get(
      graph,
      graph.add({
        inputs: [graph.image("base")],
        file: {
          actions: actions.map((action, index) => ({
            input: index,
            secondaryInput: -1,
            output: index === actions.length - 1 ? 0 : -1,
            ...action,
          })),
        },
      }),
    );

  it.each<[string, object[], string[]]>([
    [
      "makes a file",
      [{ mkfile: { path: "/f", mode: 0o640, data: Buffer.from("text"), timestamp: -1 } }],
      ["f 640 text"],
    ],
    [
      "makes directories",
      [{ mkdir: { path: "/p/q", mode: 0o750, makeParents: true, timestamp: -1 } }],
      ["p 750/", "p/q 750/"],
    ],
    [
      "makes links",
      [{ symlink: { oldPath: "/etc/passwd", newPath: "/l", timestamp: -1 } }],
      ["l -> /etc/passwd"],
    ],
    [
      "makes files where links lead, inside",
      [{ mkfile: { path: "/evil/gantry-canary", mode: 0o644, timestamp: -1 } }],
      [],
    ],
    [
      "does several in a row",
      [
        { mkdir: { path: "/p", mode: 0o755, timestamp: -1 } },
        { mkfile: { path: "/p/f", mode: 0o644, data: Buffer.from("1"), timestamp: -1 } },
        { rm: { path: "/p/f" } },
      ],
      ["p 755/"],
    ],
  ])("%s", async (_what, actions, expected) => {
    if (expected.length === 0) await expect(act(...actions)).rejects.toThrow("no such file or directory");
    else expect(await upperOf(await act(...actions))).toEqual(expected);
    expect(fs.existsSync("/tmp/gantry-canary")).toBe(false);
  });

  it("removes what is below", async () => {
    const tree = await act({ rm: { path: "/dir/*", allowWildcard: true } });
    expect(await tree.readDirectory("/dir")).toEqual([]);
    expect((await tree.readDirectory("/")).map(({ path }) => path)).toContain("etc");
    const link = await act({ rm: { path: "/link" } });
    expect((await link.readDirectory("/")).map(({ path }) => path)).toContain("real");
  });

  it.each<[string, object, RegExp]>([
    ["removing what is not there", { rm: { path: "/nothing" } }, /not found|no such file/],
    ["removing everything", { rm: { path: "/" } }, /invalid empty path/],
    [
      "a directory without its parent",
      { mkdir: { path: "/p/q", mode: 0o755, timestamp: -1 } },
      /no such file or directory/,
    ],
    [
      "a file without its directory",
      { mkfile: { path: "/p/q", mode: 0o755, timestamp: -1 } },
      /no such file or directory/,
    ],
    ["nothing at all", {}, /invalid action/],
  ])("refuses %s", async (_what, action, message) => {
    await expect(act(action)).rejects.toThrow(message);
  });

  it("leaves no mount behind", () => {
    expect(fs.readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(own.house.dir);
  });
});
