import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLogger } from "../../base/index.ts";
import { RegistryClient } from "../../registry/index.ts";
import { startTestRegistry, type TestRegistry } from "../../registry/test-registry.test-support.ts";
import {
  importImage,
  openSolverHouse,
  type SolverHouse,
  sessionOf,
  startJob,
  TestGraph,
  textIn,
} from "../solver/solver-house.test-support.ts";

const platform = { os: "linux", architecture: "amd64" };
let registry: TestRegistry;
let client: RegistryClient;
let own: SolverHouse;
let reference: string;
let digest: string;

beforeAll(async () => {
  registry = await startTestRegistry();
  client = new RegistryClient({ logger: silentLogger, userAgent: "test" });
  own = await openSolverHouse({ registry: client });
  reference = `${registry.host}/team/app:v1`;
  await importImage(own, { "etc/": "", "etc/os-release": "base" }, reference);
  ({ digest } = await own.house.images.push(reference, {}));
  await own.house.images.remove(reference, { force: true });
});

afterAll(async () => {
  await own.close();
  await client.close();
  await registry.close();
});

describe("images of registries", () => {
  it("are resolved without their layers", async () => {
    registry.seen.length = 0;
    const job = startJob(own);
    const resolved = await job.resolveImage(reference, { platform, mode: "default" });
    expect(resolved).toMatchObject({ reference, digest, config: { os: "linux" } });
    expect(await own.house.images.list()).toEqual([]);
    const blobs = registry.seen.filter(({ method, url }) => method === "GET" && url.includes("/blobs/"));
    expect(blobs.length).toBe(1);
    expect(job.done()).toEqual([`[internal] load metadata for ${reference}`]);
    await job.resolveImage(reference, { platform, mode: "default" });
    expect(job.done().length).toBe(1);
    await job.close();
  });

  it("are pulled when a build needs them, with the client's credentials", async () => {
    const asked: string[] = [];
    const session = sessionOf("/", {
      credentials: async (host) => {
        asked.push(host);
        return undefined;
      },
    });
    for (const wasHere of [false, true]) {
      const graph = new TestGraph();
      const job = startJob(own, { session });
      const tree = await job.get(graph, graph.image(`${reference}@${digest}`));
      expect(await textIn(tree, "/etc/os-release")).toBe("base");
      expect(job.done()).toEqual([`${wasHere ? "CACHED " : ""}docker-image://${reference}@${digest}`]);
      expect(job.statuses().some(({ completedMs }) => completedMs !== undefined)).toBe(!wasHere);
      await job.close();
    }
    expect(asked).toEqual([registry.host]);
  });

  it("says what is not there", async () => {
    const job = startJob(own);
    const missing = `${registry.host}/team/missing:v1`;
    await expect(job.resolveImage(missing, { platform, mode: "default" })).rejects.toThrow(
      `failed to resolve source metadata for ${missing}: `,
    );
    expect(job.errors().length).toBe(1);
    await job.close();
  });
});
