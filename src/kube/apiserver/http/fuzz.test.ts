import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { networkInterfaces } from "node:os";
import { PassThrough } from "node:stream";
import tls from "node:tls";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type FuzzRequest, type FuzzTarget, fuzz, UNHARMED } from "../../../http/fuzz.test-support.ts";
import { fuzzStreams } from "../../../http/http2/fuzz-streams.test-support.ts";
import { pods } from "../../api/index.ts";
import type { NodeAccess } from "../../client/node-access.ts";
import { rawRequest } from "../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";

/** A node whose containers send back what they are sent. */
const mirror: NodeAccess = {
  async logs(_target, _options, signal) {
    return (async function* () {
      while (!signal.aborted) {
        yield Buffer.from("line\n");
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    })();
  },
  async exec(_target, _command, _options, streams) {
    for await (const chunk of streams.stdin ?? []) streams.stdout!.write(chunk);
    return { exitCode: 0 };
  },
  async attach(_target, _options, streams) {
    for await (const chunk of streams.stdin ?? []) streams.stdout!.write(chunk);
  },
  async portForward() {
    return new PassThrough();
  },
  async usage() {
    return { node: undefined, pods: [] };
  },
  async read() {
    return undefined;
  },
};

/** A pod's address is never a loopback one. */
const address = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find((one) => one.family === "IPv4" && !one.internal)?.address;

let server: TestServer;
/** What listens in the pod: takes some of a body, answers, and wants no more. */
let pod: Server;
beforeAll(async () => {
  server = await startTestServer({ nodeAccess: () => mirror, clientStallMs: 2_000 });
  pod = createServer((req, res) => {
    req.once("data", () => res.end("enough")).on("end", () => res.end("all"));
    req.on("error", () => {});
  });
  await new Promise<void>((resolve) => pod.listen(0, address, resolve));
  await runningPod();
});
afterAll(async () => {
  pod.close();
  await server.stop();
});

const object = (name: string) => JSON.stringify({ metadata: { name }, data: { a: "b".repeat(1000) } });

async function runningPod(): Promise<void> {
  await server.client.create(pods, {
    metadata: { name: "web", namespace: "default" },
    spec: { nodeName: "node", containers: [{ name: "web", image: "busybox" }] },
  });
  const status = {
    phase: "Running",
    podIP: address,
    podIPs: [{ ip: address }],
    containerStatuses: [{ name: "web", ready: true, state: { running: {} } }],
  };
  await server.client.patch(pods, "default", "web", "merge", { status }, { subresource: "status" });
}

it.each<[string, Pick<FuzzTarget, "attack">]>([
  ["http/1.1", {}],
  ["h2", { attack: fuzzStreams }],
])(
  "over %s stands up to bodies that end, break and lie, and upgrades that break",
  async (protocol, how) => {
    const { port } = pod.address() as { port: number };
    const inPod = "/api/v1/namespaces/default/pods/web";
    const json = { "content-type": "application/json" };
    const stream = { "x-stream-protocol-version": "v4.channel.k8s.io" };
    const webSocket = {
      "sec-websocket-version": "13",
      "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
      "sec-websocket-protocol": "v5.channel.k8s.io",
    };
    const requests: FuzzRequest[] = [
      { method: "POST", path: "/api/v1/namespaces/default/configmaps", headers: json, body: object("a") },
      { method: "PUT", path: "/api/v1/namespaces/default/configmaps/a", headers: json, body: object("a") },
      {
        method: "PATCH",
        path: "/api/v1/namespaces/default/configmaps/a",
        headers: { "content-type": "application/merge-patch+json" },
        body: '{"data":{"c":"d"}}',
      },
      { method: "DELETE", path: "/api/v1/namespaces/default/configmaps/a", headers: json, body: "{}" },
      {
        method: "POST",
        path: "/api/v1/namespaces/default/configmaps",
        headers: { "content-type": "application/vnd.kubernetes.protobuf" },
        body: Buffer.from("k8s\0\n\x0c\n\x02v1\x12\x06Secret", "latin1"),
      },
      { method: "GET", path: "/api/v1/namespaces/default/configmaps?watch=1" },
      { method: "GET", path: `${inPod}/log?follow=true` },
      { method: "POST", path: `${inPod}:${port}/proxy/`, headers: json, body: "x".repeat(100_000) },
      { method: "GET", path: `${inPod}:${port}/proxy/`, upgrade: "websocket", headers: webSocket },
      {
        method: "POST",
        path: `${inPod}/exec?command=x&stdin=1&stdout=1`,
        upgrade: "SPDY/3.1",
        headers: stream,
      },
      {
        method: "GET",
        path: `${inPod}/exec?command=x&stdin=1&stdout=1`,
        upgrade: "websocket",
        headers: webSocket,
      },
      { method: "POST", path: `${inPod}/attach?stdin=1&stdout=1`, upgrade: "SPDY/3.1", headers: stream },
      {
        method: "POST",
        path: `${inPod}/portforward`,
        upgrade: "SPDY/3.1",
        headers: { "x-stream-protocol-version": "portforward.k8s.io" },
      },
      {
        method: "GET",
        path: `${inPod}/portforward?ports=80`,
        upgrade: "websocket",
        headers: { ...webSocket, "sec-websocket-protocol": "v4.channel.k8s.io" },
      },
      { method: "GET", path: "/api/v1/pods?watch=1", upgrade: "websocket", headers: webSocket },
    ];
    const { certPem, keyPem } = await server.certificates.client("admin", {
      commonName: "admin",
      organizations: ["system:masters"],
    });
    const proxied = await rawRequest(server, `${inPod}:${port}/proxy/`, { method: "POST", body: "x" });
    expect([proxied.status, proxied.text]).toEqual([200, "enough"]);
    const outcome = await fuzz(
      {
        connect: async () => {
          const socket = tls.connect({
            port: server.api.address!.port,
            host: "127.0.0.1",
            ca: server.certificates.caPem,
            cert: certPem,
            key: keyPem,
            ALPNProtocols: [protocol],
            allowHalfOpen: true,
          } as tls.ConnectionOptions);
          await once(socket, "secureConnect");
          return socket;
        },
        requests,
        ...how,
        serves: async () => (await rawRequest(server, "/readyz")).status === 200,
      },
      { seed: 13, rounds: 400 },
    );
    expect(outcome).toEqual(UNHARMED);
  },
  60_000,
);
