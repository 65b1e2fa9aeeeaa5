import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createLogger, GantryError } from "../../base/index.ts";
import type { KubeObject } from "../api/types.ts";
import { createInformerFactory } from "./informer-factory.ts";
import type { InformerFactory, KubeClient, ResourceRef } from "./types.ts";

const pods: ResourceRef = { group: "", version: "v1", resource: "pods", kind: "Pod", namespaced: true };
const pod = (name: string, resourceVersion: string) =>
  ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "a", uid: name, resourceVersion },
  }) as KubeObject;

/** A server that has these objects, or that cannot be reached. */
class Server {
  objects: KubeObject[] | undefined = [];

  readonly client = {
    list: async () => {
      if (!this.objects) throw new GantryError("Unavailable", "away");
      return { items: this.objects, metadata: { resourceVersion: "9" } };
    },
    watch: async function* (_: unknown, { signal }: { signal: AbortSignal }) {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
  } as unknown as KubeClient;
}

let dir: string;
let server: Server;
const logs: string[] = [];
const logger = createLogger((line) => logs.push(line), "warn");
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gantry-kept-"));
  server = new Server();
  logs.length = 0;
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Runs informers for as long as `use` takes. */
async function during(use: (factory: InformerFactory) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const factory = createInformerFactory(server.client, { logger, keptIn: join(dir, "known") });
  factory.informer(pods);
  const running = factory.run(stop.signal);
  try {
    await use(factory);
  } finally {
    stop.abort();
    await running;
  }
}

const names = (factory: InformerFactory) =>
  [...factory.informer(pods).list()].map((one) => one.metadata.name);

it("go on with what was known last while no server answers, and with what it says as soon as one does", async () => {
  server.objects = [pod("one", "1"), pod("two", "2")];
  await during((factory) => factory.synced());
  expect(readdirSync(join(dir, "known"))).toEqual(["pods.json"]);

  server.objects = undefined;
  await during(async (factory) => {
    await factory.synced();
    expect(names(factory)).toEqual(["one", "two"]);
    expect(Object.isFrozen([...factory.informer(pods).list()][0])).toBe(true);
    const gone: string[] = [];
    factory.informer(pods).subscribe({ onDelete: ({ metadata }) => gone.push(metadata.name) });
    server.objects = [pod("two", "2"), pod("three", "8")];
    await expect.poll(() => names(factory), { timeout: 10_000 }).toEqual(["two", "three"]);
    expect(gone).toEqual(["one"]);
  });
  expect(logs.join("\n")).toContain("no server answers: what was known last holds");

  server.objects = undefined;
  await during(async (factory) => {
    await factory.synced();
    expect(names(factory)).toEqual(["two", "three"]);
  });
});

it("know without a server that there was nothing", async () => {
  await during((factory) => factory.synced());
  server.objects = undefined;
  await during(async (factory) => {
    await factory.synced();
    expect(names(factory)).toEqual([]);
  });
});

it("are not ready without a server where nothing whole was kept", async () => {
  server.objects = undefined;
  await during(async (factory) => {
    const synced = factory.synced(AbortSignal.timeout(2500));
    await expect(synced).rejects.toThrow("stopped before pods were read");
  });
  server.objects = [pod("one", "1")];
  await during((factory) => factory.synced());
  server.objects = undefined;
  for (const broken of ['[{"metadata":{"na', "{}", '[{"kind":"Pod"}]', "[null]"]) {
    writeFileSync(join(dir, "known", "pods.json"), broken);
    await during(async (factory) => {
      await expect(factory.synced(AbortSignal.timeout(2500))).rejects.toThrow("stopped before");
    });
  }
  expect(logs.join("\n")).toContain("what was known of the cluster cannot be read");
});
