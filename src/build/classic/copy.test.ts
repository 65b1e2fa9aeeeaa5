import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type TarEntry, tarEntry, writeTar } from "../../formats/index.ts";
import { O_PATH } from "../../kernel/index.ts";
import { BuildContext } from "./context.ts";
import { type CopyOptions, copyItems } from "../copy-items.ts";
import { digestItem, resolveSources, type SourceTree } from "../source-tree.ts";

const limits = { limitBytes: 1e9, limitEntries: 1e5 };
const signal = new AbortController().signal;

let dir: string;
let source: string;
let root: string;
let rootFd: number;
let tree: SourceTree;

beforeEach(() => {
  dir = fs.mkdtempSync(join(tmpdir(), "gantry-build-"));
  source = join(dir, "source");
  root = join(dir, "root");
  fs.mkdirSync(join(source, "src/deep"), { recursive: true });
  fs.mkdirSync(root);
  fs.writeFileSync(join(source, "a.txt"), "a");
  fs.writeFileSync(join(source, "b.txt"), "b");
  fs.writeFileSync(join(source, "run.sh"), "#!", { mode: 0o755 });
  fs.writeFileSync(join(source, "src/index.js"), "x");
  fs.writeFileSync(join(source, "src/deep/y"), "y", { mode: 0o600 });
  fs.symlinkSync("../a.txt", join(source, "src/link"));
  fs.symlinkSync("../../../../../../etc/passwd", join(source, "escape"));
  fs.mkdirSync(join(dir, "outside"));
  fs.writeFileSync(join(dir, "outside/canary"), "untouched");
  rootFd = fs.openSync(root, O_PATH | fs.constants.O_DIRECTORY);
  tree = { rootFd: fs.openSync(source, O_PATH | fs.constants.O_DIRECTORY), isContext: true };
});

afterEach(() => {
  fs.closeSync(rootFd);
  fs.closeSync(tree.rootFd);
  fs.rmSync(dir, { recursive: true });
});

async function copy(
  sources: string[],
  destination: string,
  options: Partial<CopyOptions> = {},
): Promise<void> {
  const items = resolveSources(tree, sources, "COPY");
  try {
    await copyItems(rootFd, items, {
      destination,
      owner: { uid: 0, gid: 0 },
      unpackArchives: false,
      limits,
      signal,
      ...options,
    });
  } finally {
    for (const item of items) item.close();
  }
}

const read = (path: string) => fs.readFileSync(join(root, path), "utf8");

describe("COPY", () => {
  it("copies a file to a name, into a directory, and over a file", async () => {
    await copy(["a.txt"], "/x/y/new");
    expect(read("x/y/new")).toBe("a");
    await copy(["b.txt"], "/x/y/");
    expect(read("x/y/b.txt")).toBe("b");
    await copy(["b.txt"], "/x/y/new");
    expect(read("x/y/new")).toBe("b");
    await copy(["a.txt"], "/x");
    expect(read("x/a.txt")).toBe("a");
  });

  it("copies what a directory holds, keeping modes, times and links", async () => {
    fs.utimesSync(join(source, "src/index.js"), 1000, 2000);
    await copy(["src"], "/app");
    expect(read("app/index.js")).toBe("x");
    expect(fs.statSync(join(root, "app/index.js")).mtimeMs).toBe(2_000_000);
    expect(fs.statSync(join(root, "app/deep/y")).mode & 0o777).toBe(0o600);
    expect(fs.readlinkSync(join(root, "app/link"))).toBe("../a.txt");
  });

  it("sets owner and mode", async () => {
    await copy(["src"], "/app", { owner: { uid: 12, gid: 34 }, mode: 0o750 });
    for (const path of ["app", "app/index.js", "app/deep", "app/deep/y"]) {
      const { uid, gid } = fs.statSync(join(root, path));
      expect([uid, gid]).toEqual([12, 34]);
    }
    expect(fs.statSync(join(root, "app/deep/y")).mode & 0o777).toBe(0o750);
  });

  it("keeps hard links", async () => {
    fs.linkSync(join(source, "src/index.js"), join(source, "src/same"));
    await copy(["src"], "/app");
    expect(fs.statSync(join(root, "app/same")).ino).toBe(fs.statSync(join(root, "app/index.js")).ino);
  });

  it("follows links in the destination inside the root only", async () => {
    fs.symlinkSync("/run", join(root, "var"));
    fs.mkdirSync(join(root, "run"));
    await copy(["a.txt"], "/var/lock/f");
    expect(read("run/lock/f")).toBe("a");
    fs.symlinkSync(join(dir, "outside"), join(root, "out"));
    fs.symlinkSync("../../../../../..", join(root, "up"));
    await copy(["a.txt"], `/up${dir}/outside/canary`);
    await copy(["a.txt"], "/out/canary");
    fs.symlinkSync(join(dir, "outside/canary"), join(root, "file"));
    await copy(["b.txt"], "/file");
    expect(fs.readFileSync(join(dir, "outside/canary"), "utf8")).toBe("untouched");
  });

  it("replaces a link by a directory and a directory by a file when trees are merged", async () => {
    fs.mkdirSync(join(root, "app/index.js"), { recursive: true });
    fs.symlinkSync("/elsewhere", join(root, "app/deep"));
    await copy(["src"], "/app");
    expect(read("app/index.js")).toBe("x");
    expect(fs.lstatSync(join(root, "app/deep")).isDirectory()).toBe(true);
  });

  it("takes wildcards", async () => {
    await copy(["*.txt"], "/d/");
    expect(fs.readdirSync(join(root, "d"))).toEqual(["a.txt", "b.txt"]);
    await copy(["s?c/*.js"], "/e/");
    expect(fs.readdirSync(join(root, "e"))).toEqual(["index.js"]);
  });

  it.each([
    [
      "missing",
      "COPY failed: file not found in build context or excluded by .dockerignore: stat missing: file does not exist",
    ],
    ["../outside/canary", "COPY failed: forbidden path outside the build context: ../outside/canary ()"],
    ["*.none", "COPY failed: no source files were specified"],
    ["escape", "COPY failed: file not found in build context"],
  ])("refuses %s", async (path, message) => {
    await expect(copy([path], "/x/")).rejects.toThrow(message);
  });

  it("refuses a file where a directory is needed", async () => {
    fs.writeFileSync(join(root, "file"), "");
    await expect(copy(["a.txt"], "/file/below/x")).rejects.toThrow("not a directory");
  });
});

async function tar(
  entries: (Pick<TarEntry, "name" | "type"> & Partial<TarEntry> & { content?: string })[],
): Promise<Buffer> {
  const members = entries.map(({ content = "", ...fields }) => {
    const bytes = Buffer.from(content);
    return { entry: tarEntry({ ...fields, sizeBytes: bytes.length }), body: [bytes] };
  });
  const parts: Uint8Array[] = [];
  for await (const part of writeTar(members as never)) parts.push(part);
  return Buffer.concat(parts);
}

async function* stream(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 700) yield bytes.subarray(at, at + 700);
}

describe("ADD", () => {
  it("unpacks archives, compressed or not, and keeps what only looks like one", async () => {
    const archive = await tar([
      { name: "d/", type: "directory", mode: 0o711 },
      { name: "d/f", type: "file", content: "inside", uid: 5, gid: 6 },
      { name: "d/h", type: "hardlink", linkName: "d/f" },
      { name: "s", type: "symlink", linkName: "d/f" },
    ]);
    fs.writeFileSync(join(source, "x.tar"), archive);
    fs.writeFileSync(join(source, "x.tar.gz"), gzipSync(archive));
    fs.writeFileSync(join(source, "fake.tar"), "no archive");
    await copy(["x.tar"], "/plain", { unpackArchives: true });
    await copy(["x.tar.gz"], "/packed/", { unpackArchives: true });
    await copy(["fake.tar"], "/fake/", { unpackArchives: true });
    expect(read("plain/d/f")).toBe("inside");
    expect(read("packed/s")).toBe("inside");
    expect(fs.statSync(join(root, "plain/d/h")).uid).toBe(5);
    expect(fs.statSync(join(root, "plain/d")).mode & 0o777).toBe(0o711);
    expect(read("fake/fake.tar")).toBe("no archive");
  });

  it("does not let an archive out of the root", async () => {
    const canary = join(dir, "outside/canary");
    const attacks: Parameters<typeof tar>[0][] = [
      [{ name: "../../../outside/canary", type: "file", content: "1" }],
      [{ name: canary, type: "file", content: "2" }],
      [
        { name: "link", type: "symlink", linkName: join(dir, "outside") },
        { name: "link/canary", type: "file", content: "3" },
      ],
      [
        { name: "up", type: "symlink", linkName: "../../../.." },
        { name: `up${canary}`, type: "file", content: "4" },
      ],
      [
        { name: "canary", type: "symlink", linkName: canary },
        { name: "canary", type: "file", content: "5" },
      ],
      [{ name: "hard", type: "hardlink", linkName: `../..${canary}` }],
    ];
    for (const [index, entries] of attacks.entries()) {
      fs.writeFileSync(join(source, "evil.tar"), await tar(entries));
      // An error is as good as a result inside.
      await copy(["evil.tar"], `/t${index}`, { unpackArchives: true }).catch(() => {});
    }
    expect(fs.readFileSync(canary, "utf8")).toBe("untouched");
    expect(fs.readdirSync(join(dir, "outside"))).toEqual(["canary"]);
  });
});

describe("digests of sources", () => {
  const digest = async (path: string, withOwner = false) => {
    const [item] = resolveSources(tree, [path], "COPY");
    try {
      return await digestItem(tree, item!, { withOwner, signal });
    } finally {
      item!.close();
    }
  };

  it("change with content, name, mode and link, not with time", async () => {
    const first = await digest("src");
    fs.utimesSync(join(source, "src/index.js"), 1, 1);
    expect(await digest("src")).toBe(first);
    const seen = new Set([first]);
    const changes = [
      () => fs.writeFileSync(join(source, "src/index.js"), "z"),
      () => fs.chmodSync(join(source, "src/index.js"), 0o755),
      () => fs.renameSync(join(source, "src/index.js"), join(source, "src/main.js")),
      () => fs.rmSync(join(source, "src/link")),
      () => fs.mkdirSync(join(source, "src/empty")),
    ];
    for (const change of changes) {
      change();
      seen.add(await digest("src"));
    }
    expect(seen.size).toBe(6);
  });

  it("change with the owner where it is kept", async () => {
    const [without, withOwner] = [await digest("a.txt"), await digest("a.txt", true)];
    fs.chownSync(join(source, "a.txt"), 7, 7);
    expect(await digest("a.txt")).toBe(without);
    expect(await digest("a.txt", true)).not.toBe(withOwner);
  });
});

describe("build context", () => {
  it("is received compressed, with digests, and cleaned by .dockerignore", async () => {
    const archive = await tar([
      { name: "Dockerfile", type: "file", content: "FROM scratch" },
      { name: ".dockerignore", type: "file", content: "node_modules\n*.log\n!keep.log\nDockerfile\n" },
      { name: "node_modules/x/y", type: "file", content: "1" },
      { name: "a.log", type: "file", content: "1" },
      { name: "keep.log", type: "file", content: "kept" },
    ]);
    const context = await BuildContext.receive(dir, stream(gzipSync(archive)), limits, signal);
    try {
      expect(context.readText("Dockerfile")).toBe("FROM scratch");
      await context.applyDockerignore();
      const items = resolveSources(context.tree, ["."], "COPY");
      const names = fs.readdirSync(`/proc/self/fd/${items[0]!.fd}`).sort();
      for (const item of items) item.close();
      expect(names).toEqual([".dockerignore", "keep.log"]);
      expect(context.tree.knownDigest!("keep.log")).toBe(createHash("sha256").update("kept").digest("hex"));
    } finally {
      await context.dispose();
    }
    expect(fs.readdirSync(dir).filter((name) => name.startsWith("context-"))).toEqual([]);
  });

  it.each([
    ["garbage", Buffer.alloc(2000, "x"), "Error processing tar file(the build context): invalid tar header"],
    ["cut off", Buffer.alloc(0), "unexpected end"],
  ])("refuses %s and leaves nothing", async (name, bytes, message) => {
    const whole = await tar([{ name: "f", type: "file", content: "x".repeat(3000) }]);
    const input = name === "cut off" ? whole.subarray(0, 1500) : bytes;
    await expect(BuildContext.receive(dir, stream(input), limits, signal)).rejects.toThrow(message);
    expect(fs.readdirSync(dir).filter((entry) => entry.startsWith("context-"))).toEqual([]);
  });

  it("has limits", async () => {
    const archive = await tar([1, 2, 3].map((n) => ({ name: `f${n}`, type: "file" as const, content: "x" })));
    await expect(
      BuildContext.receive(dir, stream(archive), { limitBytes: 1e6, limitEntries: 2 }, signal),
    ).rejects.toThrow("more than");
  });
});
