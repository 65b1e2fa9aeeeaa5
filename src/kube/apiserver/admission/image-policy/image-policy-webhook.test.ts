import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { silentLogger, systemClock } from "../../../../base/index.ts";
import { admitted } from "../../testing/admitted.ts";
import { imagePolicyWebhook } from "./image-policy-webhook.ts";
import { readImagePolicy } from "./read-configuration.ts";

describe("a webhook of image policies", () => {
  let dir: string;
  let server: Server;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it
  let asked: any[];
  let status: object | undefined;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "gantry-images-"));
    server = createServer(async (req, res) => {
      const chunks: Buffer[] = [];
      for await (const chunk of req) chunks.push(chunk as Buffer);
      const review = JSON.parse(Buffer.concat(chunks).toString());
      asked.push(review);
      res.writeHead(status ? 200 : 403).end(JSON.stringify({ ...review, status }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await writeFile(
      join(dir, "k"),
      `clusters: [{name: c, cluster: {server: "http://127.0.0.1:${port}/"}}]\n`,
    );
  });
  beforeEach(() => {
    asked = [];
    status = { allowed: true };
  });
  afterAll(async () => {
    server.close();
    await rm(dir, { recursive: true });
  });

  const start = async (more: object = {}) =>
    imagePolicyWebhook(
      await readImagePolicy(JSON.stringify({ imagePolicy: { kubeConfigFile: "k", ...more } }), dir),
      { logger: silentLogger, clock: systemClock },
    );
  const object = {
    metadata: { name: "p", annotations: { "x.image-policy.k8s.io/ticket": "1", other: "2" } },
    spec: { containers: [{ name: "c", image: "a:1" }], initContainers: [{ name: "i", image: "b" }] },
  };
  const send = (plugin: Awaited<ReturnType<typeof start>>, more: object = {}) =>
    admitted(plugin, { resource: "pods", object, ...more });

  it("is told the images, and asked once as long as its answer holds", async () => {
    const plugin = await start();
    status = { allowed: true, auditAnnotations: { seen: "yes" } };
    for (const _ of [1, 2]) {
      const { refused, annotations } = await send(plugin);
      expect([refused, annotations]).toEqual([
        undefined,
        { "imagepolicywebhook.image-policy.k8s.io/seen": "yes" },
      ]);
    }
    expect(asked).toEqual([
      {
        kind: "ImageReview",
        apiVersion: "imagepolicy.k8s.io/v1alpha1",
        metadata: { creationTimestamp: null },
        spec: {
          containers: [{ image: "a:1" }, { image: "b" }],
          annotations: { "x.image-policy.k8s.io/ticket": "1" },
          namespace: "n",
        },
        status: { allowed: false },
      },
    ]);
  });

  it("is asked of pods and their ephemeral containers only, and each time where nothing holds", async () => {
    const plugin = await start({ allowTTL: -1 });
    await send(plugin, { subresource: "status", operation: "UPDATE", oldObject: object });
    await send(plugin, { operation: "DELETE", object: undefined, oldObject: object });
    expect(asked).toEqual([]);
    const ephemeral = {
      ...object,
      spec: { ...object.spec, ephemeralContainers: [{ name: "e", image: "e" }] },
    };
    const adding = {
      subresource: "ephemeralcontainers",
      operation: "UPDATE",
      object: ephemeral,
      oldObject: object,
    };
    for (const _ of [1, 2]) await send(plugin, adding);
    expect(asked.map(({ spec }) => spec.containers)).toEqual([[{ image: "e" }], [{ image: "e" }]]);
  });

  it.each([
    [{ allowed: false, reason: "old" }, "image policy webhook backend denied one or more images: old"],
    [{}, "one or more images rejected by webhook backend"],
  ])("refuses with %j", async (answer, why) => {
    status = answer;
    expect((await send(await start())).refused).toBe(`403 Forbidden pods "p" is forbidden: ${why}`);
  });

  it("refuses where it cannot be asked, or marks the pod", async () => {
    status = undefined;
    expect((await send(await start())).refused).toBe('403 Forbidden pods "p" is forbidden: unknown');
    const { refused, object: let_in, annotations } = await send(await start({ defaultAllow: true }));
    expect(refused).toBeUndefined();
    expect(let_in.metadata.annotations).toMatchObject({ "alpha.image-policy.k8s.io/failed-open": "true" });
    expect(annotations).toEqual({ "imagepolicywebhook.image-policy.k8s.io/failed-open": "true" });
  });

  it.each<[object, string]>([
    [{ allowTTL: 1801 }, "valid value is between 1s and 30m0s, got 30m1s"],
    [{ denyTTL: -2 }, "valid value is between 1s and 30m0s, got -2s"],
    [{ retryBackoff: 300_001 }, "valid value is between 1ns and 5m0s, got 5m0.001s"],
    [{ kubeConfigFile: "none" }, "no such file"],
  ])("is not set up by %j", async (more, problem) => {
    await expect(start(more)).rejects.toThrow(problem);
  });

  it("needs a configuration", async () => {
    await expect(readImagePolicy(undefined, "/")).rejects.toThrow("no config specified");
  });
});
