import { createHash } from "node:crypto";
import { closeSync, constants, openSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger, systemClock } from "../../base/index.ts";
import { digestOf, type ImageConfig, MediaType, readTar, TarReader } from "../../formats/index.ts";
import { TreeExtractor } from "../../images/index.ts";
import {
  archiveOf,
  type Files,
  openTestHouse,
  type TestHouse,
} from "../../images/test-images.test-support.ts";
import { RegistryClient } from "../../registry/index.ts";
import { startTestRegistry, type TestRegistry } from "../../registry/test-registry.test-support.ts";
import type { ClientSession, FileEntry } from "../session/types.ts";
import type { BuildTree, SolveJob } from "../solver/types.ts";
import { createExporter } from "./index.ts";
import type { ExportedOutput, ExportSource } from "./types.ts";

const MADE_AT = Date.parse("2024-05-06T07:08:09Z");
let house: TestHouse;
beforeEach(async () => {
  house = await openTestHouse();
});
afterEach(() => house.remove());

let trees = 0;
/** A tree of one layer that was made here, held by a snapshot. */
async function treeOf(files: Files): Promise<BuildTree> {
  const key = `tree-${++trees}`;
  const { upperDir = "" } = await house.images.prepareSnapshot(key, undefined);
  const extractor = new TreeExtractor(upperDir, {});
  const reader = new TarReader(extractor);
  for await (const chunk of archiveOf(files)) reader.push(chunk);
  reader.end();
  extractor.finish();
  const image = await house.images.commit({ snapshotKey: key, config: {}, history: {} });
  await house.images.remove(image.id, { force: true });
  const [diffId = ""] = image.layers;
  return {
    layers: async () => [{ diffId, createdAtMs: MADE_AT, description: "COPY . /" }],
    open: async () => {
      const dir = join(house.dir, "images", "layers", diffId.slice("sha256:".length), "diff");
      const rootFd = openSync(dir, constants.O_RDONLY | constants.O_DIRECTORY);
      return { rootFd, close: () => closeSync(rootFd) };
    },
    release: async () => {},
  } as Partial<BuildTree> as BuildTree;
}

const config = (architecture = "amd64"): ImageConfig => ({
  architecture,
  os: "linux",
  config: { Cmd: ["sh"] },
  rootfs: { type: "layers", diff_ids: [] },
  history: [
    { created_by: "ENV a=b # buildkit", comment: "buildkit.dockerfile.v0", empty_layer: true },
    { created_by: "COPY . / # buildkit", comment: "buildkit.dockerfile.v0" },
  ],
});

const output = async (files: Files, more: Partial<ExportedOutput> = {}): Promise<ExportedOutput> => ({
  platformId: "linux/amd64",
  platform: { os: "linux", architecture: "amd64" },
  tree: await treeOf(files),
  config: config(),
  ...more,
});

interface Received {
  files: { id: number; metadata: Record<string, string>; members: Map<string, Buffer> }[];
  trees: { id: number; entries: FileEntry[]; contents: Map<string, string> }[];
}

function job(received: Received = { files: [], trees: [] }, statuses: string[] = []): SolveJob {
  const session: Partial<ClientSession> = {
    credentials: async () => undefined,
    sendFile: async (id, metadata, content) => {
      const members = new Map<string, Buffer>();
      for await (const { entry, body } of readTar(content)) {
        const parts: Buffer[] = [];
        for await (const part of body) parts.push(Buffer.from(part));
        members.set(entry.name, Buffer.concat(parts));
      }
      received.files.push({ id, metadata, members });
    },
    sendTree: async (id, _metadata, entries, read) => {
      const contents = new Map<string, string>();
      const all: FileEntry[] = [];
      for await (const entry of entries) {
        all.push(entry);
        if ((entry.mode & 0o170000) !== 0o100000 || entry.linkName !== "") continue;
        const parts: Uint8Array[] = [];
        for await (const part of read(entry.path)) parts.push(part);
        contents.set(entry.path, Buffer.concat(parts).toString());
      }
      received.trees.push({ id, entries: all, contents });
    },
  };
  return {
    id: "job",
    session: session as ClientSession,
    signal: new AbortController().signal,
    step: (name, work) => {
      statuses.push(name);
      return work({
        digest: "sha256:0",
        status: (id, { done }) => void (done && statuses.push(id)),
        log: () => {},
      });
    },
  } as SolveJob;
}

async function run(type: string, attributes: Record<string, string>, source: ExportSource, at = job()) {
  const host = { images: house.images, content: house.content, clock: systemClock };
  return createExporter(host, { type, attributes, id: 3 }).export(at, source);
}

const single = async (
  files: Files = { a: "1" },
  more: Partial<ExportSource> = {},
): Promise<ExportSource> => ({
  outputs: [await output(files)],
  isMultiPlatform: false,
  ...more,
});

describe("image exporter", () => {
  it("puts the image into the store under its names, with a history that tells of each layer", async () => {
    const statuses: string[] = [];
    const response = await run("moby", { name: "app:1,shop/app" }, await single(), job(undefined, statuses));
    const image = await house.images.get("app:1");
    expect(image.references).toEqual(["docker.io/library/app:1", "docker.io/shop/app:latest"]);
    expect(response["containerimage.digest"]).toBe(image.id);
    expect(response["containerimage.config.digest"]).toBe(image.id);
    expect(response["image.name"]).toBe("app:1,shop/app");
    const time = "2024-05-06T07:08:09Z";
    expect(image.config.history).toEqual([
      { ...config().history![0], created: time },
      { ...config().history![1], created: time },
    ]);
    expect(image.config.created).toBe(time);
    expect(image.layerSizes).toEqual([1]);
    expect(statuses).toContain("naming to docker.io/library/app:1");
  });

  it("counts the layers of a base image, whose history has times of its own", async () => {
    const base = { created: "2020-01-01T00:00:00Z", comment: "Imported from -" };
    const history = [base, ...config().history!.slice(1)];
    const [first, second] = [await treeOf({ a: "1" }), await treeOf({ b: "2" })];
    const both = [...(await first.layers()), ...(await second.layers())];
    const tree = { ...first, layers: async () => both };
    const of = {
      outputs: [await output({}, { tree, config: { ...config(), history } })],
      isMultiPlatform: false,
    };
    await run("image", { name: "onbase" }, of);
    expect((await house.images.get("onbase")).config.history).toEqual([
      base,
      { ...history[1], created: "2024-05-06T07:08:09Z" },
    ]);
  });

  it("makes the same image of the same inputs", async () => {
    const first = await run("image", {}, await single());
    const second = await run("image", {}, await single());
    expect(second).toEqual(first);
  });

  it("tells of layers that the history does not know, and knows empty what has no layer", async () => {
    const bare = { ...config(), history: [] };
    await run(
      "image",
      { name: "bare" },
      { outputs: [await output({ a: "1" }, { config: bare })], isMultiPlatform: false },
    );
    expect((await house.images.get("bare")).config.history).toEqual([
      { created: "2024-05-06T07:08:09Z", created_by: "COPY . /", comment: "buildkit.exporter.image.v0" },
    ]);
    await run(
      "image",
      { name: "none" },
      { outputs: [await output({}, { tree: undefined })], isMultiPlatform: false },
    );
    const none = await house.images.get("none");
    expect(none.config.history!.map((entry) => entry.empty_layer)).toEqual([true, true]);
    expect(none.layers).toEqual([]);
  });

  it("has no time after the epoch, in layers too where that is wished", async () => {
    const late = { a: { mtimeSeconds: 2_000_000_000 } };
    await run(
      "image",
      { name: "x", "source-date-epoch": "1000", "rewrite-timestamp": "true" },
      await single(late),
    );
    await run("image", { name: "y" }, await single(late));
    const [x, y] = [await house.images.get("x"), await house.images.get("y")];
    expect(x.config.created).toBe("1970-01-01T00:16:40Z");
    expect(x.config.history!.map(({ created }) => created)).toEqual([
      "1970-01-01T00:16:40Z",
      "1970-01-01T00:16:40Z",
    ]);
    expect(x.layers).not.toEqual(y.layers);
    await house.images.remove("y", {});
    expect((await house.images.collectGarbage()).freedBytes).toBeGreaterThanOrEqual(0);
    expect(await bytesOfMember("x", "a")).toBe(1000);
  });

  async function bytesOfMember(reference: string, name: string): Promise<number | undefined> {
    const image = await house.images.get(reference);
    const lease = await house.content.lease();
    const archive = await house.images.layerArchive(
      image.layers[0]!,
      { compression: "uncompressed", force: true },
      lease,
    );
    let found: number | undefined;
    for await (const { entry, body } of readTar(archive.open() as AsyncIterable<Uint8Array>)) {
      for await (const _ of body);
      if (entry.name === name) found = entry.mtimeSeconds;
    }
    await lease.release();
    return found;
  }

  it("keeps an index of several platforms under one name until the name goes", async () => {
    const arm = await output(
      { b: "arm" },
      {
        platformId: "linux/arm64",
        platform: { os: "linux", architecture: "arm64" },
        config: config("arm64"),
      },
    );
    const source = { outputs: [await output({ a: "amd" }), arm], isMultiPlatform: true };
    const response = await run("image", { name: "many" }, source);
    const image = await house.images.get("many");
    expect(image.config.architecture).toBe("amd64");
    expect(response["containerimage.config.digest"]).toBeUndefined();
    await house.images.tag("many", "other");
    await house.reopen();
    const blobs = async () => {
      await house.images.collectGarbage();
      await house.images.collectGarbage();
      let count = 0;
      for await (const _ of house.content.list()) count++;
      return count;
    };
    // Two manifests, two configurations, two layers; the index itself is in the store's record.
    expect(await blobs()).toBe(6);
    await house.images.remove("many", {});
    expect(await blobs()).toBe(6);
    await house.images.remove("other", {});
    expect(await blobs()).toBe(0);
  });

  it("refuses attributes that make no sense, in BuildKit's words", async () => {
    const cases: [string, Record<string, string>, string][] = [
      [
        "image",
        { push: "maybe" },
        'non-bool value specified for push: strconv.ParseBool: parsing "maybe": invalid syntax',
      ],
      ["image", { compression: "rar" }, 'unsupported layer compression type "rar"'],
      ["image", { "compression-level": "x" }, "non-integer value x specified for compression-level"],
      [
        "image",
        { compression: "zstd", "oci-mediatypes": "false" },
        'exporter option "compression=zstd" conflicts with "oci-mediatypes=false"',
      ],
      ["image", { "annotation-nonsense.a": "b" }, "unrecognized annotation type nonsense"],
      ["image", { "annotation-index.a": "b" }, "index annotations not supported for single platform export"],
      [
        "image",
        { "annotation[linux/arm64].a": "b" },
        "invalid annotation: no platform linux/arm64 found in source",
      ],
      ["image", { name: "Bad Name" }, "invalid reference format"],
      ["image", { push: "true" }, "tag is needed when pushing to registry"],
      ["image", { "source-date-epoch": "soon" }, "invalid SOURCE_DATE_EPOCH: soon"],
      ["floppy", {}, 'exporter "floppy" could not be found'],
    ];
    const source = await single();
    for (const [type, attributes, message] of cases) {
      await expect(run(type, attributes, source), JSON.stringify(attributes)).rejects.toThrow(message);
    }
    await expect(
      run(
        "image",
        {},
        { outputs: [await output({ a: "1" }), await output({ a: "2" })], isMultiPlatform: false },
      ),
    ).rejects.toThrow("cannot export multiple platforms without multi-platform enabled");
  });
});

describe("pushing", () => {
  let registry: TestRegistry;
  let client: RegistryClient;
  beforeEach(async () => {
    registry = await startTestRegistry();
    client = new RegistryClient({ logger: silentLogger });
    house.remove();
    house = await openTestHouse({ registry: client });
  });
  afterEach(async () => {
    client.close();
    await registry.close();
  });

  it("sends an image that is then known by its digest, and can be pulled by it", async () => {
    const name = `${registry.host}/app:1`;
    const { "containerimage.digest": digest } = await run("image", { name, push: "true" }, await single());
    const reference = `${registry.host}/app@${digest}`;
    expect((await house.images.get(name)).digestReferences).toEqual([reference]);
    await house.images.remove(name, { force: true });
    const pulled = await house.images.pull(reference, {});
    expect(pulled.layerSizes).toEqual([1]);
  });

  it("sends an index with all its platforms, under a second name too", async () => {
    const arm = {
      platformId: "linux/arm64",
      platform: { os: "linux", architecture: "arm64" },
      config: config("arm64"),
    };
    const outputs = [await output({ a: "amd" }), await output({ b: "arm" }, arm)];
    const name = `${registry.host}/many:1`;
    const response = await run("image", { name, push: "true" }, { outputs, isMultiPlatform: true });
    const copy = `${registry.host}/copies/many:2`;
    await house.images.tag(name, copy);
    const { digest } = await house.images.push(copy, {});
    expect(digest).toBe(response["containerimage.digest"]);
    for (const one of [name, copy]) await house.images.remove(one, { force: true });
    const pulled = await house.images.pull(copy, { platform: arm.platform });
    expect(pulled.config.architecture).toBe("arm64");
    expect(pulled.layerSizes).toEqual([3]);
  });

  it("sends by digest, and gives no tag", async () => {
    const name = `${registry.host}/untagged`;
    const attributes = { push: "true", "push-by-digest": "true" };
    const response = await run("image", { name, ...attributes }, await single());
    const repository = client.repository({ domain: registry.host, path: "untagged" }, {});
    const { digest } = await repository.fetchManifest(response["containerimage.digest"]!);
    expect(digest).toBe(response["containerimage.digest"]);
    await expect(repository.fetchManifest("latest")).rejects.toThrow(/not found|unknown/);
    const tagged = run("image", { name: `${name}:1`, ...attributes }, await single());
    await expect(tagged).rejects.toThrow("can't push tagged ref");
  });

  it("puts what is said of an image beside it in an index", async () => {
    const statement = (isInlineOnly: boolean) => ({
      predicateType: "https://slsa.dev/provenance/v0.2",
      predicate: async () => ({ buildType: "test" }),
      isInlineOnly,
      fileName: "provenance.json",
    });
    const about = async (isInlineOnly: boolean) => ({
      outputs: [await output({ a: "b" }, { attestations: [statement(isInlineOnly)] })],
      isMultiPlatform: false,
    });
    const name = `${registry.host}/attested:1`;
    const repository = client.repository({ domain: registry.host, path: "attested" }, {});
    const documentOf = async (digest: string) =>
      JSON.parse((await repository.fetchManifest(digest)).bytes.toString());

    const pushed = await run("image", { name, push: "true" }, await about(true));
    const index = await documentOf(pushed["containerimage.digest"]!);
    expect(index.manifests[1]).toMatchObject({
      platform: { os: "unknown", architecture: "unknown" },
      annotations: {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": index.manifests[0].digest,
      },
    });
    const { layers } = await documentOf(index.manifests[1].digest);
    expect(layers).toMatchObject([
      {
        mediaType: "application/vnd.in-toto+json",
        annotations: { "in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2" },
      },
    ]);

    await run("image", { name }, await about(true));
    expect(await documentOf((await house.images.push(name, {})).digest)).not.toHaveProperty("manifests");
    await run("image", { name }, await about(false));
    expect((await documentOf((await house.images.push(name, {})).digest)).manifests).toHaveLength(2);
    const refused = run("image", { name, "oci-mediatypes": "false" }, await about(false));
    await expect(refused).rejects.toThrow('cannot export attestations with "oci-mediatypes=false"');
  });

  it("keeps annotations, also without a registry", async () => {
    const name = `${registry.host}/noted:1`;
    await run("image", { name, "annotation.who": "me" }, await single());
    const { digest } = await house.images.push(name, {});
    const repository = client.repository({ domain: registry.host, path: "noted" }, {});
    const { bytes } = await repository.fetchManifest(digest);
    expect(JSON.parse(bytes.toString()).annotations).toEqual({ who: "me" });
  });
});

describe("what is said of files", () => {
  it.each([
    [false, ["a", "provenance.json", "z"]],
    [true, ["linux_amd64", "linux_amd64/a", "linux_amd64/provenance.json", "linux_amd64/z"]],
  ])("stands beside them (several platforms: %s)", async (isMultiPlatform, paths) => {
    const attestation = {
      predicateType: "p",
      predicate: async () => ({ told: true }),
      isInlineOnly: false,
      fileName: "provenance.json",
    };
    const silent = { ...attestation, isInlineOnly: true, fileName: "b.json" };
    const outputs = [await output({ a: "1", z: "2" }, { attestations: [attestation, silent] })];
    const received: Received = { files: [], trees: [] };
    await run("local", {}, { outputs, isMultiPlatform }, job(received));
    const [tree] = received.trees;
    expect(tree!.entries.map(({ path }) => path)).toEqual(paths);
    const text = tree!.contents.get(paths.find((path) => path.endsWith(".json"))!)!;
    const hash = (content: string) => createHash("sha256").update(content).digest("hex");
    expect(JSON.parse(text)).toMatchObject({
      predicateType: "p",
      subject: [
        { name: "a", digest: { sha256: hash("1") } },
        { name: "z", digest: { sha256: hash("2") } },
      ],
      predicate: { told: true },
    });
  });
});

describe("archives", () => {
  const received = (): Received => ({ files: [], trees: [] });

  it.each([
    ["gzip", {}, MediaType.ociLayerGzip],
    ["zstd", { compression: "zstd", "compression-level": "3" }, MediaType.ociLayerZstd],
    ["uncompressed", { compression: "uncompressed" }, MediaType.ociLayer],
  ])("are an OCI layout whose blobs have their digests (%s)", async (_name, attributes, mediaType) => {
    const got = received();
    const annotated = {
      ...attributes,
      name: "app:1",
      "annotation.who": "me",
      "annotation-manifest-descriptor.where": "here",
    };
    const response = await run("oci", annotated, await single(), job(got));
    const [{ members, id }] = got.files as [Received["files"][0]];
    expect(id).toBe(3);
    for (const [name, bytes] of members) {
      if (/^blobs\/sha256\/./.test(name))
        expect(digestOf(bytes)).toBe(`sha256:${name.slice("blobs/sha256/".length)}`);
    }
    const index = JSON.parse(members.get("index.json")!.toString());
    expect(index.manifests).toMatchObject([
      {
        mediaType: MediaType.ociManifest,
        digest: response["containerimage.digest"],
        annotations: {
          where: "here",
          "io.containerd.image.name": "docker.io/library/app:1",
          "org.opencontainers.image.ref.name": "1",
        },
      },
    ]);
    const manifest = JSON.parse(
      members.get(`blobs/sha256/${index.manifests[0].digest.slice(7)}`)!.toString(),
    );
    expect(manifest.annotations).toEqual({ who: "me" });
    expect(manifest.layers.map((layer: { mediaType: string }) => layer.mediaType)).toEqual([mediaType]);
    expect(manifest.config.digest).toBe(response["containerimage.config.digest"]);
  });

  it("of Docker's kind can be loaded", async () => {
    const got = received();
    await run("docker", { name: "app:1" }, await single({ "etc/": {}, "etc/x": "hello" }), job(got));
    const [{ members }] = got.files as [Received["files"][0]];
    const files = Object.fromEntries(
      [...members].map(([name, bytes]) => [name, { sizeBytes: bytes.length }] as const),
    );
    expect(Object.keys(files)).toContain("manifest.json");
    const [entry] = JSON.parse(members.get("manifest.json")!.toString());
    expect(entry.RepoTags).toEqual(["app:1"]);
    const manifests = JSON.parse(members.get("index.json")!.toString()).manifests;
    expect(manifests[0].mediaType).toBe(MediaType.dockerManifest);
    await expect(run("docker", {}, await single({ a: "1" }, { isMultiPlatform: true }))).rejects.toThrow(
      "docker exporter does not currently support exporting manifest lists",
    );
  });
});

describe("files", () => {
  const FILES: Files = {
    "dir/": { mode: 0o750 },
    "dir/file": "content",
    "dir/link": { type: "symlink", linkName: "file", sizeBytes: 0 },
    hard: { type: "hardlink", linkName: "dir/file", sizeBytes: 0 },
    zero: "",
  };

  it("become a directory of the client's", async () => {
    const got: Received = { files: [], trees: [] };
    await run("local", { "source-date-epoch": "5" }, await single(FILES), job(got));
    const [{ entries, contents, id }] = got.trees as [Received["trees"][0]];
    expect(id).toBe(3);
    expect(entries.map(({ path, linkName }) => [path, linkName])).toEqual([
      ["dir", ""],
      ["dir/file", ""],
      ["dir/link", "file"],
      ["hard", "dir/file"],
      ["zero", ""],
    ]);
    expect(entries[0]!.mode.toString(8)).toBe("40750");
    expect(new Set(entries.map(({ mtimeNs }) => mtimeNs))).toEqual(new Set([5_000_000_000n]));
    expect(Object.fromEntries(contents)).toEqual({ "dir/file": "content", zero: "" });
  });

  it("of several platforms have directories of their own, or must not meet", async () => {
    const arm = await output({ "d/": {}, "d/b": "arm" }, { platformId: "linux/arm64" });
    const source = { outputs: [await output({ "d/": {}, "d/a": "amd" }), arm], isMultiPlatform: true };
    const got: Received = { files: [], trees: [] };
    await run("local", {}, source, job(got));
    await run("local", { "platform-split": "false" }, source, job(got));
    expect(got.trees.map(({ entries }) => entries.map(({ path }) => path))).toEqual([
      ["linux_amd64", "linux_amd64/d", "linux_amd64/d/a", "linux_arm64", "linux_arm64/d", "linux_arm64/d/b"],
      ["d", "d/a", "d/b"],
    ]);
    expect(got.trees[1]!.contents.get("d/b")).toBe("arm");
    const same = {
      ...source,
      outputs: [await output({ x: "1" }), await output({ x: "2" }, { platformId: "linux/arm64" })],
    };
    await expect(run("local", { "platform-split": "false" }, same)).rejects.toThrow(
      "cannot overwrite x from linux/amd64 with linux/arm64 when split option is disabled",
    );
  });

  it("become a tar", async () => {
    const got: Received = { files: [], trees: [] };
    await run("tar", {}, await single(FILES), job(got));
    const [{ members }] = got.files as [Received["files"][0]];
    expect([...members.keys()]).toEqual(["dir/", "dir/file", "dir/link", "hard", "zero"]);
    expect(members.get("dir/file")!.toString()).toBe("content");
  });

  it("need a client", async () => {
    const lonely = { ...job(), session: undefined };
    for (const type of ["local", "tar", "oci"]) {
      await expect(run(type, {}, await single(), lonely)).rejects.toThrow("no active session");
    }
  });
});
