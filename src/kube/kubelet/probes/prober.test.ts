import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type Clock, GantryError, silentLogger, systemClock } from "../../../base/index.ts";
import type { CriRuntimeService } from "../../../cri/types.ts";
import type { Probe } from "../../api/index.ts";
import { aContainer } from "../testing/pods.ts";
import { type ProbeKind, ProbeWorker } from "./probe-worker.ts";
import { runProbe } from "./prober.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
    closers.push(() => server.close());
  });
}

function probe(what: Probe, runtime: Partial<CriRuntimeService> = {}) {
  const options = { runtime: runtime as CriRuntimeService, logger: silentLogger, clock: systemClock };
  const container = aContainer("app", {
    ports: [{ name: "http", containerPort: 1 }],
    env: [{ name: "WHO", value: "me" }],
  });
  return runProbe(what, { container, containerId: "id", podIp: "127.0.0.1" }, options);
}

async function closedPort(): Promise<number> {
  const server = createTcpServer();
  const port = await listen(server);
  closers.pop()!();
  return port;
}

describe("probes", () => {
  it("httpGet takes 200 to 399 for healthy, and sends its headers", async () => {
    let agent = "";
    const port = await listen(
      createServer((request, response) => {
        agent = `${request.headers["user-agent"]} ${request.headers["x-who"]} ${request.headers.host}`;
        response.statusCode = Number(request.url!.slice(1));
        response.end("body");
      }),
    );
    const at = (path: string) =>
      probe({ httpGet: { port, path, httpHeaders: [{ name: "X-Who", value: "me" }] } });
    expect(await at("/200")).toEqual({ outcome: "success", output: "body" });
    expect(agent).toBe(`kube-probe/1.33 me 127.0.0.1:${port}`);
    expect(await at("/399")).toMatchObject({ outcome: "success" });
    expect(await at("/404")).toEqual({
      outcome: "failure",
      output: "HTTP probe failed with statuscode: 404",
    });
    expect(await at("/500")).toMatchObject({ outcome: "failure" });
  });

  it("httpGet follows redirects on the same host only", async () => {
    const port = await listen(
      createServer((request, response) => {
        const to = request.url === "/local" ? "/dead" : "http://elsewhere.invalid/";
        if (request.url === "/dead") response.writeHead(503).end();
        else response.writeHead(302, { location: to }).end();
      }),
    );
    expect(await probe({ httpGet: { port, path: "/local" } })).toMatchObject({ outcome: "failure" });
    expect(await probe({ httpGet: { port, path: "/away" } })).toMatchObject({ outcome: "success" });
  });

  it("httpGet says why it failed as upstream does", async () => {
    const port = await closedPort();
    const url = `http://127.0.0.1:${port}/healthz`;
    expect((await probe({ httpGet: { port, path: "/healthz" } })).output).toBe(
      `Get "${url}": dial tcp 127.0.0.1:${port}: connect: connection refused`,
    );
    const slow = await listen(createServer(() => {}));
    const late = await probe({ httpGet: { port: slow }, timeoutSeconds: 0.05 });
    expect(late.output).toContain(
      "context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
    );
  });

  it("tcpSocket asks whether somebody listens", async () => {
    const port = await listen(createTcpServer());
    expect(await probe({ tcpSocket: { port } })).toEqual({ outcome: "success", output: "" });
    const closed = await closedPort();
    expect(await probe({ tcpSocket: { port: closed } })).toEqual({
      outcome: "failure",
      output: `dial tcp 127.0.0.1:${closed}: connect: connection refused`,
    });
    expect(await probe({ tcpSocket: { port: "nameless" } })).toMatchObject({ outcome: "unknown" });
  });

  it("exec goes by the exit code", async () => {
    const commands: string[][] = [];
    const execSync: CriRuntimeService["execSync"] = async (_id, command) => {
      commands.push(command);
      if (command[0] === "slow") throw new GantryError("DeadlineExceeded", "late");
      return { stdout: Buffer.from("out "), stderr: Buffer.from("err"), exitCode: Number(command[0]) };
    };
    expect(await probe({ exec: { command: ["0", "$(WHO)"] } }, { execSync })).toEqual({
      outcome: "success",
      output: "out err",
    });
    expect(commands).toEqual([["0", "me"]]);
    expect(await probe({ exec: { command: ["3"] } }, { execSync })).toEqual({
      outcome: "failure",
      output: "out err",
    });
    expect(await probe({ exec: { command: ["slow"] } }, { execSync })).toMatchObject({
      outcome: "failure",
      output: 'command timed out: "slow" timed out after 1s',
    });
  });

  it("grpc asks the health service", async () => {
    let body: Buffer = Buffer.alloc(0);
    const server = createHttp2Server();
    server.on("stream", (stream, headers) => {
      stream.on("data", (chunk: Buffer) => {
        body = chunk;
      });
      stream.on("end", () => {
        const known = headers[":path"] === "/grpc.health.v1.Health/Check";
        stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": known ? "0" : "12" }));
        const serving = body.length > 5 ? 2 : 1;
        stream.end(Buffer.from([0, 0, 0, 0, 2, 0x08, serving]));
      });
    });
    const port = await listen(server);
    expect(await probe({ grpc: { port } })).toEqual({ outcome: "success", output: "service healthy" });
    expect(await probe({ grpc: { port, service: "db" } })).toEqual({
      outcome: "failure",
      output: 'service unhealthy (responded with "NOT_SERVING")',
    });
    expect(body).toEqual(Buffer.concat([Buffer.from([0, 0, 0, 0, 4, 0x0a, 2]), Buffer.from("db")]));
    expect(await probe({ grpc: { port: await closedPort() } })).toMatchObject({ outcome: "failure" });
  });

  const healthy = Buffer.from([0, 0, 0, 0, 2, 0x08, 1]);
  it.each([
    ["an unknown service", healthy, "5", "unknown%20service", "code = NotFound desc = unknown service"],
    ["no health service", healthy, "12", "no%20way", "(grpc.health.v1.Health): no way"],
    ["words that cannot be decoded", healthy, "2", "100%", "code = Unknown desc = 100%"],
    ["a code that there is not", healthy, "99", "", "code = Code(99) desc = "],
    ["no message", Buffer.alloc(0), "0", "", "code = Internal desc = the answer has no message"],
    ["half a message", healthy.subarray(0, 6), "0", "", "code = Internal desc = the answer is cut off"],
    ["no protobuf", Buffer.from([0, 0, 0, 0, 1, 0x08]), "0", "", "code = Internal"],
    ["a flood", Buffer.alloc(1 << 20), "0", "", "code = Unavailable desc = the answer is too long"],
  ])("grpc takes %s for a failure", async (_what, body, status, message, output) => {
    const server = createHttp2Server();
    server.on("stream", (stream) => {
      stream.on("error", () => {});
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () =>
        stream.sendTrailers({ "grpc-status": status, "grpc-message": message }),
      );
      stream.end(body);
    });
    expect(await probe({ grpc: { port: await listen(server) } })).toEqual({
      outcome: "failure",
      output: expect.stringContaining(output),
    });
  });

  it("grpc tells a server that takes calls and does not answer", async () => {
    const server = createHttp2Server();
    server.on("stream", (stream) => stream.on("error", () => {}));
    expect(await probe({ timeoutSeconds: 1, grpc: { port: await listen(server) } })).toEqual({
      outcome: "failure",
      output: "timeout: health rpc did not complete within 1s",
    });
  });
});

describe("probe worker", () => {
  type Outcome = "success" | "failure" | "unknown";

  /** Runs a worker over the given findings, one a probe, and returns the outcomes that it told. */
  async function outcomes(kind: ProbeKind, what: Probe, findings: Outcome[], periodSeconds = 0.001) {
    const told: string[] = [];
    const reported: string[] = [];
    let probed = 0;
    await new Promise<void>((resolve) => {
      const worker = new ProbeWorker({
        kind,
        probe: { periodSeconds, ...what },
        ageMs: 0,
        run: async () => {
          // The first period is for early probes, which do not count: it is over before the first finding.
          if (periodSeconds < 0.01) await systemClock.sleep(2);
          const outcome = findings[probed++];
          if (outcome === undefined) {
            worker.stop();
            resolve();
          }
          return { outcome: outcome ?? "unknown", output: "" };
        },
        stillRuns: async () => true,
        onResult: (outcome) => {
          told.push(outcome);
          // Startup and death are decided once.
          if (kind !== "readiness") resolve();
        },
        onFinding: ({ outcome }) => reported.push(outcome),
        clock: systemClock,
      });
      closers.push(() => worker.stop());
      worker.start();
    });
    return { told, reported };
  }

  it("counts up to the thresholds", async () => {
    const thresholds = { successThreshold: 2, failureThreshold: 3 };
    const up = ["success", "success", "failure", "failure", "failure"] as const;
    expect((await outcomes("readiness", thresholds, [...up])).told).toEqual(["success", "failure"]);
    expect(
      (await outcomes("readiness", thresholds, ["success", "failure", "success", "failure"])).told,
    ).toEqual([]);
  });

  it("does not count a probe that could not be done", async () => {
    const { told, reported } = await outcomes("liveness", { failureThreshold: 2 }, [
      "failure",
      "unknown",
      "failure",
    ]);
    expect(told).toEqual(["failure"]);
    expect(reported).toEqual(["failure", "unknown", "failure"]);
  });

  it("does not count, once, a failure for which the program itself was too late", async () => {
    let nowMs = 0;
    const findings: [outcome: Outcome, tookMs: number][] = [
      ["failure", 61_000],
      ["success", 1],
      ["failure", 61_000],
      ["failure", 61_000],
    ];
    const told: Outcome[] = [];
    const clock: Clock = {
      ...systemClock,
      monotonicMs: () => nowMs,
      after: (_, fn) => systemClock.after(0, fn),
    };
    await new Promise<void>((resolve) => {
      const worker = new ProbeWorker({
        kind: "liveness",
        probe: { failureThreshold: 1, timeoutSeconds: 1 },
        ageMs: 0,
        run: async () => {
          const [outcome, tookMs] = findings.shift()!;
          nowMs += tookMs;
          return { outcome, output: "" };
        },
        stillRuns: async () => true,
        onResult: (outcome) => {
          told.push(outcome);
          resolve();
        },
        onFinding: () => {},
        clock,
      });
      closers.push(() => worker.stop());
      worker.start();
    });
    expect(told).toEqual(["failure"]);
    expect(findings).toEqual([]);
  });

  it("asks early and often whether a container is up, and tells nobody of the failures", async () => {
    const beganMs = systemClock.monotonicMs();
    const findings: Outcome[] = ["failure", "failure", "success"];
    expect(await outcomes("startup", { failureThreshold: 1 }, findings, 10)).toEqual({
      told: ["success"],
      reported: [],
    });
    // Before the first period of 10 s is over.
    expect(systemClock.monotonicMs() - beganMs).toBeLessThan(9_000);
  });

  it("counts failures after the first period", async () => {
    const findings: Outcome[] = ["failure", "failure", "failure", "failure", "failure"];
    const { told } = await outcomes("startup", { failureThreshold: 2 }, findings, 0.05);
    expect(told).toEqual(["failure"]);
  });

  it("gives a container a period to come up before it asks whether it lives", async () => {
    const beganMs = systemClock.monotonicMs();
    await outcomes("liveness", { failureThreshold: 1 }, ["failure"], 0.2);
    expect(systemClock.monotonicMs() - beganMs).toBeGreaterThan(190);
  });
});
