import { createHash } from "node:crypto";
import {
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
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { encodeTarHeader, TAR_END, type TarEntry, tarEntry, writeTar } from "../../formats/index.ts";
import { getXattr, mountOverlay, withPrivateMountNamespace } from "../../kernel/index.ts";
import { DEFAULT_IMAGE_LIMITS } from "../image-limits.ts";
import { unpackLayer } from "./layer-operations.ts";

// Layers made to break out, after the cases that containerd's archive tests name and some of our own. Whatever happens,
// the canary beside the root stays as it is; most layers are fine and land inside, as they would in a chroot.

let base: string;
let canary: string;
let root: string;
let lower: string;
let before: string;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "gantry-breakout-"));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));
beforeEach(() => {
  const dir = mkdtempSync(join(base, "case-"));
  canary = join(dir, "canary");
  root = join(dir, "root");
  lower = join(dir, "lower");
  for (const made of [canary, root, lower, join(dir, "merged"), join(canary, "etc"), join(dir, "etc")])
    mkdirSync(made);
  writeFileSync(join(canary, "etc", "passwd"), "canary", { mode: 0o400 });
  writeFileSync(join(dir, "etc", "passwd"), "outside", { mode: 0o400 });
  before = fingerprint(dir);
});
afterEach(() => {
  expect(fingerprint(join(root, ".."))).toBe(before);
});

/** Everything beside the root: names, types, modes, owners, times and content. */
function fingerprint(dir: string): string {
  const hash = createHash("sha256");
  const visit = (path: string) => {
    const stats = lstatSync(path);
    const isTop = path === dir;
    hash.update(`${path} ${stats.mode} ${stats.uid} ${stats.nlink} ${isTop ? "" : stats.mtimeMs}\n`);
    if (stats.isSymbolicLink()) hash.update(readlinkSync(path));
    if (stats.isFile()) hash.update(readFileSync(path));
    if (stats.isDirectory())
      for (const name of readdirSync(path).sort())
        if (!isTop || name === "canary" || name === "etc") visit(join(path, name));
  };
  visit(dir);
  return hash.digest("hex");
}

type Member = { entry: TarEntry; body?: Uint8Array };
const dir = (name: string, mode = 0o755): Member => ({ entry: tarEntry({ name, type: "directory", mode }) });
const file = (name: string, text = "", more: Partial<TarEntry> = {}): Member => ({
  entry: tarEntry({ name, type: "file", sizeBytes: text.length, ...more }),
  body: Buffer.from(text),
});
const symlink = (target: string, name: string): Member => ({
  entry: tarEntry({ name, type: "symlink", linkName: target }),
});
const link = (target: string, name: string): Member => ({
  entry: tarEntry({ name, type: "hardlink", linkName: target }),
});
const node = (
  name: string,
  type: "character-device" | "block-device" | "fifo",
  major = 0,
  minor = 0,
): Member => ({
  entry: tarEntry({ name, type, deviceMajor: major, deviceMinor: minor }),
});

const unpack = (members: Member[], to = root, limits = DEFAULT_IMAGE_LIMITS) =>
  unpackLayer(writeTar(members), to, limits);
const text = (path: string, below = root) => readFileSync(join(below, path), "utf8");
const sameFile = (a: string, b: string) => statSync(join(root, a)).ino === lstatSync(join(root, b)).ino;
const isWhiteout = (path: string) => {
  const stats = lstatSync(join(root, path));
  return stats.isCharacterDevice() && stats.rdev === 0;
};
const isOpaque = (path: string) => getXattr(join(root, path), "trusted.overlay.opaque")?.toString() === "y";

/** Runs `look` on the two layers mounted over each other. */
function merged<T>(look: (at: string) => T): T {
  const at = join(root, "..", "merged");
  return withPrivateMountNamespace(() => {
    mountOverlay({ lowerDirs: [root, lower], target: at });
    return look(at);
  });
}

const PASSWD = [dir("etc", 0o770), file("/etc/passwd", "inside")];

const inside: [name: string, members: () => Member[], check: () => void][] = [
  [
    "an absolute link on the way",
    () => [dir("etc"), symlink("/etc", "localetc"), file("/localetc/f", "x")],
    () => expect(text("etc/f")).toBe("x"),
  ],
  [
    "a link that goes up and out",
    () => [dir("etc"), dir("dummy"), symlink("/dummy/../etc", "localetc"), file("/localetc/f", "x")],
    () => expect(text("etc/f")).toBe("x"),
  ],
  [
    "two absolute links one after the other",
    () => [
      dir("etc"),
      dir("dummy"),
      symlink("/etc", "/dummy/etc"),
      symlink("/dummy/etc", "localetc"),
      file("/localetc/f", "x"),
    ],
    () => expect(text("etc/f")).toBe("x"),
  ],
  [
    "a relative link to an absolute one",
    () => [
      dir("etc"),
      dir("dummy"),
      symlink("/etc", "/dummy/etc"),
      symlink("./dummy/etc", "localetc"),
      file("/localetc/f", "x"),
    ],
    () => expect(text("etc/f")).toBe("x"),
  ],
  [
    "an empty file through a link",
    () => [dir("etc"), file("etc/f", "full"), symlink("/etc", "localetc"), file("/localetc/f")],
    () => expect(text("etc/f")).toBe(""),
  ],
  [
    "names that climb",
    () => [file("../../../../../../etc/passwd", "x")],
    () => expect(text("etc/passwd")).toBe("x"),
  ],
  [
    "names that climb in the middle",
    () => [dir("a"), file("a/../../../etc/passwd", "x")],
    () => expect(text("etc/passwd")).toBe("x"),
  ],
  ["an absolute name", () => [file("/etc/passwd", "x")], () => expect(text("etc/passwd")).toBe("x")],
  [
    "the absolute name of a file outside",
    () => [file(`${canary}/etc/passwd`, "x")],
    () => expect(text(`${canary}/etc/passwd`)).toBe("x"),
  ],
  [
    "a file through a link to a directory outside",
    () => [symlink(canary, "out"), file("out/etc/passwd", "x")],
    () => expect(text(`${canary}/etc/passwd`)).toBe("x"),
  ],
  [
    "a file in place of a link to a file outside",
    () => [symlink(`${canary}/etc/passwd`, "f"), file("f", "x")],
    () => expect([text("f"), lstatSync(join(root, "f")).isFile()]).toEqual(["x", true]),
  ],
  [
    "a directory in place of a link to a directory outside",
    () => [symlink(canary, "d"), dir("d", 0o777), file("d/f", "x")],
    () => expect(lstatSync(join(root, "d")).isDirectory()).toBe(true),
  ],
  [
    "a hard link through a climbing link",
    () => [...PASSWD, dir("b"), symlink("../../etc", "b/d"), link("/b/d/passwd", "b/p")],
    () => expect(sameFile("b/p", "etc/passwd")).toBe(true),
  ],
  [
    "a hard link down and out",
    () => [...PASSWD, dir("b"), dir("down"), symlink("../down/../../etc", "b/d"), link("/b/d/passwd", "b/p")],
    () => expect(sameFile("b/p", "etc/passwd")).toBe(true),
  ],
  [
    "a hard link through an absolute link",
    () => [...PASSWD, symlink("/etc", "l"), link("/l/passwd", "p")],
    () => expect(sameFile("p", "etc/passwd")).toBe(true),
  ],
  [
    "a hard link through a long climb",
    () => [...PASSWD, symlink("../../../../../../../etc", "l"), link("/l/passwd", "p")],
    () => expect(sameFile("p", "etc/passwd")).toBe(true),
  ],
  [
    "a hard link that climbs itself",
    () => [...PASSWD, link("../../../../../etc/passwd", "p")],
    () => expect(sameFile("p", "etc/passwd")).toBe(true),
  ],
  [
    "an absolute hard link",
    () => [...PASSWD, link("/etc/passwd", "p")],
    () => expect(sameFile("p", "etc/passwd")).toBe(true),
  ],
  [
    "a link called ..",
    () => [...PASSWD, symlink("/etc/", ".."), link("/etc/passwd", "p")],
    () => expect(sameFile("p", "etc/passwd")).toBe(true),
  ],
  [
    "a link without a name",
    () => [...PASSWD, symlink("/etc/", ""), link("/etc/passwd", "p")],
    () => expect(sameFile("p", "etc/passwd")).toBe(true),
  ],
  [
    "a link called x/sub/..",
    () => [...PASSWD, symlink("/etc/", "l/sub/.."), link("/etc/passwd", "/l/p")],
    () => expect(sameFile("etc/p", "etc/passwd")).toBe(true),
  ],
  [
    "a directory with a slash at its end",
    () => [...PASSWD, dir("l/", 0o770), link("/etc/passwd", "/l/p")],
    () => expect(sameFile("l/p", "etc/passwd")).toBe(true),
  ],
  [
    "a hard link to a link whose target comes later",
    () => [dir("etc"), symlink("/etc/passwd", "l"), link("l", "dup"), file("/etc/passwd", "after")],
    () => expect([readlinkSync(join(root, "dup")), text("etc/passwd")]).toEqual(["/etc/passwd", "after"]),
  ],
  [
    "a hard link to a link to a file outside",
    () => [symlink(`${canary}/etc/passwd`, "l"), link("l", "sketchy")],
    () => expect(lstatSync(join(root, "sketchy")).isSymbolicLink()).toBe(true),
  ],
  [
    "a file written through a hard link to a link to a file outside",
    () => [symlink(`${canary}/etc/passwd`, "l"), link("l", "m"), file("m", "x")],
    () => expect([text("m"), readlinkSync(join(root, "l"))]).toEqual(["x", `${canary}/etc/passwd`]),
  ],
  [
    "the same file twice and once more as a link",
    () => [
      file("f", "one"),
      file("f", "two", { mode: 0o600 }),
      symlink("elsewhere", "f"),
      file("f", "three"),
    ],
    () => expect(text("f")).toBe("three"),
  ],
  [
    "a directory replaced by a link with members that follow",
    () => [dir("d"), file("d/a", "1"), dir("e"), symlink("e", "d"), file("d/b", "2")],
    () => expect([text("e/b"), existsSync(join(root, "e/a"))]).toEqual(["2", false]),
  ],
  [
    "links that make a directory one of many parents",
    () => [
      ...Array.from({ length: 30 }, (_, index) =>
        symlink(index === 0 ? "/etc" : `l${index - 1}`, `l${index}`),
      ),
      file("l29/f", "x"),
    ],
    () => expect(text("etc/f")).toBe("x"),
  ],
  [
    "a member that is the root itself",
    () => [dir("./", 0o700), file("/", "x"), symlink("x", "."), file("f", "y")],
    () => expect([statSync(root).mode & 0o777, text("f")]).toEqual([0o700, "y"]),
  ],
  [
    "device nodes and fifos",
    () => [node("null", "character-device", 1, 3), node("disk", "block-device", 8, 0), node("pipe", "fifo")],
    () =>
      expect([statSync(join(root, "null")).rdev, statSync(join(root, "pipe")).isFIFO()]).toEqual([
        statSync("/dev/null").rdev,
        true,
      ]),
  ],
  [
    "a long name and one that is not UTF-8",
    () => [file(`${"d/".repeat(200)}${"n".repeat(250)}`, "x"), file("a\udcff", "y")],
    () =>
      expect(
        readdirSync(root, { encoding: "buffer" })
          .map((name) => name.toString("hex"))
          .sort(),
      ).toEqual(["61ff", "64"]),
  ],
  [
    "a name as in a shell",
    () => [file("$(touch canary)\n;rm -rf *", "x")],
    () => expect(readdirSync(root)).toEqual(["$(touch canary)\n;rm -rf *"]),
  ],
  [
    "set-id bits and owners",
    () => [file("su", "x", { mode: 0o4755, uid: 5, gid: 6 })],
    () =>
      expect([lstatSync(join(root, "su")).mode & 0o7777, lstatSync(join(root, "su")).uid]).toEqual([
        0o4755, 5,
      ]),
  ],
  [
    "a directory's time although files follow",
    () => [{ entry: { ...dir("d").entry, mtimeSeconds: 1000 } }, file("d/f", "x")],
    () => expect(statSync(join(root, "d")).mtimeMs).toBe(1_000_000),
  ],
  [
    "overlayfs' own attributes",
    () => [
      {
        entry: tarEntry({
          name: "d",
          type: "directory",
          xattrs: new Map([
            ["trusted.overlay.redirect", Buffer.from("/etc")],
            ["trusted.overlay.opaque", Buffer.from("y")],
            ["user.fine", Buffer.from("1")],
          ]),
        }),
      },
    ],
    () =>
      expect([
        isOpaque("d"),
        getXattr(join(root, "d"), "trusted.overlay.redirect"),
        getXattr(join(root, "d"), "user.fine")?.toString(),
      ]).toEqual([false, undefined, "1"]),
  ],
  ["a whiteout", () => [dir("etc"), file("etc/.wh.gone")], () => expect(isWhiteout("etc/gone")).toBe(true)],
  [
    "a directory whose name is a whiteout's",
    () => [file(".wh.etc/f", "x")],
    () => expect(text(".wh.etc/f")).toBe("x"),
  ],
  [
    "a whiteout by a climbing name",
    () => [file("dne/../.wh.etc")],
    () => expect(isWhiteout("etc")).toBe(true),
  ],
  [
    "an opaque directory",
    () => [dir("d"), file("d/.wh..wh..opq"), file("d/f", "x")],
    () => expect([isOpaque("d"), text("d/f")]).toEqual([true, "x"]),
  ],
  ["an opaque root", () => [file(".wh..wh..opq")], () => expect(isOpaque(".")).toBe(true)],
  [
    "aufs' metadata",
    () => [file(".wh..wh.aufs"), dir(".wh..wh.plnk"), file("f", "x")],
    () => expect(readdirSync(root)).toEqual(["f"]),
  ],
  [
    "a whiteout of what the layer has itself",
    () => [dir("d"), file("d/f", "x"), file(".wh.d"), file("g", "y"), file(".wh.g")],
    () => expect([isOpaque("d"), text("d/f"), text("g")]).toEqual([true, "x", "y"]),
  ],
  [
    "a directory after its own whiteout",
    () => [file(".wh.d"), dir("d"), file("d/f", "x")],
    () => expect([isOpaque("d"), text("d/f")]).toEqual([true, "x"]),
  ],
  [
    "a file below its directory's whiteout",
    () => [dir("a"), file("a/.wh.d"), file("a/d/e/f", "x")],
    () => expect([isOpaque("a/d"), text("a/d/e/f")]).toEqual([true, "x"]),
  ],
];

const refused: [name: string, members: () => Member[], message: RegExp][] = [
  ["a whiteout of the root's parent", () => [file(".wh...")], /invalid whiteout/],
  ["a whiteout of a directory's parent", () => [file("etc/.wh...")], /invalid whiteout/],
  ["a whiteout of the root", () => [file(".wh..")], /invalid whiteout/],
  ["a whiteout of a directory itself", () => [file("etc/.wh..")], /invalid whiteout/],
  ["a whiteout without a name", () => [file("etc/.wh.")], /invalid whiteout/],
  ["a hard link to a file that only the host has", () => [link(`${canary}/etc/passwd`, "p")], /ENOENT/],
  ["a hard link to a file outside by a climb", () => [link("../canary/etc/passwd", "p")], /ENOENT/],
  ["a hard link to a directory", () => [dir("d"), link("d", "p")], /EPERM/],
  ["a hard link to the root", () => [link("/", "p")], /root directory/],
  ["links that go in circles", () => [symlink("b", "a"), symlink("a", "b"), file("a/f", "x")], /ELOOP/],
  ["a file on the way to a file", () => [file("f", "x"), file("f/g", "y")], /ENOTDIR/],
  ["a name that is too long", () => [file("n".repeat(256), "x")], /too long/],
  ["a path that is too deep", () => [file(`${"d".repeat(250)}/`.repeat(20) + "f", "x")], /ENAMETOOLONG/],
  ["a deep tree built through links", () => deepByLinks(), /ENAMETOOLONG|ELOOP/],
  ["an owner that wraps around", () => [file("f", "x", { uid: 4294967295 })], /out of range/],
  ["an owner beyond 32 bits", () => [file("f", "x", { gid: 4294967296 })], /out of range/],
];

function deepByLinks(): Member[] {
  const name = "d".repeat(100);
  const members: Member[] = [dir(name), symlink(name, "l0")];
  for (let depth = 0; depth < 60; depth++)
    members.push(dir(`l${depth}/${name}`), symlink(`l${depth}/${name}`, `l${depth + 1}`));
  return members;
}

describe("layers that try to break out", () => {
  it.each(inside)("%s lands inside", async (_name, members, check) => {
    await unpack(members());
    check();
  });

  it.each(refused)("%s is refused", async (_name, members, message) => {
    const failure = await unpack(members()).then(
      () => undefined,
      (error) => error,
    );
    expect(failure).toMatchObject({ kind: "InvalidArgument", message: expect.stringMatching(message) });
  });

  it("a size that lies takes no bytes from elsewhere", async () => {
    const header = encodeTarHeader(tarEntry({ name: "f", type: "file", sizeBytes: 5 }));
    await expect(
      unpackLayer(oneChunk(Buffer.concat([header, Buffer.from("abc")])), root, DEFAULT_IMAGE_LIMITS),
    ).rejects.toThrow(/unexpected end/);
    const zero = encodeTarHeader(tarEntry({ name: "z", type: "file", sizeBytes: 0 }));
    const hidden = Buffer.alloc(512, "x");
    await expect(
      unpackLayer(oneChunk(Buffer.concat([zero, hidden, TAR_END])), root, DEFAULT_IMAGE_LIMITS),
    ).rejects.toThrow(/checksum/);
  });

  it("too many files are refused", async () => {
    const limits = { ...DEFAULT_IMAGE_LIMITS, layerEntries: 3 };
    await expect(unpack([file("a"), file("b"), file("c"), file("d")], root, limits)).rejects.toMatchObject({
      code: "Layer.TooManyEntries",
    });
  });
});

async function* oneChunk(bytes: Buffer) {
  yield bytes;
}

describe("layers over each other", () => {
  const passwd = () => [dir("etc"), file("etc/passwd", "users"), file("etc/other", "o")];

  it("a whiteout of a link hides the link and not what it points at", async () => {
    await unpack([...passwd(), symlink("/etc", "localetc")], lower);
    await unpack([file(".wh.localetc")]);
    merged((at) => {
      expect(text("etc/passwd", at)).toBe("users");
      expect(existsSync(join(at, "localetc"))).toBe(false);
    });
  });

  it("a link in place of a directory, and a directory in place of a link", async () => {
    await unpack([...passwd(), dir("a"), file("a/f", "old"), symlink("/etc", "b")], lower);
    await unpack([symlink("/etc", "a"), dir("b"), file("b/g", "new")]);
    merged((at) => {
      expect(readlinkSync(join(at, "a"))).toBe("/etc");
      expect(readdirSync(join(at, "b"))).toEqual(["g"]);
      expect(text("etc/passwd", at)).toBe("users");
    });
  });

  it("an opaque directory and a directory made anew hide what was below", async () => {
    await unpack(
      [dir("x"), file("x/old", "1"), dir("y"), file("y/old", "2"), dir("z"), file("z/old", "3")],
      lower,
    );
    await unpack([
      dir("x"),
      file("x/.wh..wh..opq"),
      file("x/new", "4"),
      file(".wh.y"),
      dir("y"),
      file(".wh.z"),
      file("z/new", "5"),
    ]);
    merged((at) =>
      expect(["x", "y", "z"].map((name) => readdirSync(join(at, name)))).toEqual([["new"], [], ["new"]]),
    );
  });

  it("a member through a link of the layer below becomes a directory of its own", async () => {
    symlinkSync(canary, join(lower, "out"));
    await unpack([file("out/etc/passwd", "x"), file("out/.wh.etc2")]);
    merged((at) => expect(text("out/etc/passwd", at)).toBe("x"));
  });
});
