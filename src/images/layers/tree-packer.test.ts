import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../base/index.ts";
import { readTar, type TarEntry, TarReader } from "../../formats/index.ts";
import { packMember, packTree, TreeExtractor } from "../index.ts";

let dir: string;
let root: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gantry-pack-"));
  root = join(dir, "root");
  mkdirSync(root);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function pack(options = {}): Buffer {
  const fd = openSync(root, "r");
  try {
    return Buffer.concat([...packTree(fd, options)]);
  } finally {
    closeSync(fd);
  }
}

async function entriesOf(archive: Buffer): Promise<TarEntry[]> {
  const entries: TarEntry[] = [];
  for await (const { entry } of readTar([archive] as unknown as AsyncIterable<Uint8Array>))
    entries.push(entry);
  return entries;
}

describe("a packed tree", () => {
  it("has sorted names, a prefix and what a map leaves of it", async () => {
    for (const name of ["b", "a", "c"]) writeFileSync(join(root, name), name);
    mkdirSync(join(root, "d"));
    writeFileSync(join(root, "d/e"), "");
    const names = async (options: object) => (await entriesOf(pack(options))).map(({ name }) => name);
    expect(await names({})).toEqual(["a", "b", "c", "d/", "d/e"]);
    expect(await names({ prefix: "etc/", root: "always" })).toEqual([
      "etc/",
      "etc/a",
      "etc/b",
      "etc/c",
      "etc/d/",
      "etc/d/e",
    ]);
    expect(await names({ root: "if-changed" })).toHaveLength(5);
    expect(
      await names({
        map: (entry: TarEntry) =>
          entry.name.startsWith("d") ? undefined : { ...entry, name: `x-${entry.name}` },
      }),
    ).toEqual(["x-a", "x-b", "x-c"]);
    const fd = openSync(root, "r");
    const one = Buffer.concat([...packMember(fd, "d", "renamed")]);
    closeSync(fd);
    expect((await entriesOf(one)).map(({ name }) => name)).toEqual(["renamed/", "renamed/e"]);
  });

  it("leaves sockets out and takes a file that shrinks as it was", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(root, "socket"), resolve));
    writeFileSync(join(root, "shrinks"), Buffer.alloc(600_000, 1));
    const fd = openSync(root, "r");
    const pieces: Buffer[] = [];
    for (const piece of packTree(fd)) {
      pieces.push(piece);
      if (pieces.length === 2) truncateSync(join(root, "shrinks"), 10);
    }
    closeSync(fd);
    server.close();
    expect((await entriesOf(Buffer.concat(pieces))).map(({ name, sizeBytes }) => [name, sizeBytes])).toEqual([
      ["shrinks", 600_000],
    ]);
  });

  it("never holds anything from outside while somebody swaps a directory for a link", async () => {
    mkdirSync(join(dir, "outside"));
    mkdirSync(join(root, "a"));
    for (let count = 0; count < 20; count++) {
      writeFileSync(join(dir, "outside", `f${count}`), "SECRET");
      writeFileSync(join(root, "a", `f${count}`), "public");
    }
    const swapper = new Worker(
      `const { renameSync, symlinkSync } = require("node:fs"); const { workerData: { root, outside } } = require("node:worker_threads");
       symlinkSync(outside, root + "/link"); symlinkSync(outside + "/f1", root + "/flink");
       for (;;) {
         try { renameSync(root + "/a", root + "/kept"); renameSync(root + "/link", root + "/a"); } catch {}
         try { renameSync(root + "/a", root + "/link"); renameSync(root + "/kept", root + "/a"); } catch {}
         try { renameSync(root + "/a/f1", root + "/f"); renameSync(root + "/flink", root + "/a/f1"); renameSync(root + "/a/f1", root + "/flink"); renameSync(root + "/f", root + "/a/f1"); } catch {}
       }`,
      { eval: true, workerData: { root, outside: join(dir, "outside") } },
    );
    await new Promise((resolve) => swapper.once("online", resolve));
    const untilMs = systemClock.monotonicMs() + 1200;
    let whole = 0;
    while (systemClock.monotonicMs() < untilMs) {
      const archive = pack();
      expect(archive.includes("SECRET")).toBe(false);
      if (archive.includes("public")) whole++;
    }
    await swapper.terminate();
    expect(whole).toBeGreaterThan(10);
  });
});

describe("an archive unpacked into a tree in use", () => {
  const extract = (options: object, ...members: Buffer[]) => {
    const extractor = new TreeExtractor(root, options);
    const reader = new TarReader(extractor);
    try {
      for (const bytes of members) reader.push(bytes);
      reader.end();
      extractor.finish();
    } catch (error) {
      extractor.close();
      throw error;
    }
  };

  it("lands below a directory, with owners as told, and does not mix files and directories up", () => {
    mkdirSync(join(root, "into/taken"), { recursive: true });
    writeFileSync(join(root, "into/file"), "");
    mkdirSync(join(dir, "source"));
    writeFileSync(join(dir, "source", "f"), "1");
    writeFileSync(join(dir, "source", ".wh.plain"), "kept");
    const fd = openSync(join(dir, "source"), "r");
    extract({ into: "into", owner: { uid: 7, gid: 8 } }, Buffer.concat([...packTree(fd)]));
    expect(readFileSync(join(root, "into/.wh.plain"), "utf8")).toBe("kept");
    writeFileSync(join(dir, "source", "taken"), "");
    const file = Buffer.concat([...packMember(fd, "taken", "taken")]);
    expect(() => extract({ into: "into", noOverwriteDirNonDir: true }, file)).toThrow(
      'cannot overwrite directory "taken" with non-directory "taken"',
    );
    rmSync(join(dir, "source", "taken"));
    mkdirSync(join(dir, "source", "file"));
    const directory = Buffer.concat([...packMember(fd, "file", "file")]);
    closeSync(fd);
    expect(() => extract({ into: "into", noOverwriteDirNonDir: true }, directory)).toThrow(
      'cannot overwrite non-directory "file/" with directory "file/"',
    );
  });

  it("stays below the root when the directory that it goes into is a link", () => {
    symlinkSync(dir, join(root, "into"));
    mkdirSync(join(dir, "source"));
    writeFileSync(join(dir, "source", "f"), "1");
    const fd = openSync(join(dir, "source"), "r");
    extract({ into: "into" }, Buffer.concat([...packTree(fd)]));
    closeSync(fd);
    expect(readFileSync(join(root, dir, "f"), "utf8")).toBe("1");
  });
});
