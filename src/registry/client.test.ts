import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLogger, readAll } from "../base/index.ts";
import { digestOf, MediaType } from "../formats/index.ts";
import type { HttpResponse } from "../http/index.ts";
import type { ImageService } from "../images/index.ts";
import { archiveOf, bytesOf, openTestHouse, type TestHouse } from "../images/test-images.test-support.ts";
import { parseChallenges } from "./client-challenge.ts";
import { RegistryClient } from "./index.ts";
import { startTestRegistry, type TestRegistry } from "./test-registry.test-support.ts";

const logged: string[] = [];
const auth = { username: "ann", password: "hunter2-secret" };
const basic = `Basic ${Buffer.from("ann:hunter2-secret").toString("base64")}`;
let client: RegistryClient;
let registry: TestRegistry;
let house: TestHouse;
let images: ImageService;
let others: Fake[];

interface Fake {
  host: string;
  seen: { method: string; url: string; authorization: string | undefined }[];
  server: Server;
}

beforeEach(async () => {
  logged.length = 0;
  others = [];
  client = new RegistryClient({ logger: createLogger((line) => logged.push(line), "debug") });
  registry = await startTestRegistry();
  house = await openTestHouse({
    registry: client,
    limits: { manifestBytes: 1 << 20, configBytes: 100_000, layerBytes: 5e6, ratioFreeBytes: 1e6 },
  });
  images = house.images;
});
afterEach(async () => {
  client.close();
  await registry.close();
  for (const { server } of others) {
    server.closeAllConnections();
    server.close();
  }
  house.remove();
});

async function fake(answer: (req: IncomingMessage, res: ServerResponse) => void): Promise<Fake> {
  const one = { seen: [] } as unknown as Fake;
  one.server = createServer((req, res) => {
    one.seen.push({ method: req.method!, url: req.url!, authorization: req.headers.authorization });
    answer(req, res);
  });
  await new Promise<void>((resolve) => one.server.listen(0, "127.0.0.1", resolve));
  one.host = `127.0.0.1:${(one.server.address() as AddressInfo).port}`;
  others.push(one);
  return one;
}

/** Pushes a small image and returns its name. */
async function seed(path = "team/app:1"): Promise<string> {
  const name = `${registry.host}/${path}`;
  await images.importRootfs(archiveOf({ f: "x".repeat(5000), g: randomBytes(20_000).toString("hex") }), {
    reference: name,
  });
  await images.push(name, {});
  return name;
}

async function forget(name: string): Promise<void> {
  await images.remove(name, { force: true });
  expect(await images.list()).toEqual([]);
}

const layersOf = (requests: TestRegistry["seen"]) =>
  requests.filter(({ url }) => url.includes("/blobs/sha256"));

describe("authentication", () => {
  it("answers a bearer challenge at the registry's own token server and keeps the token", async () => {
    const name = await seed();
    await forget(name);
    registry.seen.length = 0;
    registry.intercept = (req, res) => {
      const url = new URL(req.url!, "http://x");
      if (url.pathname === "/token") {
        res.end(JSON.stringify({ token: `t-${url.searchParams.get("scope")}`, expires_in: 300 }));
        return true;
      }
      if (req.headers.authorization === "Bearer t-repository:team/app:pull") return false;
      res
        .writeHead(401, { "www-authenticate": `Bearer realm="http://${registry.host}/token",service="reg"` })
        .end();
      return true;
    };
    client = new RegistryClient({ logger: createLogger((line) => logged.push(line), "debug") });
    const repository = client.repository({ domain: registry.host, path: "team/app" }, { auth });
    await repository.fetchManifest("1");
    await repository.fetchManifest("1");
    const tokens = registry.seen.filter(({ url }) => url.startsWith("/token"));
    expect(tokens.map(({ authorization }) => authorization)).toEqual([basic]);
    expect(new URL(tokens[0]!.url, "http://x").searchParams.get("account")).toBe("ann");
    expect(logged.join()).not.toContain("hunter2");
  });

  it("gets a new token once when the old one is refused, and gives up after that", async () => {
    let issued = 0;
    let accept = "t1";
    registry.intercept = (req, res) => {
      if (req.url!.startsWith("/token")) {
        res.end(JSON.stringify({ access_token: `t${++issued}` }));
        return true;
      }
      if (req.headers.authorization === `Bearer ${accept}`) return false;
      res
        .writeHead(401, { "www-authenticate": `Bearer realm="http://${registry.host}/token"` })
        .end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}');
      return true;
    };
    const repository = client.repository({ domain: registry.host, path: "team/app" }, {});
    await expect(repository.fetchManifest("1")).rejects.toMatchObject({ kind: "NotFound" });
    accept = "t2";
    await expect(repository.fetchManifest("1")).rejects.toThrow("manifest unknown");
    expect(issued).toBe(2);
    accept = "none";
    await expect(repository.fetchManifest("1")).rejects.toThrow(
      `pull access denied for ${registry.host}/team/app, repository does not exist or may require 'docker login': denied: requested access to the resource is denied`,
    );
    expect(issued).toBe(3);
  });

  it("uses Basic where that is asked for, and says when there is nothing to use", async () => {
    registry.intercept = (req, res) => {
      if (req.headers.authorization === basic) return false;
      res.writeHead(401, { "www-authenticate": 'Basic realm="r"' }).end();
      return true;
    };
    await expect(
      client.repository({ domain: registry.host, path: "a" }, {}).fetchManifest("1"),
    ).rejects.toThrow("no basic auth credentials");
    await expect(
      client.repository({ domain: registry.host, path: "a" }, { auth }).fetchManifest("1"),
    ).rejects.toThrow("manifest unknown");
    await client.checkCredentials(registry.host, auth);
    await expect(
      client.checkCredentials(registry.host, { username: "x", password: "y" }),
    ).rejects.toMatchObject({ kind: "Unauthenticated" });
  });

  it("never sends credentials or tokens to anybody else", async () => {
    const blob = randomBytes(1000);
    const elsewhere = await fake((req, res) => {
      if (req.url!.startsWith("/token")) res.end(JSON.stringify({ token: "anonymous" }));
      else if (req.method === "GET") res.end(blob);
      else if (req.method === "PATCH") {
        req.resume();
        req.on("end", () =>
          res.writeHead(202, { location: `http://${registry.host}/v2/a/blobs/uploads/done` }).end(),
        );
      } else res.writeHead(201).end();
    });
    registry.intercept = (req, res) => {
      if (req.url!.includes("/blobs/sha256") && req.method === "GET") {
        res.writeHead(307, { location: `http://${elsewhere.host}/storage?signature=1` }).end();
        return true;
      }
      if (req.method === "POST") {
        res.writeHead(202, { location: `http://${elsewhere.host}/upload` }).end();
        return true;
      }
      if (req.method === "PUT") {
        res.writeHead(201).end();
        return true;
      }
      if (req.headers.authorization) return false;
      res
        .writeHead(401, { "www-authenticate": `Bearer realm="http://${elsewhere.host}/token",service="x"` })
        .end();
      return true;
    };
    const repository = client.repository({ domain: registry.host, path: "a" }, { auth, push: true });
    const descriptor = { mediaType: MediaType.ociLayer, digest: digestOf(blob), size: blob.length };
    expect((await readAll(await repository.openBlob(descriptor, 0), 1e6)).equals(blob)).toBe(true);
    await repository.uploadBlob({ open: () => bodyOf(blob) });
    expect(elsewhere.seen.map(({ method }) => method)).toEqual(["GET", "GET", "PATCH"]);
    expect(elsewhere.seen.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
    expect(
      registry.seen.every(
        ({ authorization }) => authorization === undefined || authorization === "Bearer anonymous",
      ),
    ).toBe(true);
    expect(logged.join()).toContain("credentials withheld");
    expect(logged.join()).not.toMatch(/hunter2|Bearer|Basic/);
  });

  it("never asks the addresses that a layer names for itself", async () => {
    const elsewhere = await fake((_req, res) =>
      res.writeHead(401, { "www-authenticate": "Basic realm=x" }).end(),
    );
    const config = Buffer.from(
      JSON.stringify({
        architecture: "amd64",
        os: "linux",
        rootfs: { type: "layers", diff_ids: [digestOf("x")] },
      }),
    );
    const repository = client.repository({ domain: registry.host, path: "foreign" }, { push: true });
    await repository.uploadBlob({ open: () => bodyOf(config) });
    const manifest = {
      schemaVersion: 2,
      mediaType: MediaType.dockerManifest,
      config: { mediaType: MediaType.dockerConfig, digest: digestOf(config), size: config.length },
      layers: [
        {
          mediaType: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
          digest: digestOf("x"),
          size: 1,
          urls: [`http://${elsewhere.host}/layer`],
        },
      ],
    };
    await repository.putManifest("1", manifest.mediaType, Buffer.from(JSON.stringify(manifest)));
    await expect(images.pull(`${registry.host}/foreign:1`, { auth })).rejects.toMatchObject({
      kind: "NotFound",
    });
    expect(elsewhere.seen).toEqual([]);
  });

  it("refuses a redirect in circles, and a token server that is no server", async () => {
    registry.intercept = (_req, res) => {
      res.writeHead(302, { location: "/again" }).end();
      return true;
    };
    await expect(
      client.repository({ domain: registry.host, path: "a" }, {}).fetchManifest("1"),
    ).rejects.toThrow("redirects in circles");
    const bad = await fake((_req, res) =>
      res.writeHead(401, { "www-authenticate": 'Bearer realm="file:///etc/passwd"' }).end(),
    );
    await expect(client.repository({ domain: bad.host, path: "a" }, {}).fetchManifest("1")).rejects.toThrow(
      "unusable token server",
    );
  });

  it("reads challenges of all forms", () => {
    expect(
      parseChallenges('Bearer realm="https://a/t",service="s, with comma",scope="repository:x:pull"'),
    ).toEqual([
      {
        scheme: "bearer",
        parameters: { realm: "https://a/t", service: "s, with comma", scope: "repository:x:pull" },
      },
    ]);
    expect(parseChallenges('Negotiate, Basic realm="a \\"b\\"", Bearer realm=x')).toEqual([
      { scheme: "negotiate", parameters: {} },
      { scheme: "basic", parameters: { realm: 'a "b"' } },
      { scheme: "bearer", parameters: { realm: "x" } },
    ]);
    expect(parseChallenges("\u0000,,==")).toEqual([]);
  });
});

async function* bodyOf(bytes: Buffer) {
  yield bytes;
}

describe("pulling", () => {
  it("resumes a layer where the connection broke, also after a restart", async () => {
    const name = await seed();
    const before = await images.get(name);
    await forget(name);
    let cuts = 0;
    registry.intercept = (req, res) => {
      if (!req.url!.includes("/blobs/sha256") || req.headers.range !== undefined || cuts > 0) return false;
      const write = res.write.bind(res);
      let sent = 0;
      res.write = ((chunk: Buffer, ...rest: never[]) => {
        sent += chunk.length;
        if (sent <= 1000) return write(chunk, ...rest);
        cuts++;
        write(chunk.subarray(0, 1000));
        setImmediate(() => res.destroy());
        return false;
      }) as never;
      return false;
    };
    registry.seen.length = 0;
    const statuses: string[] = [];
    const image = await images.pull(name, { onProgress: (event) => statuses.push(event.status) });
    expect(image.id).toBe(before.id);
    expect(cuts).toBe(1);
    expect(layersOf(registry.seen).length).toBeGreaterThan(1);
    expect([...new Set(statuses)]).toEqual(
      expect.arrayContaining([
        "Pulling from team/app",
        "Pulling fs layer",
        "Verifying Checksum",
        "Download complete",
        "Pull complete",
        `Status: Downloaded newer image for ${name}`,
      ]),
    );
    expect((await images.pull(name, {})).id).toBe(image.id);
  });

  it("goes on over a restart of the program with what is there", async () => {
    const name = await seed();
    const layer = (await images.get(name)).layers[0]!;
    await forget(name);
    registry.intercept = (req, res) => {
      if (!req.url!.includes("/blobs/sha256") || req.headers.range !== undefined) return false;
      res.writeHead(500).end();
      return true;
    };
    const controller = new AbortController();
    const pulling = images.pull(name, { signal: controller.signal });
    setImmediate(() => controller.abort());
    await expect(pulling).rejects.toMatchObject({ kind: "Canceled" });
    registry.intercept = undefined;
    await house.reopen();
    images = house.images;
    expect((await images.pull(name, {})).layers).toEqual([layer]);
  });

  it("never keeps what is longer, shorter or other than its digest says", async () => {
    const name = await seed();
    await forget(name);
    const variants: [string, (res: HttpResponse, body: Buffer) => void][] = [
      ["other bytes", (res, body) => res.end(Buffer.alloc(body.length, 1))],
      ["too long", (res, body) => res.end(Buffer.concat([body, Buffer.alloc(10)]))],
      ["too short", (res, body) => res.end(body.subarray(0, 10))],
    ];
    for (const [what, answer] of variants) {
      registry.intercept = async (req, res) => {
        if (req.method !== "GET" || !req.url!.includes("/blobs/sha256")) return false;
        const digest = req.url!.split("/").at(-1)!;
        answer(res, await registry.content.readBytes(digest, 1e6));
        return true;
      };
      await expect(images.pull(name, {}), what).rejects.toMatchObject({
        kind: expect.stringMatching(/InvalidArgument|Unavailable/),
      });
      for await (const { digest } of house.content.list())
        expect(digest, what).toBe(digestOf(await house.content.readBytes(digest, 1e6)));
    }
    registry.intercept = undefined;
    expect((await images.pull(name, {})).references).toEqual([name]);
  });

  it("fetches a layer once for all who want it at the same time", async () => {
    const name = await seed();
    await forget(name);
    registry.seen.length = 0;
    const pulled = await Promise.all(Array.from({ length: 6 }, () => images.pull(name, {})));
    expect(new Set(pulled.map(({ id }) => id)).size).toBe(1);
    expect(layersOf(registry.seen).filter(({ method }) => method === "GET").length).toBe(2);
  });

  it("chooses the host's platform from an index, and keeps the index's digest", async () => {
    const name = await seed("multi:part");
    const image = await images.get(name);
    const repository = client.repository({ domain: registry.host, path: "multi" }, { push: true });
    const part = await repository.fetchManifest("part");
    const entry = { mediaType: part.mediaType, digest: part.digest, size: part.bytes.length };
    const index = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MediaType.ociIndex,
        manifests: [
          { ...entry, platform: { os: "unknown", architecture: "unknown" } },
          { ...entry, platform: { os: "linux", architecture: image.config.architecture } },
        ],
      }),
    );
    await repository.putManifest("all", MediaType.ociIndex, index);
    const pulled = await images.pull(`${registry.host}/multi:all`, {});
    expect(pulled.id).toBe(image.id);
    expect(pulled.digestReferences).toContain(`${registry.host}/multi@${digestOf(index)}`);
    expect((await images.pull(`${registry.host}/multi@${digestOf(index)}`, {})).id).toBe(image.id);
    await expect(
      images.pull(`${registry.host}/multi:all`, { platform: { os: "linux", architecture: "s390x" } }),
    ).rejects.toThrow("no matching manifest for linux/s390x in the manifest list entries");
  });

  it("refuses bombs and nonsense with an error of its own, and keeps nothing", async () => {
    const repository = client.repository({ domain: registry.host, path: "bomb" }, { push: true });
    const put = async (layer: Buffer, config: object, more: object = {}) => {
      const configBytes = Buffer.from(JSON.stringify(config));
      for (const bytes of [layer, configBytes]) await repository.uploadBlob({ open: () => bodyOf(bytes) });
      const manifest = {
        schemaVersion: 2,
        mediaType: MediaType.ociManifest,
        config: { mediaType: MediaType.ociConfig, digest: digestOf(configBytes), size: configBytes.length },
        layers: [{ mediaType: MediaType.ociLayerGzip, digest: digestOf(layer), size: layer.length }],
        ...more,
      };
      await repository.putManifest("1", manifest.mediaType, Buffer.from(JSON.stringify(manifest)));
    };
    const configFor = (tar: Buffer, more: object = {}) => ({
      architecture: "amd64",
      os: "linux",
      rootfs: { type: "layers", diff_ids: [digestOf(tar)] },
      ...more,
    });
    const small = await bytesOf(archiveOf({ f: "1" }));
    const zeros = await bytesOf(archiveOf({ zeros: "\0".repeat(4e6) }));
    const large = await bytesOf(archiveOf({ large: randomBytes(3_000_000).toString("hex") }));
    const cases: [string, () => Promise<void>, RegExp | string][] = [
      ["a gzip bomb", () => put(gzipSync(zeros), configFor(zeros)), "Compression.TooLarge"],
      ["a layer beyond the limit", () => put(gzipSync(large), configFor(large)), "Compression.TooLarge"],
      ["a wrong diff id", () => put(gzipSync(small), configFor(zeros)), "Layer.DiffIdMismatch"],
      ["no gzip at all", () => put(Buffer.from("garbage".repeat(200)), configFor(small)), "Tar.Malformed"],
      [
        "a broken gzip",
        () => put(Buffer.concat([gzipSync(large).subarray(0, 500_000)]), configFor(large)),
        "Compression.Corrupt",
      ],
      [
        "a huge configuration",
        () => put(gzipSync(small), configFor(small, { config: { Env: Array(20_000).fill("A=12345") } })),
        "Image.ConfigTooLarge",
      ],
      [
        "too many layers",
        () =>
          put(gzipSync(small), configFor(small), {
            layers: Array(600).fill({
              mediaType: MediaType.ociLayerGzip,
              digest: digestOf(gzipSync(small)),
              size: gzipSync(small).length,
            }),
          }),
        "Image.Malformed",
      ],
      [
        "fewer layers than diff ids",
        () => put(gzipSync(small), configFor(small), { layers: [] }),
        "Image.Malformed",
      ],
      [
        "wrong types in the configuration",
        () => put(gzipSync(small), configFor(small, { config: { Env: "A=1" } })),
        "Image.Malformed",
      ],
      [
        "a configuration that is nested without end",
        () =>
          put(gzipSync(small), {
            ...configFor(small),
            deep: JSON.parse(`${"[".repeat(200)}${"]".repeat(200)}`),
          }),
        "Image.Malformed",
      ],
      [
        "a configuration that aims at prototypes",
        () => put(gzipSync(small), configFor(small, { config: JSON.parse('{"Labels":{"__proto__":"x"}}') })),
        "Image.Malformed",
      ],
      [
        "an artifact that is no image",
        () =>
          put(gzipSync(small), configFor(small), {
            layers: [
              {
                mediaType: "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
                digest: digestOf(gzipSync(small)),
                size: 1,
              },
            ],
          }),
        "Image.UnsupportedMediaType",
      ],
    ];
    for (const [what, make, code] of cases) {
      await make();
      await expect(images.pull(`${registry.host}/bomb:1`, {}), what).rejects.toMatchObject({ code });
    }
    expect(await images.list()).toEqual([]);
    await images.collectGarbage();
    await images.collectGarbage();
    const left: string[] = [];
    for await (const { digest } of house.content.list()) left.push(digest);
    expect(left).toEqual([]);
  });

  it("refuses manifests that say two things, lie too deep in each other, or are too large", async () => {
    const documents = new Map<string, { type: string; bytes: Buffer }>();
    const server = await fake((req, res) => {
      const found = documents.get(req.url!.split("/").at(-1)!);
      if (req.url === "/v2/") res.end();
      else if (found) res.writeHead(200, { "content-type": found.type }).end(found.bytes);
      else res.writeHead(404).end();
    });
    const add = (name: string, type: string, document: object) => {
      const bytes = Buffer.from(JSON.stringify(document));
      documents.set(name, { type, bytes }).set(digestOf(bytes), { type, bytes });
      return { mediaType: type, digest: digestOf(bytes), size: bytes.length };
    };
    const platform = { os: "linux", architecture: process.arch === "x64" ? "amd64" : process.arch };
    let inner: object = add("leaf", MediaType.ociIndex, { schemaVersion: 2, manifests: [] });
    for (let depth = 0; depth < 10; depth++)
      inner = add("deep", MediaType.ociIndex, { schemaVersion: 2, manifests: [{ ...inner, platform }] });
    add("both", MediaType.ociManifest, { schemaVersion: 2, layers: [], config: inner, manifests: [] });
    add("confused", MediaType.ociManifest, {
      schemaVersion: 2,
      mediaType: MediaType.ociIndex,
      manifests: [],
    });
    add("schema1", "application/vnd.docker.distribution.manifest.v1+prettyjws", { schemaVersion: 1 });
    documents.set("large", { type: MediaType.ociManifest, bytes: Buffer.alloc(6 * 2 ** 20, " ") });
    documents.set("text", { type: "text/html", bytes: Buffer.from("<html>") });
    for (const [tag, message] of [
      ["deep", /too deep/],
      ["both", /manifest/],
      ["confused", /announced/],
      ["schema1", /schema 1/],
      ["large", /more than/],
      ["text", /not JSON|media type/],
      ["none", /not found/],
    ] as const) {
      await expect(images.pull(`${server.host}/x:${tag}`, {}), tag).rejects.toThrow(message);
    }
    documents.set(digestOf("wanted"), { type: MediaType.ociManifest, bytes: Buffer.from("{}") });
    await expect(images.pull(`${server.host}/x@${digestOf("wanted")}`, {})).rejects.toThrow(
      "manifest verification failed",
    );
  });

  it("says what Docker says when nobody answers", async () => {
    const gone = await fake(() => {});
    gone.server.close();
    await expect(images.pull(`${gone.host}/x`, {})).rejects.toMatchObject({
      kind: "Unavailable",
      message: `Get "http://${gone.host}/v2/": dial tcp ${gone.host}: connect: connection refused`,
    });
    await expect(images.pull("nowhere.invalid/x", {})).rejects.toThrow(
      'Get "https://nowhere.invalid/v2/": dial tcp: lookup nowhere.invalid',
    );
    await expect(images.pull(`${registry.host}/none:1`, {})).rejects.toThrow(
      `manifest for ${registry.host}/none:1 not found: manifest unknown: manifest unknown`,
    );
  });
});

describe("pushing", () => {
  it("sends each layer once, mounts what the registry has elsewhere, and keeps digests", async () => {
    const name = await seed();
    const first = await images.push(name, {});
    const copy = `${registry.host}/copies/app:2`;
    await images.tag(name, copy);
    registry.seen.length = 0;
    const statuses: string[] = [];
    const second = await images.push(copy, {
      onProgress: ({ status, aux }) =>
        statuses.push(aux ? `aux ${aux.Tag} ${aux.Digest} ${aux.Size}` : status),
    });
    expect(second.digest).toBe(first.digest);
    expect(statuses).toEqual(
      [
        "Preparing",
        "Layer already exists",
        `2: digest: ${first.digest} size: ${first.sizeBytes}`,
        "",
        `aux 2 ${first.digest} ${first.sizeBytes}`,
      ].filter((line) => line !== ""),
    );
    expect(registry.seen.filter(({ method }) => method === "PATCH")).toEqual([]);
    expect((await images.get(copy)).digestReferences).toContain(
      `${registry.host}/copies/app@${first.digest}`,
    );
    await expect(images.push(`${registry.host}/none`, {})).rejects.toThrow(
      `An image does not exist locally with the tag: ${registry.host}/none`,
    );
  });

  it("mounts from another repository where blobs are kept apart", async () => {
    const name = await seed();
    registry.intercept = (req, res) => {
      if (req.method !== "HEAD" || !req.url!.startsWith("/v2/copies/")) return false;
      res.writeHead(404).end();
      return true;
    };
    await images.tag(name, `${registry.host}/copies/app:1`);
    const statuses: string[] = [];
    await images.push(`${registry.host}/copies/app:1`, {
      onProgress: (event) => statuses.push(event.status),
    });
    expect(statuses).toContain("Mounted from team/app");
  });

  it("makes a layer of its own again for another registry, byte for byte", async () => {
    const other = await startTestRegistry();
    try {
      const base = await images.importRootfs(archiveOf({ f: "1" }), {});
      await images.prepareSnapshot("s", base.id);
      const app = await images.commit({
        parentId: base.id,
        snapshotKey: "s",
        config: {},
        history: {},
        references: [`${registry.host}/a:1`],
      });
      await images.tag(app.id, `${other.host}/b:1`);
      const [first, second] = [
        await images.push(`${registry.host}/a:1`, {}),
        await images.push(`${other.host}/b:1`, {}),
      ];
      expect(second.digest).toBe(first.digest);
      await images.removeSnapshot("s");
      await images.remove(app.id, { force: true });
      expect((await images.pull(`${other.host}/b:1`, {})).id).toBe(app.id);
    } finally {
      await other.close();
    }
  });

  it("starts an upload over when the connection breaks, and stops when told to", async () => {
    let cuts = 0;
    registry.intercept = (req) => {
      if (req.method === "PATCH" && cuts++ === 0) req.once("data", () => req.destroy());
      return false;
    };
    const name = await seed();
    expect(cuts).toBeGreaterThan(1);
    expect(
      (await client.repository({ domain: registry.host, path: "team/app" }).fetchManifest("1")).bytes.length,
    ).toBeGreaterThan(0);
    registry.intercept = (req) => req.method === "HEAD";
    await images.tag(name, `${registry.host}/hang:1`);
    const controller = new AbortController();
    const pushing = images.push(`${registry.host}/hang:1`, { signal: controller.signal });
    setImmediate(() => controller.abort());
    await expect(pushing).rejects.toMatchObject({ kind: "Canceled" });
  });
});
