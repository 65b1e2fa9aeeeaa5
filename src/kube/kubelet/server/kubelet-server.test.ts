import { request } from "node:https";
import { connect } from "node:net";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLogger, readAll, systemClock } from "../../../base/index.ts";
import { clusterRoleBindings, nodes, type Pod, pods } from "../../api/index.ts";
import { describeKubectl, type Kubectl, openKubectl } from "../../apiserver/testing/kubectl.ts";
import { startTestServer, type TestServer } from "../../apiserver/testing/start-test-server.ts";
import type { NodeAccess } from "../../client/node-access.ts";
import { type KubeletServer, startKubeletServer } from "./kubelet-server.ts";

/** What is handed to it comes back, so that the streams can be looked at. */
const mirror: NodeAccess = {
  async logs(target, options) {
    return (async function* () {
      yield Buffer.from(`${target.podName}/${target.container} tail=${options.tailLines ?? "all"}\n`);
    })();
  },
  async exec(_target, command, options, streams) {
    streams.stdout?.write(`ran ${command.join(" ")}\n`);
    if (!options.tty) streams.stderr?.write("warned\n");
    if (options.stdin) for await (const chunk of streams.stdin!) streams.stdout!.write(chunk);
    return { exitCode: command[0] === "fail" ? 7 : 0 };
  },
  async attach(_target, _options, streams) {
    streams.stdout?.write("attached\n");
    for await (const chunk of streams.stdin ?? []) streams.stdout!.write(chunk);
  },
  async portForward(_target, port) {
    const both = new PassThrough();
    both.write(`port ${port}\n`);
    return both;
  },
  async usage() {
    return undefined;
  },
  async read(_node, path) {
    if (path === "/metrics") return { contentType: "text/plain", body: "some 1\n" };
    if (path !== "/stats/summary") return undefined;
    const measured = {
      cpu: { time: "2030-01-01T00:00:00Z", usageNanoCores: 250_000_000 },
      memory: { workingSetBytes: 2 ** 20 },
    };
    return { contentType: "application/json", body: JSON.stringify({ node: measured, pods: [] }) };
  },
};

let api: TestServer;
let kubelet: KubeletServer;
let pod: Pod;

beforeAll(async () => {
  api = await startTestServer();
  const { certificates, client } = api;
  pod = await client.create<Pod>(pods, {
    metadata: { name: "web", namespace: "default" },
    spec: { nodeName: "n1", containers: [{ name: "main", image: "busybox", stdin: true }] },
  });
  const running = {
    name: "main",
    ready: true,
    restartCount: 0,
    image: "",
    imageID: "",
    state: { running: {} },
  };
  const status = { phase: "Running", containerStatuses: [running] };
  await client.patch(pods, "default", "web", "merge", { status }, { subresource: "status" });
  kubelet = await startKubeletServer({
    nodeName: "n1",
    node: mirror,
    podOf: (namespace, name) => (namespace === "default" && name === "web" ? pod : undefined),
    client: api.as({ name: "system:node:n1", groups: ["system:nodes", "system:authenticated"] }),
    tls: {
      ...(await certificates.serverFor("kubelet", "system:node:n1", ["n1", "127.0.0.1"])),
      caPem: certificates.caPem,
    },
    logger: createLogger(() => {}, "error"),
    clock: systemClock,
  });
  const node = await client.create(nodes, { metadata: { name: "n1" }, spec: {} });
  await client.updateStatus(nodes, {
    ...node,
    status: {
      addresses: [{ type: "InternalIP", address: "127.0.0.1" }],
      daemonEndpoints: { kubeletEndpoint: { Port: kubelet.port } },
    },
  });
});
afterAll(async () => {
  await kubelet.close();
  await api.stop();
});

async function ask(path: string, more: { cert?: string; key?: string; token?: string } = {}) {
  const { cert, key, token } = more;
  const { certificates } = api;
  return new Promise<[number, string]>((resolve, reject) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    request(
      {
        host: "127.0.0.1",
        port: kubelet.port,
        path,
        ca: certificates.caPem,
        cert,
        key,
        headers,
        agent: false,
      },
      (answer) => {
        readAll(answer, 65536).then((body) => resolve([answer.statusCode!, body.toString()]), reject);
      },
    )
      .on("error", reject)
      .end();
  });
}

async function clientOf(name: string, organization?: string) {
  const organizations = organization === undefined ? [] : [organization];
  const { certPem, keyPem } = await api.certificates.client(name, { commonName: name, organizations });
  return { cert: certPem, key: keyPem };
}

describe("the kubelet's port", () => {
  it("answers nobody who does not say who he is", async () => {
    expect(await ask("/metrics")).toEqual([401, "Unauthorized"]);
    expect(await ask("/metrics", { token: "none" })).toEqual([401, "Unauthorized"]);
  });

  it("lets those in whom the API lets", async () => {
    const masters = await clientOf("boss", "system:masters");
    expect(await ask("/metrics", masters)).toEqual([200, "some 1\n"]);
    expect(await ask("/none", masters)).toEqual([404, "404 page not found\n"]);
    const stranger = await clientOf("stranger");
    const denied = "Forbidden (user=stranger, verb=get, resource=nodes, subresource(s)=[metrics])";
    expect(await ask("/metrics", stranger)).toEqual([403, denied]);
    await api.client.create(clusterRoleBindings, {
      metadata: { name: "scraper" },
      roleRef: {
        apiGroup: "rbac.authorization.k8s.io",
        kind: "ClusterRole",
        name: "system:kubelet-api-admin",
      },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "scraper" }],
    });
    expect(await ask("/metrics", await clientOf("scraper"))).toEqual([200, "some 1\n"]);
  });

  it("refuses what is no path, and commands without an upgrade", async () => {
    const masters = await clientOf("boss", "system:masters");
    expect((await ask("/exec/default/web/main?command=ls", masters))[0]).toBe(400);
    expect((await ask("/containerLogs/default/%ff/main", masters))[0]).toBe(400);
    expect(await ask("/containerLogs/default/none/main", masters)).toEqual([404, 'pods "none" not found']);
  });

  it("takes another certificate for those who come later", async () => {
    const masters = await clientOf("boss", "system:masters");
    const { certificates } = api;
    const renewed = await certificates.serverFor("renewed", "system:node:n1", ["n1", "127.0.0.1"]);
    kubelet.renew(renewed);
    expect(await ask("/metrics", masters)).toEqual([200, "some 1\n"]);
    // Clients know the authority still.
    expect(await ask("/metrics")).toEqual([401, "Unauthorized"]);
  });
});

describeKubectl(" on a node of another machine", (version) => {
  let kubectl: Kubectl;
  beforeAll(async () => {
    kubectl = await openKubectl(version, api);
  });
  afterAll(() => kubectl.close());

  it("shows logs, and why there are none", async () => {
    expect(await kubectl.run("logs web --tail=3")).toMatchObject({ code: 0, stdout: "web/main tail=3\n" });
  });

  it("runs commands with their input, output and exit code", async () => {
    const done = await kubectl.run("exec -i web -- echo a", "typed\n");
    expect(done).toMatchObject({ code: 0, stdout: "ran echo a\ntyped\n" });
    expect(done.stderr).toContain("warned\n");
    expect((await kubectl.run("exec web -- fail")).code).toBe(7);
  });

  it("attaches", async () => {
    const done = await kubectl.run("attach -i web", "typed\n");
    expect(done.stdout).toBe("attached\ntyped\n");
  });

  it("forwards ports", async () => {
    const forward = kubectl.start(["port-forward", "web", ":8080"]);
    const port = await new Promise<number>((resolve) => {
      forward.stdout!.on("data", (text: Buffer) => {
        const match = /127\.0\.0\.1:(\d+)/.exec(text.toString());
        if (match) resolve(Number(match[1]));
      });
    });
    const socket = connect(port, "127.0.0.1");
    const first = await new Promise<string>((resolve) => {
      socket.on("data", (chunk) => resolve(chunk.toString()));
    });
    expect(first).toBe("port 8080\n");
    socket.destroy();
    forward.kill("SIGINT");
    await new Promise((resolve) => forward.on("close", resolve));
  });

  it("reads the kubelet's documents and figures", async () => {
    expect((await kubectl.run("get --raw /api/v1/nodes/n1/proxy/metrics")).stdout).toBe("some 1\n");
    expect((await kubectl.run("top node n1 --no-headers")).stdout).toMatch(/^n1 +250m/);
  });
});
