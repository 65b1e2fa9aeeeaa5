import { describe, expect, it } from "vitest";
import { conditionOf, nodePod, useKube } from "../support/kube.ts";

const kube = useKube(["node"]);

/** A health service of gRPC: the service `db` is well once the file /tmp/well is there, others are unknown. */
const SERVER = `
const { existsSync } = require("node:fs");
const server = require("node:http2").createServer();
server.on("stream", (stream) => {
  const chunks = [];
  stream.on("error", () => {});
  stream.on("data", (chunk) => chunks.push(chunk));
  stream.on("end", () => {
    const isKnown = Buffer.concat(chunks).subarray(7).toString() === "db";
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () =>
      stream.sendTrailers(isKnown ? { "grpc-status": "0" } : { "grpc-status": "5", "grpc-message": "unknown service" }));
    stream.end(isKnown ? Buffer.from([0, 0, 0, 0, 2, 8, existsSync("/tmp/well") ? 1 : 2]) : undefined);
  });
});
server.listen(9000);
process.on("SIGTERM", () => process.exit());
`;
const probe = (service: string) => ({ grpc: { port: 9000, service }, periodSeconds: 1, timeoutSeconds: 5 });

describe("a gRPC probe", () => {
  it("asks for a service by name, and tells what it heard", async () => {
    await kube.apply([
      nodePod("well", SERVER, {}, { readinessProbe: probe("db") }),
      nodePod("unknown", SERVER, {}, { readinessProbe: probe("other") }),
    ]);
    const said = async (pod: string, text: string) =>
      (await kube.events(pod)).some(
        (event) => event.startsWith("Unhealthy: Readiness probe failed: ") && event.includes(text),
      );
    await expect
      .poll(() => said("well", 'service unhealthy (responded with "NOT_SERVING")'), { timeout: 30_000 })
      .toBe(true);
    await kube.exec("well", "touch", "/tmp/well");
    await kube.untilReady("well");
    await expect
      .poll(() => said("unknown", "rpc error: code = NotFound desc = unknown service"), { timeout: 30_000 })
      .toBe(true);
    expect(conditionOf(await kube.pod("unknown"), "Ready")).toBe("False");
  });
});
