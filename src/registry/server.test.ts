import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestOf, MediaType } from "../formats/index.ts";
import { tcpSocketOwner } from "../kernel/index.ts";
import { localWriters } from "./index.ts";
import { startTestRegistry, type TestRegistry } from "./test-registry.test-support.ts";

const run = promisify(execFile);
let registry: TestRegistry;
beforeEach(async () => {
  registry = await startTestRegistry();
});
afterEach(() => registry.close());

interface Answer {
  status: number;
  headers: Headers;
  bytes: Buffer;
  json: () => { errors?: { code: string }[] } & Record<string, unknown>;
}

async function call(
  method: string,
  path: string,
  options: { body?: Buffer | string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const url = path.startsWith("http") ? path : `http://${registry.host}${path}`;
  const body = options.body === undefined ? undefined : new Uint8Array(Buffer.from(options.body));
  const answer = await fetch(url, { method, body, headers: options.headers });
  const bytes = Buffer.from(await answer.arrayBuffer());
  return {
    status: answer.status,
    headers: answer.headers,
    bytes,
    json: () => JSON.parse(bytes.toString("utf8")),
  };
}

const codeOf = (answer: Answer) => [answer.status, answer.json().errors?.[0]?.code];
const location = (answer: Answer) => new URL(answer.headers.get("location")!, `http://${registry.host}`).href;

async function pushBlob(name: string, bytes: Buffer): Promise<string> {
  const digest = digestOf(bytes);
  const begun = await call("POST", `/v2/${name}/blobs/uploads/`);
  const done = await call("PUT", `${location(begun)}?digest=${digest}`, { body: bytes });
  expect(done.status).toBe(201);
  return digest;
}

interface Made {
  digest: string;
  bytes: Buffer;
  mediaType: string;
}

async function makeManifest(name: string, more: object = {}): Promise<Made> {
  const [config, layer] = [Buffer.from(`{"n":${JSON.stringify(name)}}`), randomBytes(100)];
  await pushBlob(name, config);
  await pushBlob(name, layer);
  const manifest = {
    schemaVersion: 2,
    mediaType: MediaType.ociManifest,
    config: { mediaType: MediaType.ociConfig, digest: digestOf(config), size: config.length },
    layers: [{ mediaType: MediaType.ociLayerGzip, digest: digestOf(layer), size: layer.length }],
    ...more,
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  return { bytes, digest: digestOf(bytes), mediaType: manifest.mediaType };
}

const put = (name: string, reference: string, made: { bytes: Buffer; mediaType: string }) =>
  call("PUT", `/v2/${name}/manifests/${reference}`, {
    body: made.bytes,
    headers: { "content-type": made.mediaType },
  });

describe("blobs of the registry", () => {
  const name = "team/app";

  it("are pushed at once, in one stream, or in chunks", async () => {
    const bytes = randomBytes(5000);
    const digest = digestOf(bytes);
    expect((await call("HEAD", `/v2/${name}/blobs/${digest}`)).status).toBe(404);
    const atOnce = await call("POST", `/v2/${name}/blobs/uploads/?digest=${digest}`, {
      body: bytes,
      headers: { "content-type": "application/octet-stream" },
    });
    expect([atOnce.status, atOnce.headers.get("docker-content-digest")]).toEqual([201, digest]);
    const got = await call("GET", location(atOnce));
    expect(got.bytes.equals(bytes)).toBe(true);
    const chunked = randomBytes(3000);
    let where = location(await call("POST", `/v2/${name}/blobs/uploads/`));
    for (const [from, to] of [
      [0, 999],
      [1000, 1999],
    ] as const) {
      const answer = await call("PATCH", where, {
        body: chunked.subarray(from, to + 1),
        headers: { "content-range": `${from}-${to}` },
      });
      expect([answer.status, answer.headers.get("range")]).toEqual([202, `0-${to}`]);
      where = location(answer);
    }
    const outOfOrder = await call("PATCH", where, {
      body: Buffer.alloc(10),
      headers: { "content-range": "2500-2509" },
    });
    expect([outOfOrder.status, outOfOrder.headers.get("range")]).toEqual([416, "0-1999"]);
    const state = await call("GET", where);
    expect([state.status, state.headers.get("range")]).toEqual([204, "0-1999"]);
    const done = await call("PUT", `${where}?digest=${digestOf(chunked)}`, {
      body: chunked.subarray(2000),
      headers: { "content-range": "2000-2999" },
    });
    expect(done.status).toBe(201);
    expect((await call("GET", `/v2/${name}/blobs/${digestOf(chunked)}`)).bytes.equals(chunked)).toBe(true);
    expect(codeOf(await call("PATCH", where, { body: "x" }))).toEqual([404, "BLOB_UPLOAD_UNKNOWN"]);
  });

  it("go on after a restart", async () => {
    const where = location(await call("POST", `/v2/${name}/blobs/uploads/`));
    await call("PATCH", where, { body: "hello " });
    await registry.reopen();
    const digest = digestOf("hello world");
    expect((await call("PUT", `${where}?digest=${digest}`, { body: "world" })).status).toBe(201);
    await registry.reopen();
    expect((await call("GET", `/v2/${name}/blobs/${digest}`)).bytes.toString()).toBe("hello world");
  });

  it("are refused when their digest is another, and cancelled uploads are gone", async () => {
    const where = location(await call("POST", `/v2/${name}/blobs/uploads/`));
    expect(codeOf(await call("PUT", `${where}?digest=${digestOf("other")}`, { body: "x" }))).toEqual([
      400,
      "DIGEST_INVALID",
    ]);
    expect(codeOf(await call("GET", where))).toEqual([404, "BLOB_UPLOAD_UNKNOWN"]);
    expect((await call("HEAD", `/v2/${name}/blobs/${digestOf("other")}`)).status).toBe(404);
    const second = location(await call("POST", `/v2/${name}/blobs/uploads/`));
    expect(codeOf(await call("PUT", `${second}?digest=sha256:zz`, { body: "x" }))).toEqual([
      400,
      "DIGEST_INVALID",
    ]);
    expect(codeOf(await call("PUT", second, { body: "x" }))).toEqual([400, "DIGEST_INVALID"]);
    expect((await call("DELETE", second)).status).toBe(204);
    expect(codeOf(await call("DELETE", second))).toEqual([404, "BLOB_UPLOAD_UNKNOWN"]);
    const foreign = location(await call("POST", "/v2/other/blobs/uploads/")).replace("/other/", `/${name}/`);
    expect(codeOf(await call("GET", foreign))).toEqual([404, "BLOB_UPLOAD_UNKNOWN"]);
    expect(codeOf(await call("POST", "/v2/Bad_Name/blobs/uploads/"))).toEqual([400, "NAME_INVALID"]);
  });

  it("a body that is cut off neither makes a blob nor loses what came before", async () => {
    const where = location(await call("POST", `/v2/${name}/blobs/uploads/`));
    await call("PATCH", where, { body: "first" });
    await new Promise<void>((resolve) => {
      const req = request(where, { method: "PATCH", headers: { "content-length": "100" } });
      req.on("error", () => resolve());
      req.write("second");
      req.on("close", () => resolve());
      req.flushHeaders();
      req.once("socket", (socket) => socket.once("connect", () => socket.write("", () => req.destroy())));
    });
    const state = await call("GET", where);
    expect(state.status).toBe(204);
    expect(Number(state.headers.get("range")!.slice(2)) + 1).toBeGreaterThanOrEqual(5);
  });

  it("are read by range", async () => {
    const digest = await pushBlob(name, Buffer.from("0123456789"));
    const range = (text: string) => call("GET", `/v2/${name}/blobs/${digest}`, { headers: { range: text } });
    for (const [text, expected, content] of [
      ["bytes=2-4", "234", "bytes 2-4/10"],
      ["bytes=7-", "789", "bytes 7-9/10"],
      ["bytes=-2", "89", "bytes 8-9/10"],
      ["bytes=5-100", "56789", "bytes 5-9/10"],
    ] as const) {
      const answer = await range(text);
      expect([answer.status, answer.bytes.toString(), answer.headers.get("content-range")]).toEqual([
        206,
        expected,
        content,
      ]);
    }
    expect((await range("bytes=10-")).status).toBe(416);
    expect((await range("bytes=1-2,4-5")).bytes.toString()).toBe("0123456789");
    const head = await call("HEAD", `/v2/${name}/blobs/${digest}`);
    expect([head.status, head.headers.get("content-length")]).toEqual([200, "10"]);
    const empty = await pushBlob(name, Buffer.alloc(0));
    expect((await call("GET", `/v2/${name}/blobs/${empty}`)).bytes.length).toBe(0);
  });

  it("are mounted from another repository, and deleted for one repository only", async () => {
    const made = await makeManifest("first");
    await put("first", "1", made);
    const layer = JSON.parse(made.bytes.toString()).layers[0].digest as string;
    const mounted = await call("POST", `/v2/second/blobs/uploads/?mount=${layer}&from=first`);
    expect([mounted.status, mounted.headers.get("docker-content-digest")]).toEqual([201, layer]);
    expect(
      (await call("POST", `/v2/second/blobs/uploads/?mount=${digestOf("unknown")}&from=first`)).status,
    ).toBe(202);
    expect((await call("DELETE", `/v2/second/blobs/${layer}`)).status).toBe(202);
    await registry.reopen();
    expect((await call("GET", `/v2/second/blobs/${layer}`)).status).toBe(404);
    expect((await call("GET", `/v2/first/blobs/${layer}`)).status).toBe(200);
    expect((await call("POST", `/v2/second/blobs/uploads/?mount=${layer}`)).status).toBe(201);
    expect((await call("GET", `/v2/second/blobs/${layer}`)).status).toBe(200);
    expect(codeOf(await call("DELETE", `/v2/second/blobs/${digestOf("unknown")}`))).toEqual([
      404,
      "BLOB_UNKNOWN",
    ]);
  });
});

describe("manifests of the registry", () => {
  it("are pushed and pulled by tag and digest, and survive a restart", async () => {
    const made = await makeManifest("a/b");
    const pushed = await put("a/b", "v1", made);
    expect([
      pushed.status,
      pushed.headers.get("docker-content-digest"),
      pushed.headers.get("location"),
    ]).toEqual([201, made.digest, `/v2/a/b/manifests/${made.digest}`]);
    await registry.reopen();
    for (const reference of ["v1", made.digest]) {
      const got = await call("GET", `/v2/a/b/manifests/${reference}`);
      expect([got.status, got.headers.get("content-type"), got.bytes.equals(made.bytes)]).toEqual([
        200,
        made.mediaType,
        true,
      ]);
      const head = await call("HEAD", `/v2/a/b/manifests/${reference}`);
      expect([
        head.status,
        head.headers.get("content-length"),
        head.headers.get("docker-content-digest"),
      ]).toEqual([200, String(made.bytes.length), made.digest]);
    }
    expect(codeOf(await call("GET", "/v2/a/b/manifests/none"))).toEqual([404, "MANIFEST_UNKNOWN"]);
    expect(codeOf(await call("GET", "/v2/none/manifests/v1"))).toEqual([404, "MANIFEST_UNKNOWN"]);
    expect((await put("a/b", made.digest, made)).status).toBe(201);
    const sha512 = `sha512:${createHash("sha512").update(made.bytes).digest("hex")}`;
    expect((await put("a/b", sha512, made)).status).toBe(201);
    expect((await call("GET", `/v2/a/b/manifests/${sha512}`)).bytes.equals(made.bytes)).toBe(true);
  });

  it("are refused when they are broken, lie or lack their blobs", async () => {
    const made = await makeManifest("x");
    const document = JSON.parse(made.bytes.toString());
    const variant = (change: object) => ({
      ...made,
      bytes: Buffer.from(JSON.stringify({ ...document, ...change })),
    });
    expect(codeOf(await put("x", "1", { ...made, bytes: Buffer.from("{") }))).toEqual([
      400,
      "MANIFEST_INVALID",
    ]);
    expect(codeOf(await put("x", "1", { ...made, mediaType: MediaType.ociIndex }))).toEqual([
      400,
      "MANIFEST_INVALID",
    ]);
    expect(codeOf(await put("x", "1", variant({ manifests: [] })))).toEqual([400, "MANIFEST_INVALID"]);
    for (const mediaType of [MediaType.ociManifest, MediaType.dockerManifest, MediaType.ociIndex, "a/b"]) {
      const empty = { mediaType, bytes: Buffer.from('{"schemaVersion":2}') };
      expect(codeOf(await put("x", "1", empty))).toEqual([400, "MANIFEST_INVALID"]);
    }
    for (const change of [{ schemaVersion: undefined }, { config: null }, { layers: undefined }]) {
      expect(codeOf(await put("x", "1", variant(change)))).toEqual([400, "MANIFEST_INVALID"]);
    }
    expect(codeOf(await put("x", "1", variant({ layers: [{ digest: "sha256:x" }] })))).toEqual([
      400,
      "MANIFEST_INVALID",
    ]);
    expect(
      codeOf(
        await put("x", "1", variant({ layers: [{ mediaType: "x", digest: digestOf("none"), size: 4 }] })),
      ),
    ).toEqual([400, "MANIFEST_BLOB_UNKNOWN"]);
    expect(codeOf(await put("x", digestOf("other"), made))).toEqual([400, "DIGEST_INVALID"]);
    expect(codeOf(await put("x", "-bad", made))).toEqual([400, "TAG_INVALID"]);
    expect(codeOf(await put("x", "1", { ...made, bytes: Buffer.alloc(5 * 2 ** 20, " ") }))).toEqual([
      413,
      "TOO_LARGE",
    ]);
    expect(codeOf(await call("GET", "/v2/x/tags/list"))).toEqual([404, "NAME_UNKNOWN"]);
    expect(codeOf(await call("POST", "/v2/x/manifests/1"))).toEqual([405, "UNSUPPORTED"]);
    expect((await call("GET", "/v2/", { headers: { origin: "http://evil.test" } })).status).toBe(403);
  });

  it("are deleted by tag or with all their tags, and free their blobs", async () => {
    const made = await makeManifest("x");
    const layer = JSON.parse(made.bytes.toString()).layers[0].digest as string;
    await put("x", "1", made);
    await put("x", "2", made);
    expect((await call("DELETE", "/v2/x/manifests/1")).status).toBe(202);
    expect((await call("GET", "/v2/x/manifests/1")).status).toBe(404);
    expect((await call("GET", `/v2/x/manifests/${made.digest}`)).status).toBe(200);
    await registry.reopen();
    expect((await call("DELETE", `/v2/x/manifests/${made.digest}`)).status).toBe(202);
    expect((await call("GET", "/v2/x/manifests/2")).status).toBe(404);
    expect((await call("DELETE", `/v2/x/manifests/${made.digest}`)).status).toBe(404);
    expect(await registry.content.stat(layer)).toBeUndefined();
    await registry.reopen();
    expect((await call("GET", "/v2/_catalog")).json()).toEqual({ repositories: [] });
  });

  it("are listed a page at a time", async () => {
    const made = await makeManifest("pages");
    for (const tag of ["c", "a", "b", "d"]) await put("pages", tag, made);
    expect((await call("GET", "/v2/pages/tags/list")).json()).toEqual({
      name: "pages",
      tags: ["a", "b", "c", "d"],
    });
    const first = await call("GET", "/v2/pages/tags/list?n=3");
    expect(first.json().tags).toEqual(["a", "b", "c"]);
    const next = /^<(.*)>; rel="next"$/.exec(first.headers.get("link")!)![1]!;
    const second = await call("GET", next);
    expect([second.json().tags, second.headers.get("link")]).toEqual([["d"], null]);
    expect((await call("GET", "/v2/pages/tags/list?n=0")).json().tags).toEqual([]);
    expect((await call("GET", "/v2/pages/tags/list?last=b&n=1")).json().tags).toEqual(["c"]);
    expect((await call("GET", "/v2/_catalog?n=1")).json()).toEqual({ repositories: ["pages"] });
  });

  it("may lie in an index, and refer to each other", async () => {
    const made = await makeManifest("idx");
    const index = {
      schemaVersion: 2,
      mediaType: MediaType.ociIndex,
      manifests: [{ mediaType: made.mediaType, digest: made.digest, size: made.bytes.length }],
    };
    const indexBytes = Buffer.from(JSON.stringify(index));
    const indexPut = { bytes: indexBytes, mediaType: MediaType.ociIndex };
    expect(codeOf(await put("idx", "all", indexPut))).toEqual([400, "MANIFEST_BLOB_UNKNOWN"]);
    await put("idx", made.digest, made);
    expect((await put("idx", "all", indexPut)).status).toBe(201);
    const subject = { mediaType: made.mediaType, digest: made.digest, size: made.bytes.length };
    const signature = await makeManifest("idx", {
      subject,
      artifactType: "application/signature",
      annotations: { by: "me" },
    });
    const pushed = await put("idx", signature.digest, signature);
    expect(pushed.headers.get("oci-subject")).toBe(made.digest);
    await put("idx", "sbom", await makeManifest("idx", { subject, artifactType: "application/sbom" }));
    await registry.reopen();
    const all = await call("GET", `/v2/idx/referrers/${made.digest}`);
    expect([all.headers.get("content-type"), (all.json().manifests as unknown[]).length]).toEqual([
      MediaType.ociIndex,
      2,
    ]);
    const some = await call("GET", `/v2/idx/referrers/${made.digest}?artifactType=application/signature`);
    expect(some.headers.get("oci-filters-applied")).toBe("artifactType");
    expect(some.json().manifests).toEqual([
      {
        mediaType: made.mediaType,
        digest: signature.digest,
        size: signature.bytes.length,
        artifactType: "application/signature",
        annotations: { by: "me" },
      },
    ]);
    expect((await call("GET", `/v2/idx/referrers/${digestOf("none")}`)).json().manifests).toEqual([]);
    expect(codeOf(await call("GET", "/v2/idx/referrers/sha256:x"))).toEqual([400, "DIGEST_INVALID"]);
  });

  it("and blobs survive garbage collection while they are needed or fresh", async () => {
    const made = await makeManifest("gc");
    const fresh = await pushBlob("gc", Buffer.from("fresh"));
    await registry.content.collectGarbage(new Set());
    await registry.content.collectGarbage(new Set());
    expect((await put("gc", "1", made)).status).toBe(201);
    await registry.reopen();
    await registry.content.collectGarbage(new Set());
    await registry.content.collectGarbage(new Set());
    expect(await registry.content.stat(fresh)).toBeUndefined();
    expect((await call("GET", "/v2/gc/manifests/1")).status).toBe(200);
    expect(
      (await call("GET", `/v2/gc/blobs/${JSON.parse(made.bytes.toString()).layers[0].digest}`)).status,
    ).toBe(200);
  });
});

describe("who may use the registry", () => {
  it("is everybody for pulls, and who may write for the rest", async () => {
    const made = await makeManifest("x");
    await put("x", "1", made);
    registry.mayWrite = false;
    expect((await call("GET", "/v2/x/manifests/1")).status).toBe(200);
    expect(codeOf(await put("x", "1", made))).toEqual([403, "DENIED"]);
    expect(codeOf(await call("POST", "/v2/x/blobs/uploads/"))).toEqual([403, "DENIED"]);
    expect(codeOf(await call("DELETE", "/v2/x/manifests/1"))).toEqual([403, "DENIED"]);
  });

  it("is no web page, be it one whose name was made to lead here", async () => {
    const ask = (headers: Record<string, string>) =>
      new Promise<number | undefined>((resolve, reject) => {
        const [host, port] = registry.host.split(":");
        request({ host, port, path: "/v2/_catalog", headers }, (res) => resolve(res.resume().statusCode))
          .on("error", reject)
          .end();
      });
    expect(await ask({ host: "evil.test:5000" })).toBe(403);
    expect(await ask({ "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await ask({ host: "localhost:5000" })).toBe(200);
    expect(await ask({ host: registry.host })).toBe(200);
  });

  it("knows local users by their end of the connection", async () => {
    const verdicts: boolean[] = [];
    const server = createServer(async (req, res) => {
      // `nobody` is a member of Debian's `nogroup` and not of `root`.
      for (const group of ["root", "nogroup"]) verdicts.push(await localWriters(group)(req));
      res.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const askAs = (uid: number) => run("curl", ["-s", `http://127.0.0.1:${port}/`], { uid });
    try {
      await askAs(0);
      await askAs(65534);
      expect(verdicts).toEqual([true, true, false, true]);
      // What a process has closed is nobody's, though the kernel says 0 of it.
      const socket = connect(port, "127.0.0.1");
      await once(socket, "connect");
      const { localPort } = socket;
      socket.destroy();
      await once(socket, "close");
      expect(await tcpSocketOwner({ address: "127.0.0.1", port: localPort! }, port)).toBeUndefined();
    } finally {
      server.close();
    }
  });
});

describe("skopeo and the registry", () => {
  it("copy images both ways", async () => {
    const layout = join(registry.dir, "layout");
    const made = await makeManifest("seed");
    await put("seed", "1", made);
    writeFileSync(join(registry.dir, "policy.json"), '{"default":[{"type":"insecureAcceptAnything"}]}');
    const skopeo = (...args: string[]) =>
      run("skopeo", ["--policy", join(registry.dir, "policy.json"), ...args]);
    await skopeo("copy", "--src-tls-verify=false", `docker://${registry.host}/seed:1`, `dir:${layout}`);
    await skopeo(
      "copy",
      "--dest-tls-verify=false",
      `dir:${layout}`,
      `docker://${registry.host}/copied/deep/name:2`,
    );
    const { stdout } = await skopeo(
      "inspect",
      "--tls-verify=false",
      "--raw",
      `docker://${registry.host}/copied/deep/name:2`,
    );
    expect(digestOf(stdout)).toBe(made.digest);
    await skopeo("delete", "--tls-verify=false", `docker://${registry.host}/copied/deep/name:2`);
    const { stdout: tags } = await skopeo(
      "list-tags",
      "--tls-verify=false",
      `docker://${registry.host}/seed`,
    );
    expect(JSON.parse(tags).Tags).toEqual(["1"]);
  });
});
