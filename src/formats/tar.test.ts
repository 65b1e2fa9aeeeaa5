import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bytesOfText, textOfBytes } from "./byte-text.ts";
import { type TarEntry, tarEntry } from "./tar-entry.ts";
import { cleanTarPath, readTar, TarReader } from "./tar-reader.ts";
import { encodeTarHeader, TAR_END, tarPadding, writeTar } from "./tar-writer.ts";

interface Read {
  entry: TarEntry;
  content: Buffer;
}

function readPieces(pieces: Iterable<Uint8Array>): Read[] {
  const found: Read[] = [];
  const reader = new TarReader({
    entry: (entry) => found.push({ entry, content: Buffer.alloc(0) }),
    data: (bytes) => {
      const last = found.at(-1)!;
      last.content = Buffer.concat([last.content, bytes]);
    },
    endEntry: () => {},
  });
  for (const piece of pieces) reader.push(piece);
  reader.end();
  return found;
}

async function write(members: Read[]): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar(members.map(({ entry, content }) => ({ entry, body: content }))))
    chunks.push(chunk);
  return Buffer.concat(chunks);
}

function inPieces(bytes: Buffer, size: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return pieces;
}

const nameOf = (maxLength: number) =>
  fc
    .array(
      fc.oneof(
        fc.constantFrom(..."abcXYZ./-_ é漢🚀"),
        fc.integer({ min: 0x80, max: 0xff }).map((b) => textOfBytes(Buffer.of(b))),
      ),
      {
        minLength: 1,
        maxLength,
      },
    )
    .map((parts) => textOfBytes(bytesOfText(`n${parts.join("")}`)))
    .filter((name) => !name.endsWith("/"));

const anyMember: fc.Arbitrary<Read> = fc
  .record({
    name: nameOf(300),
    linkName: nameOf(200),
    type: fc.constantFrom(
      "file",
      "hardlink",
      "symlink",
      "directory",
      "fifo",
      "character-device",
      "block-device" as const,
    ),
    mode: fc.integer({ min: 0, max: 0o7777 }),
    uid: fc.oneof(fc.integer({ min: 0, max: 0o7777777 }), fc.integer({ min: 0, max: 2 ** 32 - 2 })),
    gid: fc.integer({ min: 0, max: 2 ** 32 - 2 }),
    mtimeSeconds: fc.oneof(
      fc.integer({ min: -(2 ** 31), max: 2 ** 33 }),
      fc.integer({ min: 0, max: 2 ** 40 }),
    ),
    mtimeNanoseconds: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 999_999_999 })),
    device: fc.integer({ min: 0, max: 0o7777777 }),
    xattrs: fc.dictionary(
      fc.constantFrom("user.a", "security.capability", "user.ü"),
      fc.uint8Array({ maxLength: 700 }),
    ),
    content: fc.uint8Array({ maxLength: 1500 }),
  })
  .map(({ content, device, xattrs, ...fields }) => {
    const isFile = fields.type === "file";
    const isLink = fields.type === "hardlink" || fields.type === "symlink";
    const isDevice = fields.type.endsWith("device");
    const entry = tarEntry({
      ...(fields as Partial<TarEntry> & Pick<TarEntry, "name" | "type">),
      name: fields.type === "directory" ? `${fields.name}/` : fields.name,
      linkName: isLink ? fields.linkName : "",
      sizeBytes: isFile ? content.length : 0,
      deviceMajor: isDevice ? device : 0,
      deviceMinor: isDevice ? device : 0,
      xattrs: new Map(Object.entries(xattrs).map(([key, value]) => [key, Buffer.from(value)])),
    });
    return { entry, content: isFile ? Buffer.from(content) : Buffer.alloc(0) };
  });

describe("tar", () => {
  it("reads back what it wrote, in pieces of any size", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyMember, { maxLength: 5 }),
        fc.integer({ min: 1, max: 1500 }),
        async (members, size) => {
          const bytes = await write(members);
          expect(bytes.length % 512).toBe(0);
          expect(readPieces(inPieces(bytes, size))).toEqual(members);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("writes the same bytes for the same members", async () => {
    const member = {
      entry: tarEntry({ name: "é".repeat(80), type: "file", sizeBytes: 3 }),
      content: Buffer.from("abc"),
    };
    expect((await write([member])).equals(await write([member]))).toBe(true);
  });

  it("never crashes or hangs on noise: an error of ours or a result", async () => {
    const valid = await write([
      {
        entry: tarEntry({
          name: "x".repeat(180),
          type: "file",
          sizeBytes: 600,
          xattrs: new Map([["user.k", Buffer.from("v")]]),
        }),
        content: Buffer.alloc(600, 1),
      },
      { entry: tarEntry({ name: "d/", type: "directory" }), content: Buffer.alloc(0) },
    ]);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        fc.nat(valid.length),
        (flips, cut) => {
          const bytes = Buffer.from(valid.subarray(0, cut));
          for (const [at, value] of flips) if (at < bytes.length) bytes[at] = value;
          try {
            readPieces([bytes]);
          } catch (error) {
            expect((error as { code?: string }).code).toMatch(/^Tar\./);
          }
        },
      ),
      { numRuns: 400 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 512, maxLength: 3000 }), (noise) => {
        try {
          readPieces([noise]);
        } catch (error) {
          expect((error as { code?: string }).code).toMatch(/^Tar\./);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("keeps sizes beyond 8 GiB without any content in memory", () => {
    const sizeBytes = 20 * 2 ** 30 + 5;
    const header = encodeTarHeader(tarEntry({ name: "big", type: "file", sizeBytes }));
    let seen = 0;
    let size = 0;
    const reader = new TarReader({
      entry: (entry) => {
        size = entry.sizeBytes;
      },
      data: (bytes) => {
        seen += bytes.length;
      },
      endEntry: () => {},
    });
    reader.push(header);
    const piece = Buffer.alloc(64 * 2 ** 20);
    for (let left = sizeBytes; left > 0; left -= piece.length)
      reader.push(piece.subarray(0, Math.min(left, piece.length)));
    reader.push(tarPadding(sizeBytes));
    reader.push(TAR_END);
    reader.end();
    expect([size, seen]).toEqual([sizeBytes, sizeBytes]);
  });

  it("reads GNU's base 256 sizes and refuses negative ones", () => {
    const header = encodeTarHeader(tarEntry({ name: "big", type: "file" }));
    const withSize = (bytes: number[]) => {
      const copy = Buffer.from(header);
      Buffer.from(bytes).copy(copy, 124);
      copy.fill(0x20, 148, 156);
      const sum = copy.reduce((total, byte) => total + byte, 0);
      copy.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
      return copy;
    };
    let size = -1;
    const handler = {
      entry: (entry: TarEntry) => (size = entry.sizeBytes),
      data: () => {},
      endEntry: () => {},
    };
    new TarReader(handler).push(withSize([0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0]));
    expect(size).toBe(2 ** 33);
    expect(() => new TarReader(handler).push(withSize(Array(12).fill(0xff)))).toThrow(/negative size/);
    expect(() =>
      new TarReader(handler).push(
        withSize([0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
      ),
    ).toThrow(/out of range/);
  });

  it("refuses sparse members, oversized extended headers, lone ends and strange types clearly", async () => {
    const withType = (flag: string, sizeBytes = 0) => {
      const block = encodeTarHeader(tarEntry({ name: "x", type: "file", sizeBytes }));
      block.write(flag, 156, "latin1");
      block.fill(0x20, 148, 156);
      const sum = block.reduce((total, byte) => total + byte, 0);
      block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
      return block;
    };
    expect(() => readPieces([withType("S")])).toThrow(/sparse/);
    expect(() => readPieces([withType("D")])).toThrow(/members of type "D"/);
    expect(() => readPieces([withType("x", 2 ** 21)])).toThrow(/too large/);
    expect(() => readPieces([withType("L", 2 ** 21)])).toThrow(/too large/);
    expect(() => readPieces([withType("0", 10)])).toThrow(/unexpected end/);
    expect(() => readPieces([withType("0").subarray(0, 100)])).toThrow(/unexpected end/);
    expect(() => readPieces([Buffer.alloc(512), withType("0")])).toThrow(/zero block/);
    const gnuSparse = Buffer.concat([
      withType("x", 25),
      Buffer.from("25 GNU.sparse.major=1000\n".padEnd(512, "\0")),
      withType("0"),
    ]);
    expect(() => readPieces([gnuSparse])).toThrow(/sparse/);
    expect(readPieces([])).toEqual([]);
    expect(readPieces([TAR_END, Buffer.from("trailing garbage")])).toEqual([]);
  });

  it("skips bodies that nobody reads", async () => {
    const bytes = await write(
      ["a", "b", "c"].map((name) => ({
        entry: tarEntry({ name, type: "file" as const, sizeBytes: 2000 }),
        content: Buffer.alloc(2000, name),
      })),
    );
    const names: string[] = [];
    async function* source() {
      yield* inPieces(bytes, 700);
    }
    for await (const { entry, body } of readTar(source())) {
      names.push(entry.name);
      if (entry.name === "b")
        for await (const chunk of body) expect(chunk.every((byte) => byte === 0x62)).toBe(true);
    }
    expect(names).toEqual(["a", "b", "c"]);
  });

  it("cleans names without ever leaving the root", () => {
    expect(cleanTarPath("../../etc/./x//y/..")).toEqual(["etc", "x"]);
    expect(cleanTarPath("/..")).toEqual([]);
  });
});

describe("tar beside the system's tar", () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "gantry-tar-"));
    const tree = join(dir, "tree");
    mkdirSync(join(tree, "sub", "l".repeat(120), "m".repeat(120)), { recursive: true });
    writeFileSync(join(tree, "plain"), "hello\n", { mode: 0o750 });
    writeFileSync(join(tree, "sub", "l".repeat(120), "m".repeat(120), "Főtanúsítvány.crt"), "long");
    writeFileSync(Buffer.concat([Buffer.from(`${tree}/`), Buffer.of(0x66, 0xff, 0xfe)]), "bytes");
    symlinkSync("../".repeat(60) + "etc/passwd", join(tree, "link"));
    linkSync(join(tree, "plain"), join(tree, "sub", "hard"));
    execFileSync("mkfifo", [join(tree, "fifo")]);
    execFileSync("mknod", [join(tree, "null"), "c", "1", "3"]);
    utimesSync(join(tree, "plain"), 1_700_000_000.25, 1_700_000_000.25);
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  for (const format of ["gnu", "posix", "ustar", "v7", "oldgnu"]) {
    it(`reads its ${format} archives`, () => {
      const limited = format === "ustar" || format === "v7";
      const names = limited ? ["plain", "sub/hard"] : ["."];
      const bytes = execFileSync(
        "tar",
        ["-c", `--format=${format}`, "-C", join(dir, "tree"), "--sort=name", ...names],
        {
          maxBuffer: 2 ** 24,
          stdio: ["ignore", "pipe", "ignore"],
        },
      );
      const read = readPieces(inPieces(bytes, 333));
      const listing = execFileSync("tar", ["-t", "--quoting-style=literal"], {
        input: bytes,
        stdio: ["pipe", "pipe", "ignore"],
      });
      expect(read.map(({ entry }) => entry.name)).toEqual(textOfBytes(listing).split("\n").filter(Boolean));
      const plain = read.find(({ entry }) => entry.name.endsWith("plain"))!;
      expect(plain.content.toString()).toBe("hello\n");
      expect(plain.entry.mode).toBe(0o750);
      expect(plain.entry.mtimeSeconds).toBe(1_700_000_000);
      if (format === "posix") expect(plain.entry.mtimeNanoseconds).toBe(250_000_000);
      const hard = read.find(({ entry }) => entry.name.endsWith("hard"))!;
      expect([hard.entry.type, cleanTarPath(hard.entry.linkName)]).toEqual(["hardlink", ["plain"]]);
      if (limited) return;
      const device = read.find(({ entry }) => entry.name.endsWith("null"))!;
      expect([device.entry.type, device.entry.deviceMajor, device.entry.deviceMinor]).toEqual([
        "character-device",
        1,
        3,
      ]);
      expect(read.find(({ entry }) => entry.type === "symlink")!.entry.linkName).toHaveLength(190);
    });
  }

  it("writes archives that it unpacks to the same tree", async () => {
    const bytes = execFileSync("tar", ["-c", "--format=gnu", "-C", join(dir, "tree"), "--sort=name", "."], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const rewritten = await write(readPieces([bytes]));
    const out = join(dir, "out");
    mkdirSync(out);
    execFileSync("tar", ["-x", "-p", "-C", out], { input: rewritten, stdio: ["pipe", "ignore", "pipe"] });
    const list = (root: string) =>
      execFileSync("find", [".", "-printf", "%P %y %m %s %l %n\\n"], { cwd: root })
        .toString("latin1")
        .split("\n")
        .sort();
    const sizes = (lines: string[]) => lines.map((line) => line.replace(/^(\S* d \d+) \d+/, "$1"));
    expect(sizes(list(out))).toEqual(sizes(list(join(dir, "tree"))));
  });

  it("is read by it with extended attributes and large numbers", async () => {
    const entry = tarEntry({
      name: "owned",
      type: "file",
      sizeBytes: 2,
      uid: 3_000_000,
      gid: 4_000_000_000,
      mtimeSeconds: 2 ** 34,
      mtimeNanoseconds: 5,
      xattrs: new Map([["user.k", Buffer.from("v")]]),
    });
    const bytes = await write([{ entry, content: Buffer.from("ok") }]);
    const listing = execFileSync("tar", ["-tv", "--numeric-owner", "--full-time", "--xattrs", "-f", "-"], {
      input: bytes,
    }).toString();
    expect(listing).toContain("3000000/4000000000");
    expect(listing).toContain("2514-05-30");
  });
});
