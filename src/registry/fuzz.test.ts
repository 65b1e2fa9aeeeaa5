import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { digestOf, MediaType } from "../formats/index.ts";
import { fuzz, UNHARMED } from "../http/fuzz.test-support.ts";
import { startTestRegistry, type TestRegistry } from "./test-registry.test-support.ts";

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startTestRegistry();
});
afterAll(() => registry.close());

const url = (path: string) => `http://${registry.host}${path}`;

it("stands up to bodies that end, break and lie", async () => {
  const blob = Buffer.alloc(50_000, "layer");
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType: MediaType.ociManifest, layers: [] });
  const begun = await fetch(url("/v2/shop/web/blobs/uploads/"), { method: "POST" });
  const upload = new URL(begun.headers.get("location")!, url("/")).pathname;
  const bytes = { "content-type": "application/octet-stream" };
  const outcome = await fuzz(
    {
      connect: async () => {
        const [host, port] = registry.host.split(":");
        const socket = connect({ host, port: Number(port), allowHalfOpen: true });
        await once(socket, "connect");
        return socket;
      },
      requests: [
        {
          method: "POST",
          path: `/v2/shop/web/blobs/uploads/?digest=${digestOf(blob)}`,
          headers: bytes,
          body: blob,
        },
        { method: "PATCH", path: upload, headers: bytes, body: blob },
        { method: "PUT", path: `${upload}?digest=${digestOf(blob)}`, headers: bytes, body: blob },
        {
          method: "PUT",
          path: "/v2/shop/web/manifests/v1",
          headers: { "content-type": MediaType.ociManifest },
          body: manifest,
        },
        { method: "GET", path: "/v2/shop/web/tags/list" },
      ],
      serves: async () => (await fetch(url("/v2/"))).status === 200,
    },
    { seed: 11, rounds: 400 },
  );
  expect(outcome).toEqual(UNHARMED);
  // What was cut off has not become a blob.
  for await (const one of registry.content.list()) expect(one.digest).not.toBe("");
}, 60_000);
