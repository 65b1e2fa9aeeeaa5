import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { UNREADABLE } from "../base/record-faults.test-support.ts";
import { digestOf, MediaType } from "../formats/index.ts";
import { startTestRegistry, type TestRegistry } from "./test-registry.test-support.ts";

let registry: TestRegistry;
beforeEach(async () => {
  registry = await startTestRegistry();
});
afterEach(() => registry.close());

const call = (method: string, path: string, body?: Buffer, type = "application/octet-stream") =>
  fetch(`http://${registry.host}/v2/shop/web${path}`, {
    method,
    ...(body ? { body: new Uint8Array(body), headers: { "content-type": type } } : {}),
  });

it.each(UNREADABLE)(
  "nothing that a manifest needs which cannot be read ($name) is collected",
  async ({ strike }) => {
    const config = Buffer.from("{}");
    await call("POST", `/blobs/uploads/?digest=${digestOf(config)}`, config);
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MediaType.ociManifest,
        config: { mediaType: MediaType.ociConfig, digest: digestOf(config), size: config.length },
        layers: [],
      }),
    );
    expect((await call("PUT", "/manifests/v1", manifest, MediaType.ociManifest)).status).toBe(201);
    const kept = join(registry.dir, "registry/repositories/shop/web/_manifests");
    const heal = strike(join(kept, `${digestOf(manifest).replace(":", "-")}.json`));
    await registry.reopen();
    for (let time = 0; time < 3; time++) await registry.content.collectGarbage(new Set());
    heal();
    await registry.reopen();
    expect((await call("GET", "/manifests/v1")).status).toBe(200);
    expect((await call("GET", `/blobs/${digestOf(config)}`)).status).toBe(200);
  },
);
