import type { IncomingMessage, ServerResponse } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../base/index.ts";
import { apiServices } from "../../api/index.ts";
import {
  EXTENSION_GROUP,
  type ExtensionServer,
  registerExtension,
  startExtensionServer,
} from "../testing/extension-server.ts";
import { kubectlPath, openKubectl } from "../testing/kubectl.ts";
import { rawRequest } from "../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";

const KEY = `apis/${EXTENSION_GROUP}/v1`;
const URL_OF = `/openapi/v3/${KEY}?hash=ABC`;
const PATH = `/${KEY}/namespaces/{namespace}/flunders`;
const KIND = { group: EXTENSION_GROUP, version: "v1", kind: "Flunder" };
const schema = (prefix: string) => ({
  description: "A flunder.",
  type: "object",
  properties: {
    apiVersion: { type: "string" },
    kind: { type: "string" },
    metadata: { $ref: `#/${prefix}/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta` },
    size: { description: "How big it is.", type: "integer", default: 1 },
  },
  "x-kubernetes-group-version-kind": [KIND],
});
const definitions = (prefix: string) => ({
  "com.example.wardle.Flunder": schema(prefix),
  "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta": { type: "object" },
});
const operation = {
  operationId: "list",
  responses: { 200: { schema: { $ref: "#/definitions/com.example.wardle.Flunder" } } },
};

describe("the OpenAPI of other servers", () => {
  let server: TestServer;
  let extension: ExtensionServer;
  beforeAll(async () => {
    server = await startTestServer();
    extension = await startExtensionServer(server);
    extension.answer = documents;
    await registerExtension(server, extension);
  });
  afterAll(async () => {
    await extension.close();
    await server.stop();
  });

  async function eventually<T>(ask: () => Promise<T>, isDone: (value: T) => boolean): Promise<T> {
    for (let tries = 0; ; tries++) {
      const value = await ask();
      if (isDone(value)) return value;
      if (tries > 300) throw new Error(`it did not come to pass: ${JSON.stringify(value)}`);
      await systemClock.sleep(20);
    }
  }
  const index = async () => (await rawRequest(server, "/openapi/v3")).json.paths as Record<string, object>;
  const swagger = async () => (await rawRequest(server, "/openapi/v2")).json;

  it("stands in the index of version 3, and is read there through this server", async () => {
    const paths = await eventually(index, (found) => KEY in found);
    expect(paths[KEY]).toEqual({ serverRelativeURL: URL_OF });
    expect(paths).toHaveProperty("apis/apps/v1");
    expect(paths).not.toHaveProperty("version");
    const { status, json } = await rawRequest(server, URL_OF);
    expect([status, json.info.title]).toEqual([200, "wardle"]);
    expect(extension.requests.at(-1)).toMatchObject({
      url: URL_OF,
      proxy: "front-proxy-client",
      headers: { "x-remote-user": ["admin"] },
    });
    expect(extension.requests.find(({ url }) => url === "/openapi/v3")?.headers).toMatchObject({
      "x-remote-user": ["system:aggregator"],
    });
  });

  it("is a part of the one document of version 2", async () => {
    const found = await eventually(swagger, ({ paths }) => PATH in paths);
    expect(found.paths[PATH].get.operationId).toBe("list");
    expect(found.paths).not.toHaveProperty("/version/");
    expect(found.definitions["com.example.wardle.Flunder"].properties.metadata.$ref).toBe(
      "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta_v2",
    );
    const protobuf = await rawRequest(server, "/openapi/v2", {
      headers: { accept: "application/com.github.proto-openapi.spec.v2@v1.0+protobuf" },
    });
    expect(protobuf.bytes.includes("com.example.wardle.Flunder")).toBe(true);
  });

  it.skipIf(!kubectlPath("1.33"))("explains fields to kubectl", async () => {
    const kubectl = await openKubectl("1.33", server);
    const explained = await kubectl.run("explain flunders.size");
    expect(explained.stdout).toContain("How big it is.");
    const older = await kubectl.run("explain flunders.size --output plaintext-openapiv2");
    expect(older.stdout).toContain("How big it is.");
    await kubectl.close();
  });

  it("goes with the APIService", async () => {
    await server.client.delete(apiServices, undefined, `v1.${EXTENSION_GROUP}`);
    expect(await index()).not.toHaveProperty([KEY]);
    await eventually(swagger, ({ paths }) => !(PATH in paths));
    expect((await rawRequest(server, URL_OF)).status).toBe(404);
  });
});

function documents(req: IncomingMessage, res: ServerResponse): boolean {
  const { pathname } = new URL(req.url!, "https://x");
  const found = DOCUMENTS[pathname];
  if (found) res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(found));
  return found !== undefined;
}

const DOCUMENTS: Record<string, object> = {
  "/openapi/v3": {
    paths: {
      [KEY]: { serverRelativeURL: URL_OF },
      version: { serverRelativeURL: "/openapi/v3/version?hash=D" },
    },
  },
  [`/openapi/v3/${KEY}`]: {
    openapi: "3.0.0",
    info: { title: "wardle", version: "v1" },
    paths: { [PATH]: { get: { "x-kubernetes-action": "list", "x-kubernetes-group-version-kind": KIND } } },
    components: { schemas: definitions("components/schemas") },
  },
  "/openapi/v2": {
    swagger: "2.0",
    info: { title: "wardle", version: "v1" },
    paths: { [PATH]: { get: operation }, "/version/": { get: {} } },
    definitions: definitions("definitions"),
  },
};
