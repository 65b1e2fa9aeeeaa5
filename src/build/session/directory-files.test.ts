import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { DirectoryFiles } from "./directory-files.ts";

const made: string[] = [];
afterEach(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true });
});

function directory(files: readonly string[], links: Readonly<Record<string, string>> = {}): string {
  const root = mkdtempSync(join(tmpdir(), "directory-files-"));
  made.push(root);
  for (const path of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), path);
  }
  for (const [path, target] of Object.entries(links)) symlinkSync(target, join(root, path));
  return root;
}

interface Patterns {
  include?: string[];
  exclude?: string[];
  follow?: string[];
}

async function pathsIn(root: string, { include = [], exclude = [], follow = [] }: Patterns) {
  const files = new DirectoryFiles(root, {
    includePatterns: include,
    excludePatterns: exclude,
    followPaths: follow,
  });
  const paths: string[] = [];
  for await (const { path } of files.entries()) paths.push(path);
  return paths.join(" ");
}

describe("files of a directory", () => {
  it.each<[string, Patterns, string]>([
    ["everything", {}, "a a/b a/b/c a/d a-b z"],
    ["what is included, with the directories above it", { include: ["a/b/c"] }, "a a/b a/b/c"],
    ["a directory with all that is in it", { include: ["a/b"] }, "a a/b a/b/c"],
    ["patterns", { include: ["**/c", "z"] }, "a a/b a/b/c z"],
    ["without what is excluded", { exclude: ["a/b"] }, "a a/d a-b z"],
    ["with exceptions, and the directories above them", { exclude: ["a", "!a/b/c"] }, "a a/b a/b/c a-b z"],
    ["nothing where nothing fits", { include: ["nope"] }, ""],
    ["paths that are followed", { follow: ["z", "a/d"] }, "a a/d z"],
    ["everything where the root is followed", { follow: ["."] }, "a a/b a/b/c a/d a-b z"],
    ["followed patterns", { follow: ["a*"] }, "a a/b a/b/c a/d a-b"],
  ])("tells %s", async (_what, patterns, expected) => {
    expect(await pathsIn(directory(["a/b/c", "a/d", "a-b", "z"]), patterns)).toBe(expected);
  });

  it("follows links to what they lead to, but not out of the directory", async () => {
    const root = directory(["real/file", "etc/passwd", "other"], {
      link: "real",
      absolute: "/real/file",
      out: "../../../../etc/passwd",
      loop: "loop",
    });
    expect(await pathsIn(root, { follow: ["link/file"] })).toBe("link real real/file");
    expect(await pathsIn(root, { follow: ["absolute"] })).toBe("absolute real real/file");
    expect(await pathsIn(root, { follow: ["out"] })).toBe("etc etc/passwd out");
    expect(await pathsIn(root, { follow: ["loop"] })).toBe("loop");
  });

  it("tells names in the order of their bytes", async () => {
    expect(await pathsIn(directory(["\u{1f600}", "\uffee", "é", "z"]), {})).toBe("z é \uffee \u{1f600}");
  });

  it("tells modes, links and files with several names; everything is root's", async () => {
    const root = directory(["one"], { link: "one" });
    chmodSync(join(root, "one"), 0o4750);
    linkSync(join(root, "one"), join(root, "two"));
    const files = new DirectoryFiles(root, { includePatterns: [], excludePatterns: [], followPaths: [] });
    const found = [];
    for await (const { path, mode, uid, gid, linkName, sizeBytes } of files.entries())
      found.push([path, mode.toString(8), uid, gid, linkName, sizeBytes]);
    expect(found).toEqual([
      ["link", "120777", 0, 0, "one", 0],
      ["one", "104750", 0, 0, "", 3],
      ["two", "104750", 0, 0, "one", 3],
    ]);
  });

  it("reads contents, and nothing through what has become a link", async () => {
    const root = directory(["small", "secret"]);
    writeFileSync(join(root, "big"), Buffer.alloc(3_000_000, 7));
    const files = new DirectoryFiles(root, { includePatterns: [], excludePatterns: [], followPaths: [] });
    for await (const _ of files.entries());
    const read = async (path: string) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of files.read(path)) chunks.push(chunk);
      return Buffer.concat(chunks);
    };
    expect((await read("small")).toString()).toBe("small");
    expect((await read("big")).equals(Buffer.alloc(3_000_000, 7))).toBe(true);
    rmSync(join(root, "small"));
    symlinkSync("secret", join(root, "small"));
    await expect(read("small")).rejects.toThrow("ELOOP");
  });
});
