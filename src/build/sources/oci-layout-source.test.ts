import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { notFound } from "../../base/index.ts";
import { MediaType } from "../../formats/index.ts";
import { archiveOf } from "../../images/test-images.test-support.ts";
import type { ClientContentStore } from "../session/types.ts";
import {
  openSolverHouse,
  type SolverHouse,
  sessionOf,
  startJob,
  TestGraph,
  textIn,
} from "../solver/solver-house.test-support.ts";

const LINUX = { os: "linux", architecture: "amd64" };
let house: SolverHouse;
beforeEach(async () => {
  house = await openSolverHouse();
});
afterEach(() => house.close());

/** A layout with one image, whose manifest an index names. */
async function layout() {
  const blobs = new Map<string, Buffer>();
  const put = (bytes: Buffer) => {
    const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    blobs.set(digest, bytes);
    return { digest, size: bytes.length };
  };
  const json = (document: object) => put(Buffer.from(JSON.stringify(document)));
  const parts: Uint8Array[] = [];
  for await (const part of archiveOf({ file: "of a layout" })) parts.push(part);
  const layer = put(Buffer.concat(parts));
  const config = json({
    ...LINUX,
    config: { Env: ["A=b"] },
    rootfs: { type: "layers", diff_ids: [layer.digest] },
  });
  const manifest = json({
    schemaVersion: 2,
    config: { mediaType: MediaType.ociConfig, ...config },
    layers: [{ mediaType: MediaType.ociLayer, ...layer }],
  });
  const index = json({
    schemaVersion: 2,
    mediaType: MediaType.ociIndex,
    manifests: [{ mediaType: MediaType.ociManifest, platform: LINUX, ...manifest }],
  });
  const blob = (digest: string) => {
    const found = blobs.get(digest);
    if (!found) throw notFound(`content ${digest}: not found`);
    return found;
  };
  const store: ClientContentStore = {
    sizeOf: async (digest) => blob(digest).length,
    async *read(digest, start) {
      yield blob(digest).subarray(start);
    },
    write: () => Promise.reject(new Error("nothing is written")),
  };
  return { blobs, index, manifest, layer, store };
}

function jobWith(store: ClientContentStore) {
  const asked: string[] = [];
  const contentStore = (id: string) => {
    asked.push(id);
    return store;
  };
  return { asked, job: startJob(house, { session: sessionOf("/nowhere", { contentStore }) }) };
}

function sourceOf(graph: TestGraph, digest: string) {
  const identifier = `oci-layout://docker.io/library/base@${digest}`;
  const attrs = { "oci.session": "session", "oci.store": "id" };
  return graph.add({ source: { identifier, attrs }, platform: LINUX });
}

describe("images of a client's layout", () => {
  it("are got through its content store, by index or by manifest", async () => {
    const { index, manifest, store } = await layout();
    const { job, asked } = jobWith(store);
    for (const { digest } of [index, manifest]) {
      const reference = `docker.io/library/base@${digest}`;
      const ociLayout = { sessionId: "session", storeId: "id" };
      const resolved = await job.resolveImage(reference, { platform: LINUX, mode: "default", ociLayout });
      expect(resolved).toMatchObject({ digest, config: { config: { Env: ["A=b"] } } });
      const graph = new TestGraph();
      expect(await textIn(await job.get(graph, sourceOf(graph, digest)), "/file")).toBe("of a layout");
    }
    expect(new Set(asked)).toEqual(new Set(["oci:id"]));
    await job.close();
  });

  it.each([
    ["a layer", ({ layer }: { layer: { digest: string } }) => layer.digest],
    ["a manifest", ({ manifest }: { manifest: { digest: string } }) => manifest.digest],
  ])("are refused when %s has another content", async (_what, which) => {
    const made = await layout();
    made.blobs.set(which(made), Buffer.alloc(made.blobs.get(which(made))!.length, 1));
    const { job } = jobWith(made.store);
    const graph = new TestGraph();
    await expect(job.get(graph, sourceOf(graph, made.index.digest))).rejects.toThrow(
      /another content|verification failed/,
    );
    await job.close();
  });

  it("are told of when they are not there", async () => {
    const { store } = await layout();
    const { job } = jobWith(store);
    const graph = new TestGraph();
    const absent = `sha256:${"0".repeat(64)}`;
    await expect(job.get(graph, sourceOf(graph, absent))).rejects.toThrow(`content ${absent}: not found`);
    await job.close();
  });
});
