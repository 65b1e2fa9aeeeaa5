import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configMaps } from "../../api/index.ts";
import { encodeForStore } from "../objects/stored-object.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";

const COUNT = 4000;
const SOME = { namespace: "default", labelSelector: "part=7" };

describe("long lists", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
    for (let from = 0; from < COUNT; from += 500)
      await server.store.transact({ success: Array.from({ length: 500 }, (_, n) => put(from + n)) });
  });
  afterAll(() => server.stop());

  function put(n: number) {
    const name = `c${String(n).padStart(4, "0")}`;
    const labels = { part: String(n % 100) };
    const metadata = {
      name,
      namespace: "default",
      uid: name,
      resourceVersion: "",
      creationTimestamp: null,
      labels,
    };
    const object = { kind: "ConfigMap", apiVersion: "v1", metadata, data: { text: "x".repeat(2000) } };
    const key = `/registry/core/configmaps/default/${name}`;
    return { type: "put" as const, key, value: encodeForStore(object) };
  }

  /** How often others had their turn meanwhile. */
  async function turnsDuring(work: Promise<unknown>): Promise<number> {
    let turns = 0;
    let isOver = false;
    const others = () => {
      turns++;
      if (!isOver) setImmediate(others);
    };
    setImmediate(others);
    await work;
    isOver = true;
    return turns;
  }

  async function stateByWatch(): Promise<string[]> {
    const names: string[] = [];
    for await (const event of server.client.watch(configMaps, { ...SOME, resourceVersion: "0" })) {
      if (event.type !== "BOOKMARK") names.push(event.object.metadata.name);
      if (names.length === COUNT / 100) break;
    }
    return names;
  }

  // Each object is parsed once, so the first to look at them has the work.
  it("are filtered in turns, and filtered right", async () => {
    const listing = server.client.list(configMaps, SOME);
    expect(await turnsDuring(listing)).toBeGreaterThan(1);
    const { items } = await listing;
    expect(items.map(({ metadata }) => metadata.name)).toEqual(await stateByWatch());
    expect(items).toHaveLength(COUNT / 100);
  });

  it("come in pages that are whole together", async () => {
    const names: string[] = [];
    let next: string | undefined;
    do {
      const page = await server.client.list(configMaps, { namespace: "default", limit: 700, continue: next });
      for (const { metadata } of page.items) names.push(metadata.name);
      next = page.metadata.continue;
    } while (next);
    expect(names.filter((name) => /^c\d{4}$/.test(name))).toHaveLength(COUNT);
    expect(new Set(names).size).toBe(names.length);
  });
});
