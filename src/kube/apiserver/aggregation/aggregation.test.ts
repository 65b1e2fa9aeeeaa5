import { request } from "node:https";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../base/index.ts";
import { type APIService, apiServices, endpointSlices, services } from "../../api/index.ts";
import {
  EXTENSION_GROUP,
  type ExtensionServer,
  extensionApiService,
  FLUNDERS,
  IPV6_ADDRESS,
  registerExtension,
  startExtensionServer,
} from "../testing/extension-server.ts";
import { rawRequest } from "../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";

const ROOT = `/apis/${EXTENSION_GROUP}/v1`;
const LIST = `${ROOT}/namespaces/default/flunders`;

async function eventually<T>(ask: () => Promise<T>, isDone: (value: T) => boolean): Promise<T> {
  for (let tries = 0; ; tries++) {
    const value = await ask();
    if (isDone(value)) return value;
    if (tries > 300) throw new Error(`it did not come to pass: ${JSON.stringify(value)}`);
    await systemClock.sleep(20);
  }
}

describe("a group that another server answers for", () => {
  let server: TestServer;
  let extension: ExtensionServer;
  beforeAll(async () => {
    server = await startTestServer();
    extension = await startExtensionServer(server);
    await registerExtension(server, extension);
    await reason("Passed");
  });
  afterAll(async () => {
    await extension.close();
    await server.stop();
  });

  const conditionOf = async () => {
    const found = await server.client.get<APIService>(apiServices, undefined, `v1.${EXTENSION_GROUP}`);
    return found.status?.conditions?.[0];
  };
  const reason = (wanted: string) => eventually(conditionOf, (found) => found?.reason === wanted);
  const last = () => extension.requests.at(-1)!;

  it("is there once its server answers", async () => {
    expect(await conditionOf()).toMatchObject({ status: "True", message: "all checks passed" });
    const { metadata } = await server.client.get<APIService>(apiServices, undefined, `v1.${EXTENSION_GROUP}`);
    expect(metadata.managedFields?.at(-1)).toMatchObject({
      manager: "kube-apiserver",
      subresource: "status",
    });
    expect(extension.requests.find(({ url }) => url === ROOT)).toMatchObject({
      method: "GET",
      url: ROOT,
      proxy: "front-proxy-client",
      headers: { "x-remote-user": ["system:kube-aggregator"], "x-remote-group": ["system:masters"] },
    });
  });

  it("is answered for by it, which is told who asks and nothing that the client says of that", async () => {
    const answer = await rawRequest(server, `${LIST}?limit=5`, {
      headers: {
        "x-remote-user": "eve",
        "x-remote-group": "system:masters",
        "x-remote-extra-scopes": "all",
        "x-custom": "kept",
        "audit-id": "a-1",
        "impersonate-user": "ann",
        "impersonate-group": "system:masters",
        "impersonate-uid": "u-1",
        "impersonate-extra-scopes": "some",
      },
    });
    expect([answer.status, answer.json.items]).toEqual([200, FLUNDERS]);
    const { proxy, url, headers } = last();
    expect([proxy, url]).toEqual(["front-proxy-client", `${LIST}?limit=5`]);
    expect(headers).toMatchObject({
      "x-remote-user": ["ann"],
      "x-remote-uid": ["u-1"],
      "x-remote-group": ["system:masters", "system:authenticated"],
      "x-remote-extra-scopes": ["some"],
      "x-custom": ["kept"],
      "audit-id": ["a-1"],
      "x-forwarded-uri": [LIST],
    });
    expect(Object.keys(headers).filter((name) => /^(?:impersonate-|authorization)/.test(name))).toEqual([]);
  });

  it("asks for no more than its sender may, and not before it is known", async () => {
    const before = extension.requests.length;
    const anonymous = await rawRequest(server, LIST, { identity: "nobody" });
    expect([anonymous.status, anonymous.json.message]).toEqual([
      403,
      `flunders.${EXTENSION_GROUP} is forbidden: User "system:anonymous" cannot list resource "flunders" in API group "${EXTENSION_GROUP}" in the namespace "default"`,
    ]);
    const wrong = await rawRequest(server, LIST, { identity: { token: "wrong" } });
    expect(wrong.status).toBe(401);
    expect(extension.requests.length).toBe(before);
  });

  it.each(["POST", "DELETE", "GET"])(
    "gets the body of a %s as such, however it is framed",
    async (method) => {
      const smuggled = `GET ${LIST}/smuggled HTTP/1.1\r\nHost: x\r\nX-Remote-User: admin\r\n\r\n`;
      await rawRequest(server, `${LIST}/one`, {
        method,
        headers: { "transfer-encoding": "chunked" },
        body: smuggled,
      });
      expect(extension.requests.filter(({ url }) => url.includes("smuggled"))).toEqual([]);
      expect(last()).toMatchObject({ method, url: `${LIST}/one`, body: smuggled });
    },
  );

  it("streams the events of a watch as they come, and keeps no seat for it", async () => {
    const { certPem: cert, keyPem: key } = await server.certificates.client("admin", {
      commonName: "admin",
      organizations: ["system:masters"],
    });
    const options = { ca: server.certificates.caPem, cert, key, agent: false as const };
    const { promise: event, resolve, reject } = Promise.withResolvers<string>();
    const watch = request(`${server.url}${LIST}?watch=1`, options, (answer) =>
      answer.once("data", (chunk: Buffer) => resolve(chunk.toString())),
    );
    watch.on("error", reject);
    watch.end();
    expect(JSON.parse(await event)).toMatchObject({ type: "ADDED", object: { kind: "Flunder" } });
    // The one that asks.
    expect((await rawRequest(server, "/metrics")).text).toContain(
      'apiserver_flowcontrol_current_executing_requests{priority_level="exempt",flow_schema="exempt"} 1\n',
    );
    watch.destroy();
  });

  const upgrade = async (path: string) => {
    const { certPem: cert, keyPem: key } = await server.certificates.client("admin", {
      commonName: "admin",
      organizations: ["system:masters"],
    });
    const headers = { connection: "Upgrade", upgrade: "echo", "x-remote-user": "eve" };
    const options = { ca: server.certificates.caPem, cert, key, agent: false as const, headers };
    return new Promise<[number | undefined, string]>((resolve, reject) => {
      const asked = request(`${server.url}${path}`, { ...options, method: "POST" });
      asked.on("upgrade", (answer, socket) => {
        socket.once("data", (chunk: Buffer) => {
          resolve([answer.statusCode, chunk.toString()]);
          socket.destroy();
        });
        socket.write("hello");
      });
      asked.on("response", async (answer) =>
        resolve([answer.statusCode, Buffer.concat(await answer.toArray()).toString()]),
      );
      asked.on("error", reject);
      asked.end();
    });
  };

  it("speaks another protocol where it agrees to", async () => {
    expect(await upgrade(`${LIST}/one/exec`)).toEqual([101, "hello"]);
    expect(last().headers).toMatchObject({ "x-remote-user": ["admin"], upgrade: ["echo"] });
    expect(await upgrade(`${LIST}/one/log`)).toEqual([503, "invalid upgrade response: status code 200\n"]);
  });

  it("sends nobody elsewhere", async () => {
    extension.answer = (_, res) => {
      res.writeHead(302, { location: "https://169.254.169.254/" }).end();
      return true;
    };
    const answer = await rawRequest(server, LIST);
    extension.answer = undefined;
    expect([answer.status, answer.text, answer.headers.location]).toEqual([
      502,
      "the backend attempted to redirect this request, which is not permitted",
      undefined,
    ]);
  });

  it("answers what lies deeper than this server's own paths", async () => {
    await rawRequest(server, `${LIST}/one/a/b/c`);
    expect(last().url).toBe(`${LIST}/one/a/b/c`);
    expect((await rawRequest(server, "/api/v1/namespaces/default/pods/p/log/x")).status).toBe(404);
  });

  it("must have the certificate that its APIService says", async () => {
    const other = await startExtensionServer(server);
    const set = async (more: object) => {
      const found = await server.client.get<APIService>(apiServices, undefined, `v1.${EXTENSION_GROUP}`);
      const { spec } = extensionApiService(more);
      await server.client.update(apiServices, { ...found, spec } as APIService);
    };
    await set({ caBundle: other.caBundle });
    const refused = await rawRequest(server, LIST);
    expect([refused.status, refused.text]).toEqual([
      503,
      "error trying to reach service: tls: failed to verify certificate: x509: certificate signed by unknown authority\n",
    ]);
    await set({ caBundle: Buffer.from("nothing").toString("base64") });
    expect(await rawRequest(server, LIST)).toMatchObject({
      status: 500,
      text: "unable to load root certificates: unable to parse bytes as PEM block\n",
    });
    await set({ insecureSkipTLSVerify: true });
    expect((await rawRequest(server, LIST)).status).toBe(200);
    await set({ caBundle: extension.caBundle });
    await other.close();
  });

  it("is told to be away when its server answers no more, and there again when it does", async () => {
    extension.answer = (_, res) => {
      res.writeHead(500).end();
      return true;
    };
    const slice = await server.client.get(endpointSlices, "default", "wardle");
    await server.client.update(endpointSlices, {
      ...slice,
      metadata: { ...slice.metadata, annotations: { changed: "1" } },
    });
    const found = await reason("FailedDiscoveryCheck");
    expect(found).toMatchObject({
      status: "False",
      message: expect.stringMatching(
        /^failing or missing response from (https:\/\/[0-9.:]+\/apis\/wardle.example.com\/v1): bad status from \1: 500$/,
      ),
    });
    const refused = await rawRequest(server, LIST);
    expect([refused.status, refused.text, refused.headers["content-type"]]).toEqual([
      503,
      "service unavailable\n",
      "text/plain; charset=utf-8",
    ]);
    extension.answer = undefined;
    await reason("Passed");
    expect((await rawRequest(server, LIST)).status).toBe(200);
  });

  it("is away without ready endpoints, its port, and its Service", async () => {
    const slice = await server.client.get(endpointSlices, "default", "wardle");
    const endpoint = slice.endpoints[0]!;
    const down = await server.client.update(endpointSlices, {
      ...slice,
      endpoints: [{ ...endpoint, conditions: { ready: false } }],
    });
    expect(await reason("MissingEndpoints")).toMatchObject({
      message: 'endpoints for service/wardle in "default" have no addresses with port name ""',
    });
    await server.client.update(endpointSlices, { ...down, endpoints: slice.endpoints });
    await reason("Passed");
    const service = await server.client.get(services, "default", "wardle");
    await server.client.update(services, { ...service, spec: { ...service.spec, ports: [{ port: 8443 }] } });
    expect(await reason("ServicePortError")).toMatchObject({
      message: 'service/wardle in "default" is not listening on port 443',
    });
    await server.client.delete(services, "default", "wardle");
    expect(await reason("ServiceNotFound")).toMatchObject({
      message: 'service/wardle in "default" is not present',
    });
    expect((await rawRequest(server, LIST)).status).toBe(503);
  });

  it("is nobody's when its APIService is gone", async () => {
    await server.client.delete(apiServices, undefined, `v1.${EXTENSION_GROUP}`);
    expect(await rawRequest(server, LIST)).toMatchObject({ status: 404 });
    expect((await rawRequest(server, ROOT)).status).toBe(404);
  });
});

describe.skipIf(IPV6_ADDRESS === undefined)("a server at an IPv6 address", () => {
  it("is asked, and told under which address", async () => {
    const server = await startTestServer();
    const extension = await startExtensionServer(server, IPV6_ADDRESS);
    try {
      await registerExtension(server, extension);
      const { json } = await eventually(
        () => rawRequest(server, LIST),
        ({ status }) => status === 200,
      );
      expect(json.items).toEqual(FLUNDERS);
      expect(extension.requests.at(-1)!.headers.host).toEqual([`[${IPV6_ADDRESS}]:${extension.port}`]);
    } finally {
      await extension.close();
      await server.stop();
    }
  });
});
