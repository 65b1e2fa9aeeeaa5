import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  createReadStream,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestOf, MediaType, tarEntry, writeTar } from "../formats/index.ts";
import { mountOverlay, withPrivateMountNamespace } from "../kernel/index.ts";
import { archiveOf, bytesOf, openTestHouse, type TestHouse } from "./test-images.test-support.ts";
import type { ImageEvent, ImageRecord } from "./types.ts";

let house: TestHouse;
beforeEach(async () => {
  house = await openTestHouse();
});
afterEach(() => house.remove());

const BASE = {
  "etc/": {},
  "etc/passwd": "root",
  "bin/": {},
  "bin/tool": { mode: 0o755 },
  big: "x".repeat(1000),
};
const importBase = (reference = "base") =>
  house.images.importRootfs(archiveOf(BASE), {
    reference,
    config: { Cmd: ["sh"] },
    message: "made by a test",
  });

/** Mounts a snapshot, writes to it as a container would, and commits it. */
async function step(
  parent: ImageRecord,
  key: string,
  write: (root: string) => void,
  more: object = {},
): Promise<ImageRecord> {
  const mount = await house.images.prepareSnapshot(key, parent.id);
  inMounted(mount, write);
  return house.images.commit({
    parentId: parent.id,
    snapshotKey: key,
    config: parent.config.config!,
    history: { created_by: key },
    ...more,
  });
}

function inMounted<T>(
  mount: { lowerDirs: string[]; upperDir?: string; workDir?: string },
  fn: (root: string) => T,
): T {
  const target = join(house.dir, "mnt");
  mkdirSync(target, { recursive: true });
  return withPrivateMountNamespace(() => {
    mountOverlay({ ...mount, target });
    return fn(target);
  });
}

async function lookInto<T>(image: ImageRecord, look: (root: string) => T): Promise<T> {
  const key = `look-${digestOf(JSON.stringify(image.layers)).slice(7, 20)}`;
  const mount = await house.images.prepareSnapshot(key, image.id);
  try {
    return inMounted(mount, look);
  } finally {
    await house.images.removeSnapshot(key);
  }
}

describe("images", () => {
  it("come from an archive of a root file system, compressed or not, and survive a restart", async () => {
    const plain = await bytesOf(archiveOf(BASE));
    const events: ImageEvent[] = [];
    house.images.onEvent((event) => events.push(event));
    const image = await house.images.importRootfs(Readable.from([plain]), {
      reference: "base",
      config: { Cmd: ["sh"] },
    });
    expect(image).toMatchObject({
      references: ["docker.io/library/base:latest"],
      sizeBytes: 1004,
      layers: [digestOf(plain)],
    });
    expect(events.map(({ action, reference }) => [action, reference])).toEqual([
      ["tag", "docker.io/library/base:latest"],
      ["import", "base"],
    ]);
    for (const [index, packed] of [gzipSync(plain), zstdCompressSync(plain)].entries()) {
      const again = await house.images.importRootfs(Readable.from([packed]), { reference: `packed${index}` });
      expect(again.layers).toEqual(image.layers);
    }
    await house.reopen();
    expect((await house.images.list()).length).toBe(3);
    expect(await house.images.get("base")).toEqual(image);
    expect(
      await lookInto(image, (root) => [
        readFileSync(join(root, "etc/passwd"), "utf8"),
        statSync(join(root, "bin/tool")).mode & 0o777,
      ]),
    ).toEqual(["root", 0o755]);
    await expect(
      house.images.importRootfs(Readable.from([Buffer.from("no archive at all".repeat(50))]), {}),
    ).rejects.toMatchObject({ code: "Tar.Malformed" });
    await expect(
      house.images.importRootfs(Readable.from([plain.subarray(0, 700)]), {}),
    ).rejects.toMatchObject({ code: "Tar.Truncated" });
    expect(readdirSync(join(house.dir, "images/layers")).length).toBe(1);
  });

  it("are found by id, id prefix, familiar and canonical name, and digest", async () => {
    const image = await importBase("base:1.0");
    const hex = image.id.slice(7);
    for (const text of [
      image.id,
      hex,
      hex.slice(0, 12),
      `sha256:${hex.slice(0, 7)}`,
      "base:1.0",
      "library/base:1.0",
      "docker.io/library/base:1.0",
      "index.docker.io/library/base:1.0",
    ]) {
      expect((await house.images.find(text))?.id, text).toBe(image.id);
    }
    for (const text of [
      "base",
      "other/base:1.0",
      "quay.io/base:1.0",
      `base@${image.id}`,
      "",
      "BASE",
      "f".repeat(64),
    ]) {
      expect(await house.images.find(text), text).toBeUndefined();
    }
    await expect(house.images.get("nope")).rejects.toMatchObject({
      message: "No such image: nope:latest",
      kind: "NotFound",
      code: "Image.NotFound",
    });
    await expect(house.images.get("nope:x")).rejects.toThrow("No such image: nope:x");
    await expect(house.images.get(`sha256:${"0".repeat(64)}`)).rejects.toThrow(
      `No such image: sha256:${"0".repeat(64)}`,
    );
  });

  it("are made of a snapshot's upper directory, which is moved and not copied", async () => {
    const base = await importBase();
    const mount = await house.images.prepareSnapshot("step1", base.id);
    inMounted(mount, (root) => {
      writeFileSync(join(root, "new"), "n");
      writeFileSync(join(root, "etc/passwd"), "changed");
      rmSync(join(root, "bin"), { recursive: true });
      mkdirSync(join(root, "bin"));
      rmSync(join(root, "big"));
    });
    const inode = statSync(join(mount.upperDir!, "new")).ino;
    expect(await house.images.snapshotUsage("step1")).toEqual({ sizeBytes: 8, inodes: 5 });
    expect(await house.images.snapshotChanges("step1")).toEqual([
      { path: "/big", kind: 2 },
      { path: "/bin", kind: 0 },
      { path: "/bin/tool", kind: 2 },
      { path: "/etc", kind: 0 },
      { path: "/etc/passwd", kind: 0 },
      { path: "/new", kind: 1 },
    ]);
    const image = await house.images.commit({
      parentId: base.id,
      snapshotKey: "step1",
      config: { Cmd: ["new"] },
      history: { created_by: "RUN x" },
      references: ["app:1"],
    });
    expect(image).toMatchObject({
      parentId: base.id,
      references: ["docker.io/library/app:1"],
      sizeBytes: 1012,
    });
    expect(image.config).toMatchObject({
      config: { Cmd: ["new"] },
      history: [{ comment: "made by a test" }, { created_by: "RUN x" }],
    });
    const layer = join(house.dir, "images/layers", image.layers[1]!.slice(7), "diff");
    expect(statSync(join(layer, "new")).ino).toBe(inode);
    expect(
      await lookInto(image, (root) => [readdirSync(root).sort(), readdirSync(join(root, "bin"))]),
    ).toEqual([["bin", "etc", "new"], []]);
    // The snapshot goes on, empty, over what it became.
    expect(await house.images.snapshotChanges("step1")).toEqual([]);
    expect(inMounted(await house.images.snapshotMount("step1"), (root) => readdirSync(root).sort())).toEqual([
      "bin",
      "etc",
      "new",
    ]);
    await house.reopen();
    expect((await house.images.snapshotMount("step1")).lowerDirs.length).toBe(2);
  });

  it("have the same diff id whether the snapshot was moved or copied, and whatever the layer is packed from", async () => {
    const base = await importBase();
    const write = (root: string) => {
      mkdirSync(join(root, "d"));
      writeFileSync(join(root, "d/a"), "1");
      execFileSync("ln", [join(root, "d/a"), join(root, "d/hard")]);
      symlinkSync("../etc", join(root, "d/link"));
      execFileSync("mkfifo", [join(root, "d/fifo")]);
      writeFileSync(Buffer.concat([Buffer.from(`${root}/d/`), Buffer.of(0xff)]), "bytes");
      rmSync(join(root, "big"));
      utimesSync(join(root, "d/a"), 1e9 + 0.75, 1e9 + 0.75);
    };
    const kept = await step(base, "kept", write, { keepSnapshot: true });
    expect(inMounted(await house.images.snapshotMount("kept"), (root) => existsSync(join(root, "d/a")))).toBe(
      true,
    );
    const moved = await house.images.commit({
      parentId: base.id,
      snapshotKey: "kept",
      config: {},
      history: {},
    });
    expect(moved.layers).toEqual(kept.layers);
    const layer = join(house.dir, "images/layers", kept.layers[1]!.slice(7), "diff");
    expect([statSync(join(layer, "d/a")).nlink, lstatSync(join(layer, "big")).rdev]).toEqual([2, 0]);
  });

  it("may have no layer, none for a step that wrote nothing, or the same layer twice", async () => {
    const scratch = await house.images.commit({
      config: { Cmd: ["/x"] },
      history: { created_by: "CMD" },
      references: ["scratchy"],
    });
    expect([scratch.layers, scratch.config.history![0]!.empty_layer]).toEqual([[], true]);
    const nothing = await step(scratch, "nothing", () => {});
    expect([nothing.layers, nothing.config.history!.at(-1)!.empty_layer]).toEqual([[], true]);
    const write = (root: string) => {
      writeFileSync(join(root, "file"), "same");
      utimesSync(join(root, "file"), 1e9, 1e9);
    };
    const one = await step(nothing, "one", write);
    const two = await step(one, "two", write);
    expect(two.layers).toEqual([one.layers[0], one.layers[0]]);
    expect(await lookInto(two, (root) => readdirSync(root))).toEqual(["file"]);
    const meta = await house.images.commit({
      parentId: two.id,
      config: { Env: ["A=1"] },
      history: { created_by: "ENV" },
    });
    expect(meta.layers).toEqual(two.layers);
  });

  it("may be large: what takes long happens in threads, with the same result", async () => {
    const base = await importBase();
    const image = await step(base, "large", (root) => {
      writeFileSync(join(root, "random"), randomBytes(9_000_000));
      mkdirSync(join(root, "many"));
      for (let count = 0; count < 2000; count++) writeFileSync(join(root, "many", `f${count}`), `${count}`);
    });
    const archive = await bytesOf(house.images.save([image.id]));
    const layer = execFileSync("tar", ["-xO", `blobs/sha256/${image.layers[1]!.slice(7)}`], {
      input: archive,
      maxBuffer: 2 ** 26,
    });
    expect(digestOf(layer)).toBe(image.layers[1]);
    const other = await openTestHouse();
    try {
      const [loaded] = await other.images.load(Readable.from([archive]));
      expect(loaded!.layers).toEqual(image.layers);
      const diff = join(other.dir, "images/layers", image.layers[1]!.slice(7), "diff");
      expect([readdirSync(join(diff, "many")).length, statSync(join(diff, "random")).size]).toEqual([
        2000, 9_000_000,
      ]);
    } finally {
      other.remove();
    }
    // A reader that goes away stops the thread behind it.
    const stream = house.images.save([image.id]);
    for await (const _chunk of stream) break;
    expect(stream.destroyed).toBe(true);
  });

  it("are unpacked again, or forgotten, when the machine lost their layers", async () => {
    const base = await importBase("kept:1");
    const own = await step(base, "own", (root) => writeFileSync(join(root, "f"), "1"));
    const layer = await bytesOf(archiveOf({ f: "1" }));
    const config = JSON.stringify({
      architecture: "amd64",
      os: "linux",
      rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
    });
    const blob = (bytes: Buffer) => `blobs/sha256/${digestOf(bytes).slice(7)}`;
    const describe = (mediaType: string, bytes: Buffer) => ({
      mediaType,
      digest: digestOf(bytes),
      size: bytes.length,
    });
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        config: describe(MediaType.ociConfig, Buffer.from(config)),
        layers: [describe(MediaType.ociLayer, layer)],
      }),
    );
    const index = Buffer.from(
      JSON.stringify({ schemaVersion: 2, manifests: [describe(MediaType.ociManifest, manifest)] }),
    );
    const [foreign] = await house.images.load(
      archiveOfBytes({
        "index.json": index,
        [blob(manifest)]: manifest,
        [blob(Buffer.from(config))]: Buffer.from(config),
        [blob(layer)]: layer,
      }),
    );
    for (const lost of [own.layers[1]!, foreign!.layers[0]!]) {
      const file = join(house.dir, "images/layers", lost.slice(7), "layer.json");
      const record = JSON.parse(readFileSync(file, "utf8"));
      writeFileSync(file, JSON.stringify({ ...record, unsyncedBootId: "an earlier start of the machine" }));
    }
    await house.reopen();
    expect((await house.images.list()).map(({ id }) => id).sort()).toEqual([base.id, foreign!.id].sort());
    expect(await lookInto(foreign!, (root) => readFileSync(join(root, "f"), "utf8"))).toBe("1");
  });

  it("are not made of a snapshot over another image", async () => {
    const base = await importBase();
    await house.images.prepareSnapshot("k", undefined);
    await expect(
      house.images.commit({ parentId: base.id, snapshotKey: "k", config: {}, history: {} }),
    ).rejects.toMatchObject({ code: "Snapshot.WrongParent" });
    await expect(house.images.prepareSnapshot("k", base.id)).rejects.toMatchObject({ kind: "AlreadyExists" });
    await expect(house.images.prepareSnapshot("../k", base.id)).rejects.toMatchObject({
      kind: "InvalidArgument",
    });
    await expect(house.images.prepareSnapshot("n", "nope")).rejects.toThrow("No such image");
    expect(await house.images.listSnapshots()).toEqual(["k"]);
    await house.images.removeSnapshot("k");
    await house.images.removeSnapshot("k");
    expect(readdirSync(join(house.dir, "images/snapshots"))).toEqual([]);
  });
});

describe("removal of images", () => {
  it("goes by Docker's rules", async () => {
    const base = await importBase("a:1");
    await house.images.tag(base.id, "b:1");
    const short = base.id.slice(7, 19);
    await expect(house.images.remove(short, {})).rejects.toMatchObject({
      kind: "Conflict",
      message: `conflict: unable to delete ${short} (must be forced) - image is referenced in multiple repositories`,
    });
    expect(await house.images.remove("a:1", {})).toEqual([{ untagged: "a:1" }]);
    const container = "0123456789abcdef0123456789abcdef";
    const stopped = { inUse: () => `stopped container ${container}` };
    await expect(house.images.remove("b:1", stopped)).rejects.toThrow(
      `conflict: unable to remove repository reference "b:1" (must force) - container 0123456789ab is using its referenced image ${short}`,
    );
    await expect(house.images.remove(base.id, stopped)).rejects.toThrow(
      `conflict: unable to delete ${short} (must be forced) - image is being used by stopped container 0123456789ab`,
    );
    await expect(
      house.images.remove(base.id, { force: true, inUse: () => `running container ${container}` }),
    ).rejects.toThrow(
      `conflict: unable to delete ${short} (cannot be forced) - image is being used by running container 0123456789ab`,
    );
    const child = await step(base, "child", () => {});
    await expect(house.images.remove(base.id, { force: true })).rejects.toThrow(
      `conflict: unable to delete ${short} (cannot be forced) - image has dependent child images`,
    );
    await house.images.removeSnapshot("child");
    await house.images.remove(child.id, { prune: false });
    expect(await house.images.remove(base.id, {})).toEqual([
      { untagged: "b:1" },
      { deleted: base.id },
      { deleted: base.layers[0] },
    ]);
    await expect(house.images.remove("b:1", {})).rejects.toThrow("No such image: b:1");
    await house.reopen();
    expect(await house.images.list()).toEqual([]);
    expect(readdirSync(join(house.dir, "images/layers"))).toEqual([]);
  });

  it("keeps what other names, images and snapshots need, and prunes parents that nobody needs", async () => {
    const base = await importBase("base");
    const middle = await step(base, "m", (root) => writeFileSync(join(root, "m"), "1"));
    const top = await step(middle, "t", (root) => writeFileSync(join(root, "t"), "2"), {
      references: ["top"],
    });
    await house.images.removeSnapshot("m");
    await house.images.removeSnapshot("t");
    await house.images.prepareSnapshot("container", top.id);
    expect(
      await house.images.remove("top", {
        force: true,
        inUse: (id) => (id === top.id ? "stopped container c0ffee" : undefined),
      }),
    ).toEqual([{ untagged: "top:latest" }, { deleted: top.id }, { deleted: middle.id }]);
    expect(
      inMounted(await house.images.snapshotMount("container"), (root) =>
        readFileSync(join(root, "t"), "utf8"),
      ),
    ).toBe("2");
    await house.images.removeSnapshot("container");
    expect(readdirSync(join(house.dir, "images/layers"))).toEqual([base.layers[0]!.slice(7)]);
    expect((await house.images.list()).map(({ id }) => id)).toEqual([base.id]);
  });
});

describe("save and load", () => {
  it("take an image without layers, whose list Go writes as null", async () => {
    const config = Buffer.from(
      JSON.stringify({
        os: "linux",
        architecture: "amd64",
        config: {},
        rootfs: { type: "layers", diff_ids: null },
      }),
    );
    const manifest = Buffer.from(JSON.stringify([{ Config: "c.json", RepoTags: ["bare:1"], Layers: null }]));
    const members = [
      { entry: tarEntry({ name: "c.json", type: "file", sizeBytes: config.length }), body: config },
      {
        entry: tarEntry({ name: "manifest.json", type: "file", sizeBytes: manifest.length }),
        body: manifest,
      },
    ];
    const [image] = await house.images.load(Readable.from(writeTar(members)));
    expect(image).toMatchObject({ references: ["docker.io/library/bare:1"], layers: [] });
  });

  it("carry images, names and exact bytes from one house to another", async () => {
    const base = await importBase("base:1");
    const app = await step(base, "s", (root) => {
      rmSync(join(root, "big"));
      writeFileSync(join(root, "app"), "app");
    });
    await house.images.tag(app.id, "registry.test:5000/team/app:2");
    const archive = await bytesOf(house.images.save(["registry.test:5000/team/app:2", "base"]));
    expect(
      (await bytesOf(house.images.save(["registry.test:5000/team/app:2", "base"]))).equals(archive),
    ).toBe(true);
    const names = execFileSync("tar", ["-t"], { input: archive }).toString().split("\n");
    expect(names).toEqual(
      expect.arrayContaining([
        "index.json",
        "manifest.json",
        "oci-layout",
        `blobs/sha256/${app.id.slice(7)}`,
      ]),
    );
    const other = await openTestHouse();
    try {
      const lines: string[] = [];
      const loaded = await other.images.load(Readable.from([gzipSync(archive)]), (event) =>
        lines.push(event.status),
      );
      expect(loaded.map(({ id }) => id)).toEqual([app.id, base.id]);
      expect(new Set(lines)).toEqual(new Set(["Loading layer"]));
      expect(loaded.map(({ references }) => references)).toEqual([
        ["registry.test:5000/team/app:2"],
        ["docker.io/library/base:1"],
      ]);
      expect((await other.images.get("base:1")).layers).toEqual(base.layers);
      expect(
        (await bytesOf(other.images.save(["registry.test:5000/team/app:2", "base:1"]))).equals(archive),
      ).toBe(true);
    } finally {
      other.remove();
    }
    expect(() => house.images.save(["base:1", "nope"])).toThrow("No such image: nope:latest");
    const byId = await bytesOf(house.images.save([app.id]));
    const manifest = execFileSync("tar", ["-xO", "manifest.json"], { input: byId }).toString();
    expect(JSON.parse(manifest)).toMatchObject([
      { RepoTags: null, Layers: app.layers.map((layer) => `blobs/sha256/${layer.slice(7)}`) },
    ]);
  });

  it("read the layout of Docker before 25, links between layers included", async () => {
    const layer = await bytesOf(archiveOf({ f: "1" }));
    const config = JSON.stringify({
      architecture: "amd64",
      os: "linux",
      rootfs: { type: "layers", diff_ids: [digestOf(layer), digestOf(layer)] },
    });
    const manifest = JSON.stringify([
      { Config: "c.json", RepoTags: ["old:1"], Layers: ["aa/layer.tar", "bb/layer.tar"] },
    ]);
    const archive = archiveOfBytes(
      { "aa/layer.tar": layer, "c.json": Buffer.from(config), "manifest.json": Buffer.from(manifest) },
      [["bb/layer.tar", "../aa/layer.tar"]],
    );
    const [image] = await house.images.load(archive);
    expect(image).toMatchObject({ id: digestOf(config), references: ["docker.io/library/old:1"] });
    expect(await lookInto(image!, (root) => readFileSync(join(root, "f"), "utf8"))).toBe("1");
  });

  it("read an OCI layout with compressed layers and keep its manifest", async () => {
    const layer = await bytesOf(archiveOf({ f: "1" }));
    const packed = gzipSync(layer);
    const config = Buffer.from(
      JSON.stringify({
        architecture: "amd64",
        os: "linux",
        rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
      }),
    );
    const descriptor = (mediaType: string, bytes: Buffer) => ({
      mediaType,
      digest: digestOf(bytes),
      size: bytes.length,
    });
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        config: descriptor(MediaType.ociConfig, config),
        layers: [descriptor(MediaType.ociLayerGzip, packed)],
      }),
    );
    const index = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        manifests: [
          {
            ...descriptor(MediaType.ociManifest, manifest),
            annotations: { "org.opencontainers.image.ref.name": "example.test/oci:1" },
          },
        ],
      }),
    );
    const blob = (bytes: Buffer) => `blobs/sha256/${digestOf(bytes).slice(7)}`;
    const files = {
      "oci-layout": Buffer.from("{}"),
      "index.json": index,
      [blob(manifest)]: manifest,
      [blob(config)]: config,
      [blob(packed)]: packed,
    };
    const [image] = await house.images.load(archiveOfBytes(files));
    expect(image).toMatchObject({ id: digestOf(config), references: ["example.test/oci:1"] });
    expect(await house.content.stat(digestOf(packed))).toBeDefined();
    await house.images.remove("example.test/oci:1", {});
    expect(await house.content.stat(digestOf(packed))).toBeUndefined();
    const lying = { ...files, [blob(config)]: Buffer.from(config.toString().replace("amd64", "arm64")) };
    await expect(house.images.load(archiveOfBytes(lying))).rejects.toThrow(/has another digest/);
  });

  it("refuse broken archives and leave nothing behind", async () => {
    const layer = await bytesOf(archiveOf({ f: "x".repeat(100_000) }));
    const configOf = (diffIds: string[]) =>
      Buffer.from(
        JSON.stringify({ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: diffIds } }),
      );
    const manifest = (layers: string[], tags: string[] = []) =>
      Buffer.from(JSON.stringify([{ Config: "c.json", RepoTags: tags, Layers: layers }]));
    const cases: [Record<string, Buffer>, RegExp][] = [
      [{ "c.json": configOf([]) }, /neither manifest.json nor index.json/],
      [{ "manifest.json": Buffer.from("[{}]") }, /manifest.json/],
      [{ "manifest.json": Buffer.from("{") }, /not JSON/],
      [{ "manifest.json": manifest([]) }, /c.json is missing/],
      [{ "manifest.json": manifest(["l"]), "c.json": configOf([]) }, /0 layers, the manifest 1/],
      [
        { "manifest.json": manifest(["l"]), "c.json": configOf([digestOf("other")]), l: layer },
        /has diff id/,
      ],
      [
        { "manifest.json": manifest(["gone"]), "c.json": configOf([digestOf(layer)]), l: layer },
        /gone is missing/,
      ],
      [{ "manifest.json": manifest([], ["Bad Name"]), "c.json": configOf([]) }, /invalid reference format/],
      [
        {
          "manifest.json": manifest([]),
          "c.json": Buffer.from('{"os":"windows","architecture":"amd64","rootfs":{"type":"layers"}}'),
        },
        /operating system "windows"/,
      ],
    ];
    for (const [files, message] of cases)
      await expect(house.images.load(archiveOfBytes(files))).rejects.toThrow(message);
    expect(await house.images.list()).toEqual([]);
    expect(readdirSync(join(house.dir, "images/layers"))).toEqual([]);
    const left: string[] = [];
    for await (const { digest } of house.content.list()) left.push(digest);
    expect(left).toEqual([]);
  });

  it("are understood by skopeo, and understand it", async () => {
    const base = await importBase("base:1");
    const file = join(house.dir, "saved.tar");
    writeFileSync(file, await bytesOf(house.images.save(["base:1"])));
    const skopeo = (...args: string[]) =>
      execFileSync("skopeo", args, { stdio: ["ignore", "pipe", "pipe"] }).toString();
    expect(JSON.parse(skopeo("inspect", "--config", `docker-archive:${file}:base:1`))).toMatchObject({
      config: { Cmd: ["sh"] },
    });
    skopeo(
      "copy",
      `docker-archive:${file}:base:1`,
      `oci-archive:${join(house.dir, "oci.tar")}:copied.test/base:1`,
    );
    skopeo(
      "copy",
      `docker-archive:${file}:base:1`,
      `docker-archive:${join(house.dir, "docker.tar")}:copied.test/base:2`,
    );
    const [oci] = await house.images.load(createReadStream(join(house.dir, "oci.tar")));
    const [docker] = await house.images.load(createReadStream(join(house.dir, "docker.tar")));
    expect([oci!.layers, docker!.layers]).toEqual([base.layers, base.layers]);
    expect(docker!.references).toContain("copied.test/base:2");
    expect(oci!.references).toContain("copied.test/base:1");
  });
});

function archiveOfBytes(files: Record<string, Buffer>, links: [string, string][] = []): Readable {
  const members = [
    ...Object.entries(files).map(([name, body]) => ({
      entry: tarEntry({ name, type: "file", sizeBytes: body.length }),
      body,
    })),
    ...links.map(([name, linkName]) => ({ entry: tarEntry({ name, type: "symlink", linkName }) })),
  ];
  return Readable.from(writeTar(members), { objectMode: false });
}
