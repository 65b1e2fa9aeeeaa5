import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { pods } from "../../api/index.ts";
import type { NodeAccess } from "../../client/node-access.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";

async function* log() {
  yield Buffer.from("container is alive\n");
}

describe("the log of a pod over WebSocket", () => {
  let server: TestServer;
  beforeAll(async () => {
    const nodes = { logs: async () => log() } as unknown as NodeAccess;
    server = await startTestServer({ nodeAccess: () => nodes });
    const containers = [{ name: "c", image: "i" }];
    const create = (name: string, nodeName: string) =>
      server.client.create(pods, {
        metadata: { name, namespace: "default" },
        spec: { containers, ...(nodeName === "" ? {} : { nodeName }) },
      });
    await create("p", "n");
    await create("waits", "");
  });
  afterAll(() => server.stop());

  const connect = async (pod: string, protocols = ["binary.k8s.io"]) => {
    const { certPem: cert, keyPem: key } = await server.certificates.client("admin", {
      commonName: "admin",
      organizations: ["system:masters"],
    });
    const url = `${server.url.replace("https", "wss")}/api/v1/namespaces/default/pods/${pod}/log`;
    const client = new WebSocket(url, protocols, { ca: server.certificates.caPem, cert, key });
    const received: string[] = [];
    client.on("message", (data) => received.push(String(data)));
    return new Promise<{ received: string[]; protocol: string }>((resolve, reject) => {
      client.on("error", reject);
      client.on("close", () => resolve({ received, protocol: client.protocol }));
    });
  };

  it("comes in messages, and ends with the log", async () => {
    expect(await connect("p")).toEqual({ received: ["", "container is alive\n"], protocol: "binary.k8s.io" });
  });

  it("is refused as without one", async () => {
    await expect(connect("absent")).rejects.toThrow("404");
    await expect(connect("waits")).rejects.toThrow("204");
  });
});
