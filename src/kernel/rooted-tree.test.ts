import {
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../base/index.ts";
import {
  chmodAt,
  chownAt,
  getXattr,
  hasErrno,
  listXattrs,
  O_PATH,
  openFileAt,
  openInRoot,
  openRegularFile,
  RootedTree,
  removeXattr,
  reopenFile,
  setModifiedAt,
  setXattr,
  statAt,
} from "./index.ts";

let dir: string;
let root: string;
let tree: RootedTree;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gantry-tree-"));
  root = join(dir, "root");
  mkdirSync(root);
  tree = new RootedTree(root);
});
afterEach(() => {
  tree.close();
  rmSync(dir, { recursive: true, force: true });
});

function put(path: string, text: string): void {
  const components = path.split("/");
  const fd = tree.createFile(tree.directory(components.slice(0, -1), 0o755), components.at(-1)!)!;
  writeSync(fd, text);
  closeSync(fd);
}

describe("a rooted tree", () => {
  it("makes directories, also behind links that dangle, climb or are absolute", () => {
    mkdirSync(join(root, "real"));
    symlinkSync("/real", join(root, "absolute"));
    symlinkSync("../../../../real/new", join(root, "climbing"));
    symlinkSync("nowhere/yet", join(root, "dangling"));
    put("absolute/a", "1");
    put("climbing/b", "2");
    put("dangling/c", "3");
    put("x/y/z", "4");
    expect(readFileSync(join(root, "real/a"), "utf8")).toBe("1");
    expect(readFileSync(join(root, "real/new/b"), "utf8")).toBe("2");
    expect(readFileSync(join(root, "nowhere/yet/c"), "utf8")).toBe("3");
    expect(readFileSync(join(root, "x/y/z"), "utf8")).toBe("4");
    expect(readdirSync(dir)).toEqual(["root"]);
  });

  it("refuses links that go in circles, files on the way, and what is too deep", () => {
    symlinkSync("loop", join(root, "loop"));
    writeFileSync(join(root, "file"), "");
    const failsWith = (components: string[], errno: string) => {
      try {
        tree.directory(components, 0o755);
        return false;
      } catch (error) {
        return hasErrno(error, errno);
      }
    };
    expect(failsWith(["loop", "a"], "ELOOP")).toBe(true);
    expect(failsWith(["file", "a"], "ENOTDIR")).toBe(true);
    symlinkSync(".", join(root, "here"));
    const name = "d".repeat(200);
    let way: string[] = [];
    expect(() => {
      for (let depth = 0; depth < 30; depth++) {
        way = [...way, name];
        tree.directory(way, 0o755);
      }
    }).toThrow(/ENAMETOOLONG/);
    rmSync(join(root, name), { recursive: true });
  });

  it("removes links and whole trees without following", () => {
    mkdirSync(join(dir, "outside"));
    writeFileSync(join(dir, "outside", "canary"), "alive");
    mkdirSync(join(root, "t/sub"), { recursive: true });
    symlinkSync(join(dir, "outside"), join(root, "t/sub/link"));
    tree.removeAll(tree.rootFd, "t");
    expect(existsSync(join(root, "t"))).toBe(false);
    expect(readFileSync(join(dir, "outside", "canary"), "utf8")).toBe("alive");
  });

  it("makes links, fifos and device nodes with owner, mode and time of their own", () => {
    expect(tree.symlink(tree.rootFd, "s", "/etc/passwd")).toBe(true);
    expect(tree.symlink(tree.rootFd, "s", "again")).toBe(false);
    expect(tree.mknod(tree.rootFd, "whiteout", 0o020000, 0, 0)).toBe(true);
    expect(tree.mknod(tree.rootFd, "null", 0o020600, 1, 3)).toBe(true);
    expect(tree.mknod(tree.rootFd, "big", 0o060600, 259, 70000)).toBe(true);
    expect(tree.mknod(tree.rootFd, "fifo", 0o010600, 0, 0)).toBe(true);
    expect(chownAt(tree.rootFd, "s", 12, 34)).toBe(0);
    expect(chmodAt(tree.rootFd, "null", 0o666)).toBe(0);
    expect(setModifiedAt(tree.rootFd, "s", 1_000_000_000, 5)).toBe(0);
    const link = lstatSync(join(root, "s"), { bigint: true });
    expect([link.uid, link.gid, link.mtimeNs]).toEqual([12n, 34n, 1_000_000_000_000_000_005n]);
    expect(statSync("/etc/passwd").uid).toBe(0);
    expect(statSync(join(root, "whiteout")).rdev).toBe(0);
    expect(statSync(join(root, "null")).rdev).toBe(statSync("/dev/null").rdev);
    expect(statSync(join(root, "null")).mode & 0o777).toBe(0o666);
    expect(statSync(join(root, "big")).rdev).toBe(259 * 256 + (70000 & 0xff) + (70000 >> 8) * 2 ** 20);
    expect(statSync(join(root, "fifo")).isFIFO()).toBe(true);
  });

  it("takes names that are not UTF-8", () => {
    const name = Buffer.of(0x61, 0xff, 0xfe);
    closeSync(tree.createFile(tree.directory([name], 0o755), name)!);
    expect(readdirSync(root, { encoding: "buffer" })).toEqual([name]);
    expect(statAt(tree.rootFd, name)!.isDirectory()).toBe(true);
  });

  it("never leaves the root while somebody swaps a directory for a link", async () => {
    mkdirSync(join(dir, "outside"));
    mkdirSync(join(root, "a"));
    const swapper = new Worker(
      `const { renameSync, symlinkSync } = require("node:fs"); const { workerData } = require("node:worker_threads");
       const { root, outside, stop } = workerData; const flag = new Int32Array(stop);
       symlinkSync(outside, root + "/link");
       while (Atomics.load(flag, 0) === 0) {
         try { renameSync(root + "/a", root + "/kept"); renameSync(root + "/link", root + "/a"); } catch {}
         try { renameSync(root + "/a", root + "/link"); renameSync(root + "/kept", root + "/a"); } catch {}
       }`,
      { eval: true, workerData: { root, outside: join(dir, "outside"), stop: new SharedArrayBuffer(4) } },
    );
    await new Promise((resolve) => swapper.once("online", resolve));
    const untilMs = systemClock.monotonicMs() + 1500;
    let written = 0;
    for (let count = 0; systemClock.monotonicMs() < untilMs; count++) {
      try {
        const name = `f${count}`;
        const fd = tree.createFile(tree.directory(["a"], 0o755), name);
        if (fd !== undefined) {
          closeSync(fd);
          written++;
        }
        tree.removeAll(tree.directory(["a"]), name);
      } catch (error) {
        if (!hasErrno(error, "ENOENT", "ENOTDIR", "ELOOP", "EEXIST", "EAGAIN")) throw error;
        tree.forget();
      }
    }
    await swapper.terminate();
    expect(written).toBeGreaterThan(100);
    expect(readdirSync(join(dir, "outside"))).toEqual([]);
  });
});

describe("a file in an open directory", () => {
  it("is opened if it is a regular one; a fifo, a device or a link never is", () => {
    writeFileSync(join(root, "file"), "content");
    expect(tree.mknod(tree.rootFd, "fifo", constants.S_IFIFO | 0o600, 0, 0)).toBe(true);
    expect(tree.mknod(tree.rootFd, "device", constants.S_IFCHR | 0o600, 1, 3)).toBe(true);
    tree.symlink(tree.rootFd, "link", "file");
    const opened = [
      (name: string) => openFileAt(tree.rootFd, name),
      (name: string) => openRegularFile(join(root, name)),
      (name: string) => reopenFile(openInRoot(root, name, O_PATH | constants.O_NOFOLLOW)),
    ];
    for (const open of opened) {
      const fd = open("file")!;
      expect(readFileSync(fd, "utf8")).toBe("content");
      closeSync(fd);
      for (const name of ["fifo", "device", "link"]) expect(open(name)).toBeUndefined();
    }
    expect(openFileAt(tree.rootFd, "none")).toBeUndefined();
    expect(openRegularFile(join(root, "none"))).toBeUndefined();
  });
});

describe("extended attributes", () => {
  it("are set, listed, read and removed, of links too", () => {
    const file = join(root, "f");
    writeFileSync(file, "");
    setXattr(file, "user.one", Buffer.from("1"));
    setXattr(root, "trusted.overlay.opaque", Buffer.from("y"));
    expect(listXattrs(file)).toEqual(["user.one"]);
    expect(getXattr(file, "user.one")?.toString()).toBe("1");
    expect(getXattr(file, "user.none")).toBeUndefined();
    expect(getXattr(tree.rootFd, "trusted.overlay.opaque")?.toString()).toBe("y");
    removeXattr(file, "user.one");
    removeXattr(file, "user.one");
    expect(listXattrs(file)).toEqual([]);
    symlinkSync("f", join(root, "l"));
    setXattr(join(root, "l"), "trusted.x", Buffer.from("2"));
    expect([listXattrs(join(root, "l")), listXattrs(file), readlinkSync(join(root, "l"))]).toEqual([
      ["trusted.x"],
      [],
      "f",
    ]);
  });
});
