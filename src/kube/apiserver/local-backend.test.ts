import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configMaps } from "../api/index.ts";
import { startTestServer, type TestServer } from "./testing/start-test-server.ts";

describe("callers in the same process", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
    await server.client.create(configMaps, { metadata: { name: "c", namespace: "default" } });
  });
  afterAll(() => server.stop());

  it("let the event loop go on while they ask for thousands of things at once", async () => {
    let rounds = 0;
    let isOver = false;
    const count = (): void => {
      rounds++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    const asked = Array.from({ length: 4000 }, () => server.client.get(configMaps, "default", "c"));
    const found = await Promise.all(asked);
    isOver = true;
    expect(found).toHaveLength(4000);
    expect(rounds).toBeGreaterThan(8);
  });
});
