import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listMounts, unmountTree } from "../../../kernel/index.ts";
import { writeAtomically } from "./atomic-writer.ts";
import { bindSubPath, boundInodes, inodeOf, subPathsDir } from "./sub-path.ts";

describe("a path of a volume that is bound for a container", () => {
  let dir: string;
  let volumeDir: string;
  let generation: number;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "sub-path-"));
    volumeDir = join(dir, "volume");
    generation = 0;
    mkdirSync(volumeDir, { mode: 0o755 });
  });

  afterEach(() => {
    unmountTree(dir);
    expect(listMounts().filter(({ mountPoint }) => mountPoint.startsWith(dir))).toEqual([]);
    rmSync(dir, { recursive: true });
  });

  const bind = (path: string, index = "0") =>
    bindSubPath({
      volumeName: "conf",
      volumeDir,
      path,
      containerName: "app",
      target: join(subPathsDir(dir, "conf"), "app", index),
    });
  const write = (files: Record<string, string>) =>
    writeAtomically(
      volumeDir,
      new Map(
        Object.entries(files).map(([path, text]) => [path, { content: Buffer.from(text), mode: 0o644 }]),
      ),
      {
        generation: `g${++generation}`,
        isBound: (info) => boundInodes(subPathsDir(dir, "conf")).has(inodeOf(info)),
      },
    );
  const mountCount = () => listMounts().filter(({ mountPoint }) => mountPoint.startsWith(dir)).length;

  it("is what the path names at each start, and stays for what has it already", async () => {
    await write({ file: "old", "dir/in": "old too" });
    const file = bind("file");
    const directory = bind("dir", "1");
    const running = openSync(file, "r");
    await write({ file: "new", "dir/in": "new too" });
    expect(readFileSync(file, "utf8")).toBe("old");
    expect(readFileSync(join(directory, "in"), "utf8")).toBe("old too");
    expect([bind("file"), bind("dir", "1")]).toEqual([file, directory]);
    expect(readFileSync(file, "utf8")).toBe("new");
    expect(readFileSync(join(directory, "in"), "utf8")).toBe("new too");
    const bytes = Buffer.alloc(8);
    expect(bytes.toString("utf8", 0, readSync(running, bytes))).toBe("old");
    closeSync(running);
    expect(mountCount()).toBe(2);
    await write({ file: "newest", "dir/in": "newest too" });
    expect(readFileSync(join(directory, "in"), "utf8")).toBe("new too");
    expect(readdirSync(volumeDir)).toEqual(["..data", "..g2", "..g3", "dir", "file"]);
  });

  it("is not bound a second time while it is the same", async () => {
    await write({ file: "same" });
    bind("file");
    const before = listMounts().find(({ mountPoint }) => mountPoint.startsWith(dir))!.id;
    bind("file");
    expect(listMounts().find(({ mountPoint }) => mountPoint.startsWith(dir))!.id).toBe(before);
  });

  it("may become a directory, and a file again", async () => {
    await write({ it: "file" });
    bind("it");
    await write({ "it/in": "directory" });
    rmSync(join(volumeDir, "it"), { force: true });
    symlinkSync("..data/it", join(volumeDir, "it"));
    expect(readFileSync(join(bind("it"), "in"), "utf8")).toBe("directory");
    await write({ it: "file again" });
    expect(readFileSync(bind("it"), "utf8")).toBe("file again");
  });

  it("is replaced where a machine's restart left the bare target", async () => {
    await write({ file: "text" });
    const target = bind("file");
    unmountTree(dir);
    expect(readFileSync(target, "utf8")).toBe("");
    expect(readFileSync(bind("file"), "utf8")).toBe("text");
  });

  it("is made where it is missing, for those who may use the volume", () => {
    chmodSync(volumeDir, 0o2777);
    const target = bind("new/dir");
    expect(statSync(target).isDirectory()).toBe(true);
    expect(statSync(join(volumeDir, "new/dir")).mode & 0o7777).toBe(0o2777);
  });

  it("is refused where it leads out of the volume, with upstream's words", () => {
    const outside = join(dir, "outside");
    mkdirSync(outside);
    symlinkSync(outside, join(volumeDir, "link"));
    symlinkSync("../outside", join(volumeDir, "relative"));
    expect(() => bind("../outside")).toThrow(
      "unable to provision SubPath `../outside`: must not contain '..'",
    );
    expect(() => bind("/etc")).toThrow("error SubPath `/etc` must not be an absolute path");
    for (const path of ["link", "relative"]) {
      expect(() => bind(path)).toThrow('failed to prepare subPath for volumeMount "conf" of container "app"');
    }
    expect(() => bind("link/new")).toThrow(
      'failed to create subPath directory for volumeMount "conf" of container "app"',
    );
    expect(existsSync(join(outside, "new"))).toBe(false);
    expect(mountCount()).toBe(0);
  });

  it("follows a link that stays inside, absolute or not", () => {
    mkdirSync(join(volumeDir, "v1"));
    writeFileSync(join(volumeDir, "v1/x"), "one");
    symlinkSync(join(volumeDir, "v1"), join(volumeDir, "absolute"));
    symlinkSync("v1", join(volumeDir, "current"));
    expect(readFileSync(join(bind("absolute"), "x"), "utf8")).toBe("one");
    expect(readFileSync(bind("current/x", "1"), "utf8")).toBe("one");
  });

  it("never leads out, however fast a container swaps a directory and a link", async () => {
    const outside = join(dir, "outside");
    mkdirSync(outside);
    writeFileSync(join(outside, "secret"), "secret");
    mkdirSync(join(volumeDir, "a/b"), { recursive: true });
    symlinkSync(outside, join(volumeDir, "evil"));
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const swapping = new Worker(
      `const { renameSync } = require("node:fs"); const { workerData: { stop, dir } } = require("node:worker_threads");
       // A missing directory is made meanwhile by the one who binds: then a step fails, and the next ones put it right.
       const move = (from, to) => { try { renameSync(dir + "/" + from, dir + "/" + to); } catch {} };
       while (Atomics.load(stop, 0) === 0) {
         move("a/b", "kept"); move("evil", "a/b"); move("a/b", "evil"); move("kept", "a/b");
       }`,
      { eval: true, workerData: { stop, dir: volumeDir } },
    );
    let bound = 0;
    try {
      await new Promise<void>((resolve) => swapping.once("online", () => resolve()));
      for (let attempt = 0; attempt < 400 || bound === 0; attempt++) {
        try {
          const target = bind("a/b");
          expect(existsSync(join(target, "secret"))).toBe(false);
          bound++;
        } catch (error) {
          expect((error as Error).message).toMatch(/^failed to (prepare|create) subPath/);
        }
      }
    } finally {
      Atomics.store(stop, 0, 1);
      await new Promise<void>((resolve) => swapping.once("exit", () => resolve()));
    }
    expect(bound).toBeGreaterThan(0);
  });
});
