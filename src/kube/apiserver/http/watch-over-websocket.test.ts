import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { configMaps } from "../../api/index.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";

const PATH = "/api/v1/namespaces/default/configmaps?watch=1&timeoutSeconds=1";
const ORIGIN = { origin: "http://localhost" };

describe("a watch over WebSocket", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
    for (const name of ["a", "b"])
      await server.client.create(configMaps, { metadata: { name, namespace: "default" } });
  });
  afterAll(() => server.stop());

  interface Seen {
    messages: (string | Buffer)[];
    protocol: string;
    code: number;
  }

  const connect = async (path: string, headers: Record<string, string>, protocols: string[] = []) => {
    const { certPem: cert, keyPem: key } = await server.certificates.client("admin", {
      commonName: "admin",
      organizations: ["system:masters"],
    });
    const url = server.url.replace("https", "wss") + path;
    const client = new WebSocket(url, protocols, { ca: server.certificates.caPem, cert, key, headers });
    const messages: (string | Buffer)[] = [];
    client.on("message", (data: Buffer, isBinary) => messages.push(isBinary ? data : data.toString()));
    return new Promise<Seen>((resolve, reject) => {
      client.on("error", reject);
      client.on("close", (code) => resolve({ messages, protocol: client.protocol, code }));
    });
  };

  it("has a text for each event, and ends with the watch", async () => {
    const { messages, protocol, code } = await connect(PATH, ORIGIN);
    const events = messages.map((text) => JSON.parse(String(text)));
    expect(messages.every((one) => typeof one === "string" && one.endsWith("}\n"))).toBe(true);
    expect(events.map(({ type, object }) => [type, object.kind, object.metadata.name])).toEqual([
      ["ADDED", "ConfigMap", "a"],
      ["ADDED", "ConfigMap", "b"],
    ]);
    expect([protocol, code]).toEqual(["", 1000]);
  });

  it("has the events' bytes in protobuf, without their length", async () => {
    const accept = "application/vnd.kubernetes.protobuf";
    const { messages, protocol } = await connect(PATH, { ...ORIGIN, accept }, ["any"]);
    expect(messages).toHaveLength(2);
    // WatchEvent { type = 1, object = 2 }
    expect((messages[0] as Buffer).subarray(0, 8)).toEqual(Buffer.from("\n\x05ADDED\x12"));
    expect(protocol).toBe("any");
  });

  it.each([
    ["without an origin", PATH, {}, [], "403"],
    ["with two protocols", PATH, ORIGIN, ["one", "two"], "400"],
    ["of what is not there", PATH.replace("configmaps", "nothing"), ORIGIN, [], "404"],
    ["in a form that is none", PATH, { ...ORIGIN, accept: "text/html" }, [], "406"],
    ["with a selector that is none", `${PATH}&labelSelector=%3D`, ORIGIN, [], "400"],
  ] as const)("is refused %s", async (_, path, headers, protocols, code) => {
    await expect(connect(path, headers, [...protocols])).rejects.toThrow(code);
  });
});
