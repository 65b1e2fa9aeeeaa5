import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type TarEntry, tarEntry, writeTar } from "../../formats/index.ts";
import type { ImageRecord } from "../../images/types.ts";
import { type MountedRoot, openMountedRoot } from "../../runtime/index.ts";
import { importImage, openSolverHouse, type SolverHouse } from "../solver/solver-house.test-support.ts";
import type { Builder } from "../types.ts";
import { createBuilder } from "./builder.ts";
import { BuildContext } from "./context.ts";

const limits = { limitBytes: 1e9, limitEntries: 1e5 };
const signal = new AbortController().signal;

type Entry = Pick<TarEntry, "name"> & Partial<TarEntry> & { content?: string | Buffer };

let own: SolverHouse;
let builder: Builder;
let dir: string;
let outside: string;
const opened: (() => unknown)[] = [];

beforeAll(async () => {
  own = await openSolverHouse();
  dir = own.house.dir;
  outside = join(dir, "outside");
  fs.mkdirSync(outside);
  const executor = { run: () => Promise.reject(new Error("no commands in this test")) };
  builder = createBuilder({
    stateDir: join(dir, "build"),
    images: own.house.images,
    solver: own.solver,
    executor,
  });
  await builder.open();
});

afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

afterAll(async () => {
  await builder.close();
  await own.close();
});

const FILES: Entry[] = [
  { name: "a.txt", content: "a" },
  { name: "b.txt", content: "b" },
  { name: "run.sh", content: "#!", mode: 0o755 },
  { name: "src/", mode: 0o711 },
  { name: "src/index.js", content: "x", mtimeSeconds: 2000 },
  { name: "src/deep/y", content: "y", mode: 0o600 },
  { name: "src/same", type: "hardlink", linkName: "src/index.js" },
  { name: "src/link", type: "symlink", linkName: "../a.txt" },
  { name: "escape", type: "symlink", linkName: "../../../../../../etc/passwd" },
];

async function tar(entries: readonly Entry[]): Promise<Buffer> {
  const members = entries.map(({ content = "", ...fields }) => {
    const bytes = Buffer.from(content as string);
    const type = fields.name.endsWith("/") ? ("directory" as const) : ("file" as const);
    return { entry: tarEntry({ type, ...fields, sizeBytes: bytes.length }), body: [bytes] };
  });
  const parts: Uint8Array[] = [];
  for await (const part of writeTar(members as never)) parts.push(part);
  return Buffer.concat(parts);
}

async function build(steps: string | string[], entries = FILES, base = "scratch"): Promise<ImageRecord> {
  const content = [`FROM ${base}`, steps].flat().join("\n");
  const { imageId } = await builder.build({
    context: Readable.from([await tar([...entries, { name: "Dockerfile", content }])]),
    output: { text: () => {}, progress: () => {}, image: () => {} },
  });
  return own.house.images.get(imageId);
}

let roots = 0;

/** Where an image's files are, until the test is over. */
async function rootOf(image: ImageRecord): Promise<string> {
  const key = `root-${++roots}`;
  const root: MountedRoot = openMountedRoot(
    await own.house.images.prepareSnapshot(key, image.id),
    fs.mkdtempSync(join(dir, "root-")),
  );
  opened.push(
    () => root.close(),
    () => own.house.images.removeSnapshot(key),
  );
  return root.path;
}

async function copied(steps: string | string[], entries?: Entry[], base?: string) {
  const root = await rootOf(await build(steps, entries, base));
  return {
    root,
    read: (path: string) => fs.readFileSync(join(root, path), "utf8"),
    stat: (path: string) => fs.lstatSync(join(root, path)),
    list: (path: string) => fs.readdirSync(join(root, path)),
  };
}

describe("COPY", () => {
  it("copies a file to a name, into a directory, and over a file", async () => {
    const { read } = await copied(["COPY a.txt /x/y/new", "COPY b.txt /x/y/", "COPY a.txt /x"]);
    expect([read("x/y/new"), read("x/y/b.txt"), read("x/a.txt")]).toEqual(["a", "b", "a"]);
    expect((await copied(["COPY a.txt /x/new", "COPY b.txt /x/new"])).read("x/new")).toBe("b");
  });

  it("copies what a directory holds, keeping modes, times and links", async () => {
    const { read, stat, root } = await copied("COPY src /app");
    expect(read("app/index.js")).toBe("x");
    expect(stat("app/index.js").mtimeMs).toBe(2_000_000);
    expect(stat("app/deep/y").mode & 0o777).toBe(0o600);
    expect(fs.readlinkSync(join(root, "app/link"))).toBe("../a.txt");
    expect(stat("app/same").ino).toBe(stat("app/index.js").ino);
  });

  it("makes directories that everybody may read, whatever the source's is", async () => {
    const { stat } = await copied(["COPY src /new/app", "COPY . /all"]);
    for (const path of ["new", "new/app", "all"]) expect(stat(path).mode & 0o7777).toBe(0o755);
    expect(stat("all/src").mode & 0o7777).toBe(0o711);
  });

  it("leaves no layer for a WORKDIR that is there, and one with what is new of another", async () => {
    await importImage(
      own,
      { "a/": { mode: 0o711 }, "a/b/": "", link: { type: "symlink", linkName: "a" } },
      "dirs:1",
    );
    const below = await own.house.images.get("dirs:1");
    expect((await build(["WORKDIR /a/b", "WORKDIR ../../link"], [], "dirs:1")).layers).toEqual(below.layers);
    const { stat, list } = await copied(["WORKDIR /a/c/d", "WORKDIR /link/e"], [], "dirs:1");
    expect(list("a")).toEqual(["b", "c", "e"]);
    expect([stat("a").mode & 0o777, stat("a/c").mode & 0o777]).toEqual([0o711, 0o755]);
  });

  it("sets owner and mode", async () => {
    const { stat } = await copied(["COPY --chown=12:34 --chmod=750 src /app", "COPY --chmod=640 a.txt /d/f"]);
    for (const path of ["app", "app/index.js", "app/deep", "app/deep/y"])
      expect([stat(path).uid, stat(path).gid]).toEqual([12, 34]);
    expect(stat("app/deep/y").mode & 0o777).toBe(0o750);
    expect([stat("d").mode & 0o777, stat("d/f").mode & 0o777]).toEqual([0o755, 0o640]);
  });

  it("finds the names of owners in the image, and says which it has not", async () => {
    await importImage(own, { "etc/passwd": "app:x:7:8::/:/bin/sh\n", "etc/group": "crew:x:9:\n" }, "named:1");
    const { stat } = await copied(["COPY --chown=app:crew a.txt /f"], FILES, "named:1");
    expect([stat("f").uid, stat("f").gid]).toEqual([7, 9]);
    await expect(build("COPY --chown=nobody a.txt /f", FILES, "named:1")).rejects.toThrow(
      "unable to convert uid/gid chown string to host mapping: can't find uid for user nobody: no such user: nobody",
    );
  });

  it("keeps owners of another stage's files, unless it is told others", async () => {
    const { stat } = await copied([
      "COPY --chown=3:4 a.txt /f",
      "FROM scratch",
      "COPY --from=0 /f /kept",
      "COPY --from=0 --chown=5 /f /new",
    ]);
    expect([stat("kept").uid, stat("kept").gid, stat("new").uid, stat("new").gid]).toEqual([3, 4, 5, 5]);
  });

  it("follows links in the destination inside the root only", async () => {
    fs.writeFileSync(join(outside, "canary"), "untouched");
    const link = (name: string, linkName: string) => ({ [name]: { type: "symlink" as const, linkName } });
    await importImage(
      own,
      {
        "run/": "",
        ...link("var", "/run"),
        ...link("out", outside),
        ...link("up", "../../../../../.."),
        ...link("file", join(outside, "canary")),
      },
      "links:1",
    );
    const steps = [
      "COPY a.txt /var/lock/f",
      `COPY a.txt /up${outside}/canary`,
      "COPY a.txt /out/canary",
      "COPY b.txt /file",
      "WORKDIR /out/made",
    ];
    const { read } = await copied(steps, FILES, "links:1");
    expect(read("run/lock/f")).toBe("a");
    expect(fs.readFileSync(join(outside, "canary"), "utf8")).toBe("untouched");
    expect(fs.readdirSync(outside)).toEqual(["canary"]);
  });

  it("replaces a link by a directory and a directory by a file when trees are merged", async () => {
    await importImage(
      own,
      { "app/index.js/": "", "app/deep": { type: "symlink", linkName: "/elsewhere" } },
      "merged:1",
    );
    const { read, stat } = await copied("COPY src /app", FILES, "merged:1");
    expect(read("app/index.js")).toBe("x");
    expect(stat("app/deep").isDirectory()).toBe(true);
  });

  it("takes wildcards, and no links that lead nowhere", async () => {
    const { list } = await copied(["COPY *.txt /d/", "COPY s?c/*.js /e/", "COPY [ae]* /f/"]);
    expect([list("d"), list("e"), list("f")]).toEqual([["a.txt", "b.txt"], ["index.js"], ["a.txt"]]);
  });

  it.each([
    [
      "missing /x/",
      "COPY failed: file not found in build context or excluded by .dockerignore: stat missing: file does not exist",
    ],
    ["../outside/canary /x/", "COPY failed: forbidden path outside the build context: ../outside/canary ()"],
    ["*.none /x/", "COPY failed: no source files were specified"],
    ["escape /x/", "COPY failed: file not found in build context"],
    ["http://127.0.0.1/f /x/", "COPY failed: source can't be a URL for COPY"],
    ["a.txt b.txt /x", "When using COPY with more than one source file, the destination must be a directory"],
  ])("refuses %s", async (words, message) => {
    await expect(build(`COPY ${words}`)).rejects.toThrow(message);
  });

  it("says of another stage's files only that they are not there", async () => {
    await expect(build(["COPY a.txt /f", "FROM scratch", "COPY --from=0 /nope /"])).rejects.toThrow(
      "COPY failed: stat nope: file does not exist",
    );
  });

  it("refuses a file where a directory is needed", async () => {
    await expect(build(["COPY a.txt /file", "COPY a.txt /file/below/x"])).rejects.toThrow("not a directory");
  });
});

describe("ADD", () => {
  it("unpacks archives, compressed or not, and keeps what only looks like one", async () => {
    const archive = await tar([
      { name: "d/", mode: 0o711 },
      { name: "d/f", content: "inside", uid: 5, gid: 6 },
      { name: "d/h", type: "hardlink", linkName: "d/f" },
      { name: "s", type: "symlink", linkName: "d/f" },
    ]);
    const entries = [
      { name: "x.tar", content: archive },
      { name: "x.tar.gz", content: gzipSync(archive) },
      { name: "fake.tar", content: "no archive" },
    ];
    const steps = ["ADD x.tar /plain", "ADD x.tar.gz /packed/", "ADD fake.tar /fake/", "COPY x.tar /copied/"];
    const { read, stat, list } = await copied(steps, entries);
    expect(read("plain/d/f")).toBe("inside");
    expect(read("packed/s")).toBe("inside");
    expect(stat("plain/d/h").uid).toBe(5);
    expect(stat("plain/d").mode & 0o777).toBe(0o711);
    expect(read("fake/fake.tar")).toBe("no archive");
    expect(list("copied")).toEqual(["x.tar"]);
  });

  it("does not let an archive out of the root", async () => {
    const canary = join(outside, "canary");
    fs.writeFileSync(canary, "untouched");
    const attacks: Entry[][] = [
      [{ name: "../../../outside/canary", content: "1" }],
      [{ name: canary, content: "2" }],
      [
        { name: "link", type: "symlink", linkName: outside },
        { name: "link/canary", content: "3" },
      ],
      [
        { name: "up", type: "symlink", linkName: "../../../.." },
        { name: `up${canary}`, content: "4" },
      ],
      [
        { name: "canary", type: "symlink", linkName: canary },
        { name: "canary", content: "5" },
      ],
      [{ name: "hard", type: "hardlink", linkName: `../..${canary}` }],
    ];
    for (const [index, entries] of attacks.entries()) {
      // An error is as good as a result inside; as context and as archive.
      await build("COPY . /all", entries).catch(() => {});
      await build(`ADD evil.tar /t${index}`, [{ name: "evil.tar", content: await tar(entries) }]).catch(
        () => {},
      );
    }
    expect(fs.readFileSync(canary, "utf8")).toBe("untouched");
    expect(fs.readdirSync(outside)).toEqual(["canary"]);
  });
});

describe("what a step is known by", () => {
  const digestOf = async (entries: Entry[], step = "COPY src /d") => {
    const { config } = await build(step, entries);
    return config.history!.at(-1)!.created_by;
  };

  it("changes with content, name, mode and link, not with time", async () => {
    const files = FILES.filter(({ name }) => name.startsWith("src/") && name !== "src/same");
    const first = await digestOf(files);
    expect(first).toMatch(/^\/bin\/sh -c #\(nop\) COPY dir:[0-9a-f]{64} in \/d $/);
    const index = (more: object) =>
      files.map((entry) => (entry.name === "src/index.js" ? { ...entry, ...more } : entry));
    expect(await digestOf(index({ mtimeSeconds: 1 }))).toBe(first);
    expect((await build("COPY src /d", index({ mtimeSeconds: 1 }))).id).toBe(
      (await build("COPY src /d", files)).id,
    );
    const changed = [
      index({ content: "z" }),
      index({ mode: 0o755 }),
      index({ name: "src/main.js" }),
      files.filter(({ name }) => name !== "src/link"),
      [...files, { name: "src/empty/" }],
    ];
    const seen = new Set([first]);
    for (const entries of changed) seen.add(await digestOf(entries));
    expect(seen.size).toBe(6);
  });

  it("holds for other ways to name the same", async () => {
    const first = await digestOf(FILES);
    expect(await digestOf(FILES, "COPY ./src/ /d")).toBe(first);
    expect(await digestOf(FILES, "COPY src/../src /d")).toBe(first);
  });
});

describe("build context", () => {
  it("is received compressed, with digests, and cleaned by .dockerignore", async () => {
    const archive = await tar([
      { name: "Dockerfile", content: "FROM scratch" },
      { name: ".dockerignore", content: "node_modules\n*.log\n!keep.log\nDockerfile\n" },
      { name: "node_modules/x/y", content: "1" },
      { name: "a.log", content: "1" },
      { name: "keep.log", content: "kept" },
    ]);
    const context = await BuildContext.receive(dir, stream(gzipSync(archive)), limits, signal);
    try {
      expect(context.readText("Dockerfile")).toBe("FROM scratch");
      await context.applyDockerignore();
      const { entries, rootFd } = await context.tree();
      expect(fs.readdirSync(`/proc/self/fd/${rootFd}`).sort()).toEqual([".dockerignore", "keep.log"]);
      expect([...entries.keys()]).toEqual([".dockerignore", "keep.log"]);
      const digest = createHash("sha256").update("kept").digest("hex");
      expect(entries.get("keep.log")!.contentDigest).toBe(digest);
    } finally {
      await context.dispose();
    }
    expect(fs.readdirSync(dir).filter((name) => name.startsWith("context-"))).toEqual([]);
  });

  it.each([
    ["garbage", Buffer.alloc(2000, "x"), "Error processing tar file(the build context): invalid tar header"],
    ["cut off", Buffer.alloc(0), "unexpected end"],
  ])("refuses %s and leaves nothing", async (name, bytes, message) => {
    const whole = await tar([{ name: "f", content: "x".repeat(3000) }]);
    const input = name === "cut off" ? whole.subarray(0, 1500) : bytes;
    await expect(BuildContext.receive(dir, stream(input), limits, signal)).rejects.toThrow(message);
    expect(fs.readdirSync(dir).filter((entry) => entry.startsWith("context-"))).toEqual([]);
  });

  it("has limits", async () => {
    const archive = await tar([1, 2, 3].map((n) => ({ name: `f${n}`, content: "x" })));
    await expect(
      BuildContext.receive(dir, stream(archive), { limitBytes: 1e6, limitEntries: 2 }, signal),
    ).rejects.toThrow("more than");
  });
});

async function* stream(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 700) yield bytes.subarray(at, at + 700);
}
