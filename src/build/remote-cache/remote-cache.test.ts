import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { ClientContentStore } from "../session/types.ts";
import {
  importImage,
  openSolverHouse,
  type SolverHouse,
  sessionOf,
  startJob,
  TestGraph,
  type TestJob,
  textIn,
} from "../solver/solver-house.test-support.ts";
import { CacheChains } from "./cache-chains.ts";
import { createCacheExporter } from "./cache-export.ts";
import { importCache } from "./import-cache.ts";

const LINUX = { os: "linux", architecture: "amd64" };
const houses: SolverHouse[] = [];
const dirs: string[] = [];
afterEach(async () => {
  for (const house of houses.splice(0)) await house.close();
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true });
});

async function openHouse(): Promise<SolverHouse> {
  const house = await openSolverHouse();
  houses.push(house);
  await importImage(house, { etc: { type: "directory" } }, "base:1");
  return house;
}

/** Blobs at a client, which outlives each of the houses. */
function clientStore() {
  const blobs = new Map<string, Buffer>();
  const reads: string[] = [];
  const store: ClientContentStore = {
    sizeOf: async (digest) => blobs.get(digest)!.length,
    async *read(digest, start) {
      reads.push(digest);
      yield blobs.get(digest)!.subarray(start);
    },
    async write({ digest, size }, content) {
      const parts: Uint8Array[] = [];
      for await (const part of content instanceof Uint8Array ? [content] : content) parts.push(part);
      blobs.set(digest, Buffer.concat(parts));
      expect(blobs.get(digest)!.length).toBe(size);
    },
  };
  return { blobs, reads, store };
}

/** Two stages, one of which has a file of the client's; of the other only one file is taken. */
function twoStages(graph: TestGraph) {
  const base = graph.add({
    source: { identifier: "docker-image://docker.io/library/base:1" },
    platform: LINUX,
  });
  const context = graph.local();
  const withFile = graph.copy(context, base, { src: "/a.txt", dest: "/" });
  const made = graph.run(withFile, ["write", "made", "by a command"]);
  const first = graph.copy(made, undefined, { src: "/made", dest: "/" });
  return graph.run(first, ["write", "last", "one"]);
}

async function buildIn(
  house: SolverHouse,
  dir: string,
  store: ClientContentStore,
  caches: { to?: Record<string, string>; from?: Record<string, string> },
  define = twoStages,
): Promise<{ job: TestJob; response: Record<string, string>; text: string }> {
  const job = startJob(house, { session: sessionOf(dir, { contentStore: () => store }) });
  const { images, content } = house.house;
  if (caches.from) {
    const chains = new CacheChains();
    await importCache(images, { type: "local", attributes: { src: "d", ...caches.from } }, job, chains);
    job.useCache(chains);
  }
  const graph = new TestGraph();
  const tree = await job.get(graph, define(graph));
  const text = await textIn(tree, "/last");
  const wish = { type: "local", attributes: { dest: "d", ...caches.to } };
  const response = caches.to ? await createCacheExporter({ images, content }, wish).export(job, [tree]) : {};
  await job.close();
  return { job, response, text };
}

function contextDir(text = "a"): string {
  const dir = mkdtempSync(join(tmpdir(), "gantry-remote-cache-"));
  dirs.push(dir);
  writeFileSync(join(dir, "a.txt"), text);
  return dir;
}

function digestOf(response: Record<string, string>): string {
  return (JSON.parse(response["cache.manifest"]!) as { digest: string }).digest;
}

describe("a cache that goes from one home to another", () => {
  it.each([
    ["min", {}],
    ["max", {}],
    ["max", { "image-manifest": "false" }],
    ["max", { "image-manifest": "false", "oci-mediatypes": "false" }],
    ["max", { compression: "zstd" }],
  ])("mode=%s %j: no command is run again", async (mode, more) => {
    const { store } = clientStore();
    const { response } = await buildIn(await openHouse(), contextDir(), store, { to: { mode, ...more } });
    const other = await openHouse();
    const second = await buildIn(other, contextDir(), store, { from: { digest: digestOf(response) } });
    expect(second.text).toBe("one");
    expect(other.runs).toEqual([]);
    expect(second.job.done().filter((name) => name.startsWith("write"))).toEqual([]);
    expect(second.job.errors()).toEqual([]);
  });

  it("mode=min has only the layers of the result, and is enough while nothing changes", async () => {
    const { store, blobs } = clientStore();
    await buildIn(await openHouse(), contextDir(), store, { to: { mode: "min" } });
    const least = blobs.size;
    await buildIn(await openHouse(), contextDir(), store, { to: { mode: "max" } });
    expect(blobs.size).toBeGreaterThan(least + 2);
  });

  it("runs what is below a change only as far as it has to", async () => {
    const { store } = clientStore();
    const { response } = await buildIn(await openHouse(), contextDir(), store, { to: { mode: "max" } });
    const other = await openHouse();
    const from = { digest: digestOf(response) };
    await buildIn(other, contextDir("changed"), store, { from });
    // The command below the file is run; what it makes is the same, so what is above is not.
    expect(other.runs).toEqual(["write made by a command"]);
  });

  it("remembers what it got: later builds find it without that cache", async () => {
    const { store, reads } = clientStore();
    const { response } = await buildIn(await openHouse(), contextDir(), store, { to: { mode: "max" } });
    const other = await openHouse();
    const linear = (graph: TestGraph) => {
      const base = graph.add({
        source: { identifier: "docker-image://docker.io/library/base:1" },
        platform: LINUX,
      });
      return graph.run(graph.run(base, ["write", "made", "x"]), ["write", "last", "y"]);
    };
    const first = await buildIn(await openHouse(), contextDir(), store, { to: { mode: "min" } }, linear);
    await buildIn(other, contextDir(), store, { from: { digest: digestOf(first.response) } }, linear);
    reads.length = 0;
    await buildIn(other, contextDir(), store, {}, linear);
    expect(other.runs).toEqual([]);
    expect(reads).toEqual([]);
    expect(response["cache.manifest"]).toBeDefined();
  });

  it("is done without where its layers cannot be had", async () => {
    const { store, blobs } = clientStore();
    const { response } = await buildIn(await openHouse(), contextDir(), store, { to: { mode: "max" } });
    const root = JSON.parse(blobs.get(digestOf(response))!.toString()) as { layers: { digest: string }[] };
    for (const { digest } of root.layers) blobs.set(digest, Buffer.alloc(blobs.get(digest)!.length));
    const other = await openHouse();
    const { text } = await buildIn(other, contextDir(), store, { from: { digest: digestOf(response) } });
    expect(text).toBe("one");
    expect(other.runs).toEqual(["write made by a command", "write last one"]);
  });

  it("gives the same documents for the same build", async () => {
    const { store } = clientStore();
    const house = await openHouse();
    const one = await buildIn(house, contextDir(), store, { to: { mode: "max" } });
    const two = await buildIn(house, contextDir(), store, { to: { mode: "max" } });
    expect(digestOf(two.response)).toBe(digestOf(one.response));
  });

  it.each([
    ["gha", {}, "exporting a build cache of type gha is not supported"],
    ["local", {}, "local cache exporter requires dest"],
    ["registry", {}, "missing ref"],
    [
      "registry",
      { ref: "a", "oci-mediatypes": "false", "image-manifest": "true" },
      "OCI mediatypes are required",
    ],
  ])("refuses %s %j", async (type, attributes, message) => {
    const { images, content } = (await openHouse()).house;
    expect(() => createCacheExporter({ images, content }, { type, attributes })).toThrow(message);
  });
});
