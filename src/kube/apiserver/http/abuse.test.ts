import { once } from "node:events";
import tls from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configMaps } from "../../api/index.ts";
import { rawRequest } from "../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";

describe("a server under abuse", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  async function connect(): Promise<tls.TLSSocket> {
    const { certPem, keyPem } = await server.certificates.client("admin", {
      commonName: "admin",
      organizations: ["system:masters"],
    });
    const { port } = server.api.address!;
    const socket = tls.connect({
      port,
      host: "127.0.0.1",
      ca: server.certificates.caPem,
      cert: certPem,
      key: keyPem,
    });
    socket.on("error", () => {});
    await once(socket, "secureConnect");
    return socket;
  }
  const answers = async () => (await rawRequest(server, "/readyz")).status === 200;

  it.each([
    ["garbage", "\u0016\u0003\u0001 not http at all\r\n\r\n"],
    ["half a request line", "GET /api/v1/po"],
    [
      "a body that ends early",
      'POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{"meta',
    ],
    [
      "two lengths",
      "POST /api/v1/namespaces HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
    ],
    ["dot segments", "GET /api/v1/namespaces/default/pods/../secrets HTTP/1.1\r\nhost: x\r\n\r\n"],
    [
      "an upgrade of what cannot be upgraded",
      "GET /api/v1/pods HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n",
    ],
    [
      "an upgrade without streams",
      "POST /api/v1/namespaces/default/pods/none/exec?command=x&stdout=1 HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\n\r\nGET /api/v1/secrets HTTP/1.1\r\nhost: x\r\n\r\n",
    ],
  ])("goes on after %s", async (_name, bytes) => {
    const socket = await connect();
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.write(bytes);
    await Promise.race([once(socket, "close"), new Promise((resolve) => setTimeout(resolve, 300))]);
    expect(text.startsWith("HTTP/1.1 4") || text === "").toBe(true);
    // What follows a refused upgrade is not looked at.
    expect(text).not.toContain("SecretList");
    socket.destroy();
    expect(await answers()).toBe(true);
  });

  it("ends watches whose clients have gone", async () => {
    const open = async () =>
      Number(/apiserver_longrunning_requests (\d+)/.exec((await rawRequest(server, "/metrics")).text)?.[1]);
    const own = await open();
    const socket = await connect();
    socket.write("GET /api/v1/namespaces/default/configmaps?watch=1 HTTP/1.1\r\nhost: x\r\n\r\n");
    await once(socket, "data");
    expect(await open()).toBe(own + 1);
    socket.destroy();
    for (let tries = 0; (await open()) > own && tries < 100; tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await open()).toBe(own);
  });

  it("keeps its prototypes", async () => {
    const body =
      '{"metadata":{"name":"proto","annotations":{"__proto__":"x"},"__proto__":{"polluted":true}},"__proto__":{"polluted":true},"data":{"constructor":"y"}}';
    await rawRequest(server, "/api/v1/namespaces/default/configmaps", {
      method: "POST",
      body,
      headers: { "content-type": "application/json" },
    });
    const patch = '{"__proto__":{"polluted":true},"data":{"__proto__":"z"}}';
    await rawRequest(server, "/api/v1/namespaces/default/configmaps/proto", {
      method: "PATCH",
      body: patch,
      headers: { "content-type": "application/merge-patch+json" },
    });
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    const { items } = await server.client.list(configMaps, {});
    for (const item of items) expect(Object.getPrototypeOf(item)).toBe(Object.prototype);
  });

  it("serves many clients that change the same object, and loses no change", async () => {
    await server.client.create(configMaps, {
      metadata: { name: "counter", namespace: "default" },
      data: { n: "0" },
    });
    const raise = async () => {
      for (;;) {
        const current = await server.client.get(configMaps, "default", "counter");
        try {
          await server.client.update(configMaps, {
            ...current,
            data: { n: String(Number(current.data!.n) + 1) },
          });
          return;
        } catch (error) {
          if ((error as { kind?: string }).kind !== "Conflict") throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: 20 }, raise));
    expect((await server.client.get(configMaps, "default", "counter")).data!.n).toBe("20");
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        server.client.patch(configMaps, "default", "counter", "merge", {
          metadata: { labels: { [`l${n}`]: "x" } },
        }),
      ),
    );
    expect(
      Object.keys((await server.client.get(configMaps, "default", "counter")).metadata.labels!),
    ).toHaveLength(20);
  });

  it("gives no place to bodies that do not come", async () => {
    const bob = await server.certificates.client("bob", { commonName: "bob" });
    const identity = { cert: bob.certPem, key: bob.keyPem };
    const held: tls.TLSSocket[] = [];
    const { port } = server.api.address!;
    for (let n = 0; n < 200; n++) {
      const socket = tls.connect({
        port,
        host: "127.0.0.1",
        ca: server.certificates.caPem,
        cert: bob.certPem,
        key: bob.keyPem,
      });
      socket.on("error", () => {});
      socket.write(
        "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{",
      );
      held.push(socket);
    }
    await Promise.all(held.map((socket) => once(socket, "secureConnect")));
    await new Promise((resolve) => setTimeout(resolve, 300));
    const review = { method: "POST", body: "{}", headers: { "content-type": "application/json" }, identity };
    const answered = await rawRequest(
      server,
      "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
      review,
    );
    expect(answered.status).toBe(422);
    expect(await answers()).toBe(true);
    for (const socket of held) socket.destroy();
  });
});
