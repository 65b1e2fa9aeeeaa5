import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { GantryError, notImplemented, silentLogger, systemClock } from "../base/index.ts";
import type { Exporter, ExportSource, Frontend } from "../build/index.ts";
import { protobuf } from "../formats/index.ts";
import { openBuildkitApi } from "./buildkit-api.ts";
import { GrpcClient, GrpcCode, type GrpcError, type GrpcMetadata } from "./grpc/index.ts";
import { socketPair } from "./grpc/socket-pair.test-support.ts";
import { MemorySolver } from "./memory-solver.test-support.ts";
import * as control from "./messages/control-messages.ts";
import * as gateway from "./messages/gateway-messages.ts";

const cleanUps: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

const LINUX = { os: "linux", architecture: "amd64" };
const DEFINITION = { def: [Buffer.from("op"), Buffer.from("end")] };

const dockerfile: Frontend = async ({ options, warn }) => {
  warn({ vertex: "sha256:a", level: 1, short: "careful", detail: [], url: "", info: undefined, ranges: [] });
  const platforms = (options.platform ?? "linux/amd64").split(",");
  return {
    outputs: platforms.map((platformId) => ({
      platformId,
      platform: { os: "linux", architecture: platformId.split("/")[1]! },
      definition: { def: DEFINITION.def, metadata: {}, source: undefined },
      config: { architecture: platformId, os: "linux", config: { Cmd: ["x"] } } as never,
    })),
    isMultiPlatform: platforms.length > 1,
    metadata: {},
  };
};

async function started() {
  const stateDir = await mkdtemp(join(tmpdir(), "buildkit-api-"));
  const solver = new MemorySolver();
  const exported: { request: object; source: ExportSource }[] = [];
  const open = () =>
    openBuildkitApi({
      stateDir,
      workerId: "worker",
      version: "v1.2.3",
      solver,
      dockerfile,
      createExporter: (request): Exporter => ({
        type: request.type,
        export: async (_job, source) => {
          exported.push({ request, source });
          return { "containerimage.digest": `sha256:${request.type}` };
        },
      }),
      createCacheExporter: () => {
        throw notImplemented("no caches here");
      },
      importCache: () => Promise.reject(notImplemented("no caches here")),
      platforms: [LINUX],
      logger: silentLogger,
      clock: systemClock,
    });
  const connect = async (api: Awaited<ReturnType<typeof open>>) => {
    const [near, far] = await socketPair();
    void api.serveGrpc(far);
    const client = new GrpcClient(near, systemClock);
    cleanUps.push(() => client.close());
    return client;
  };
  const api = await open();
  cleanUps.push(
    () => api.close(),
    () => rm(stateDir, { recursive: true, force: true }),
  );
  return { api, solver, exported, client: await connect(api), open, connect };
}

async function statusOf(client: GrpcClient, ref: string) {
  const call = client.call(control.STATUS, {});
  await call.send({ ref });
  call.end();
  const found = { vertexes: [] as string[], logs: "", warnings: [] as string[] };
  for await (const { vertexes, logs, warnings } of call.messages()) {
    found.vertexes.push(
      ...vertexes.map(({ name, completed, error }) => `${name} ${completed ? "done" : "runs"}${error}`),
    );
    found.logs += logs.map(({ msg }) => Buffer.from(msg).toString()).join("");
    found.warnings.push(...warnings.map(({ short }) => Buffer.from(short).toString()));
  }
  return found;
}

async function historyOf(client: GrpcClient, request: object = {}) {
  const call = client.call(control.LISTEN_BUILD_HISTORY, {});
  await call.send({ earlyExit: true, ...request });
  call.end();
  const found = [];
  for await (const event of call.messages()) found.push(event);
  return found;
}

const failureOf = (promise: Promise<unknown>): Promise<GrpcError> =>
  promise.then(
    () => {
      throw new Error("it went well");
    },
    (error) => error,
  );

const image = { exporters: [{ type: "image", attrs: { name: "x" } }] };

describe("moby.buildkit.v1.Control", () => {
  it("builds with the frontend, exports, and tells how it went, also afterwards", async () => {
    const { client, exported, solver, api, open, connect } = await started();
    const frontendAttrs = { "build-arg:SOURCE_DATE_EPOCH": "7", target: "t" };
    const request = {
      ref: "r1",
      frontend: "dockerfile.v0",
      frontendAttrs,
      ...image,
      entitlements: ["network.host"],
    };
    const [answer, status] = await Promise.all([
      client.unary(control.SOLVE, request),
      statusOf(client, "r1"),
    ]);
    expect({ ...answer.exporterResponse }).toEqual({ "containerimage.digest": "sha256:image" });
    expect(exported[0]!.request).toEqual({
      type: "image",
      id: 0,
      attributes: { name: "x", "source-date-epoch": "7" },
    });
    expect(exported[0]!.source.outputs[0]!.config).toMatchObject({ config: { Cmd: ["x"] } });
    expect(status.vertexes.at(-1)).toBe("RUN x done");
    expect(status).toMatchObject({ logs: "hello\n", warnings: ["careful"] });
    expect(solver.allowed).toEqual([["network.host"]]);
    expect(solver.open.size).toBe(0);

    expect(await statusOf(client, "r1")).toMatchObject({ vertexes: ["RUN x done"], logs: "hello\n" });
    api.close();
    const again = await connect(await open());
    const [event] = await historyOf(again);
    expect(event).toMatchObject({
      type: control.HistoryEventType.COMPLETE,
      record: {
        ref: "r1",
        numTotalSteps: 1,
        numCompletedSteps: 1,
        numWarnings: 1,
        frontendAttrs: { target: "t" },
      },
    });
    expect(await statusOf(again, "r1")).toMatchObject({ vertexes: ["RUN x done"] });
    await again.unary(control.UPDATE_BUILD_HISTORY, { ref: "r1", delete: true });
    expect(await historyOf(again)).toEqual([]);
  });

  it("tells failures with the lines that they come from, and keeps them", async () => {
    const { client, solver } = await started();
    const info = { filename: "Dockerfile", data: Buffer.from("FROM x\nRUN false\n"), language: "Dockerfile" };
    const ranges = [{ start: { line: 2, character: 0 }, end: { line: 2, character: 9 } }];
    const operation = { digest: "sha256:a", name: "RUN x", locations: [{ info, ranges }] };
    solver.failure = new GantryError("Internal", "exit code: 1", { details: { operation } });
    const failure = await failureOf(
      client.unary(control.SOLVE, { ref: "r2", frontend: "dockerfile.v0", ...image }),
    );
    expect(failure).toMatchObject({ code: GrpcCode.UNKNOWN, message: "exit code: 1" });
    const details = failure.details.map(({ typeUrl, value }) => [
      typeUrl,
      JSON.parse(Buffer.from(value).toString()),
    ]);
    expect(details).toEqual([
      [
        "github.com/moby/buildkit/errdefs.Source+json",
        { info: { ...info, data: info.data.toString("base64") }, ranges },
      ],
      ["github.com/moby/buildkit/errdefs.Vertex+json", { digest: "sha256:a" }],
    ]);
    const [event] = await historyOf(client, { ref: "r2" });
    expect(event!.record!.error).toMatchObject({ message: "exit code: 1" });
  });

  it.each([
    [{ ref: "" }, "the build has no usable id"],
    [{ ref: "r", entitlements: ["everything"] }, "unknown entitlement everything"],
    [{ ref: "r", sourcePolicy: { version: 1, rules: [{}] } }, "source policies are not supported"],
    [{ ref: "r", cache: { exports: [{ type: "gha" }] } }, "no caches here"],
    [
      { ref: "r", frontend: "gateway.v0", frontendAttrs: { source: "evil/frontend" } },
      "frontend evil/frontend",
    ],
    [{ ref: "r", frontend: "other.v0" }, "frontend other.v0 not found"],
    [{ ref: "r", frontendAttrs: { "attest:other": "" } }, "unknown attestation type"],
  ])("refuses %j", async (request, message) => {
    const { client } = await started();
    expect((await failureOf(client.unary(control.SOLVE, request))).message).toContain(message);
  });

  it("cancels a build whose client is gone", async () => {
    const { client, solver, api, connect } = await started();
    solver.gate = new Promise(() => {});
    const failed = failureOf(client.unary(control.SOLVE, { ref: "r3", frontend: "dockerfile.v0" }));
    const other = await connect(api);
    await expect.poll(async () => (await historyOf(other))[0]?.type).toBe(control.HistoryEventType.STARTED);
    client.close();
    await failed;
    await expect.poll(async () => (await historyOf(other))[0]?.record?.error?.code).toBe(GrpcCode.CANCELLED);
    expect(solver.open.size).toBe(0);
  });

  it("shows the worker, its cache, and what was removed of it", async () => {
    const { client } = await started();
    const { record } = await client.unary(control.LIST_WORKERS, {});
    expect(record[0]).toMatchObject({ id: "worker", platforms: [{ os: "linux", architecture: "amd64" }] });
    expect(record[0]!.labels["org.mobyproject.buildkit.worker.snapshotter"]).toBe("overlayfs");
    expect((await client.unary(control.INFO, {})).buildkitVersion?.version).toBe("v1.2.3");
    const usage = await client.unary(control.DISK_USAGE, {});
    expect(usage.record[0]).toMatchObject({
      id: "one",
      size: 42,
      parents: ["zero"],
      createdAt: { seconds: 1 },
    });
    const call = client.call(control.PRUNE, {});
    await call.send({ keepDuration: 5_000_000_000 });
    call.end();
    for await (const removed of call.messages()) expect(removed.usageCount).toBe(5_000);
  });
});

describe("hostile messages", () => {
  const methods = [...Object.values(control), ...Object.values(gateway)].flatMap((value) =>
    "path" in value && typeof value.path === "string" && value.path !== control.SOLVE.path
      ? [value.path]
      : [],
  );

  it("are answered or refused, whatever their bytes are", async () => {
    const { client } = await started();
    const raw = protobuf.message({ data: protobuf.bytes(1) });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...methods), fc.uint8Array({ maxLength: 60 }), async (path, data) => {
        const abort = AbortSignal.timeout(30);
        await client
          .unary({ path, request: raw, response: raw }, { data }, { signal: abort })
          .catch((error: GrpcError) => expect(error.name).toBe("GrpcError"));
      }),
      { numRuns: 60 },
    );
    expect((await client.unary(control.LIST_WORKERS, {})).record).toHaveLength(1);
  });
});

describe("moby.buildkit.v1.frontend.LLBBridge", () => {
  const metadata = { "buildkit-controlapi-buildid": ["b1"] };

  it("runs a build whose frontend is at the client", async () => {
    const { client, exported, solver } = await started();
    const solved = client.unary(control.SOLVE, { ref: "b1", ...image });
    const { llbCaps, frontendApiCaps } = await client.unary(gateway.PING, {}, { metadata });
    expect(llbCaps.length).toBeGreaterThan(40);
    expect(frontendApiCaps.map(({ id }) => id)).toContain("return");
    const asked = { frontend: "dockerfile.v0", allowResultReturn: true, allowResultArrayRef: true };
    const { result } = await client.unary(gateway.SOLVE_BRIDGE, asked, { metadata });
    const ref = result!.ref!.id;
    expect(JSON.parse(Buffer.from(result!.metadata["containerimage.config"]!).toString())).toMatchObject({
      config: { Cmd: ["x"] },
    });
    const { data } = await client.unary(gateway.READ_FILE, { ref, filePath: "/f" }, { metadata });
    expect(Buffer.from(data).toString()).toBe("content");
    const missing = client.unary(gateway.READ_FILE, { ref: "none", filePath: "/f" }, { metadata });
    expect((await failureOf(missing)).message).toBe("no such ref: none");
    const meta = { source: { identifier: "docker-image://busybox", attrs: {} } };
    const resolved = await client.unary(gateway.RESOLVE_SOURCE_META, meta, { metadata });
    expect(resolved.source?.identifier).toBe(
      `docker-image://docker.io/library/busybox:latest@sha256:${"1".repeat(64)}`,
    );
    await client.unary(
      gateway.RETURN,
      { result: { ref: { id: ref }, metadata: result!.metadata } },
      { metadata },
    );
    expect((await solved).exporterResponse["containerimage.digest"]).toBe("sha256:image");
    expect(exported[0]!.source).toMatchObject({
      isMultiPlatform: false,
      outputs: [{ platformId: "linux/amd64" }],
    });
    expect(solver.open.size).toBe(0);
  });

  it("has one result for each of several platforms", async () => {
    const { client, exported } = await started();
    const solved = client.unary(control.SOLVE, { ref: "b1", ...image });
    const asked = {
      frontend: "dockerfile.v0",
      frontendOpt: { platform: "linux/amd64,linux/arm64" },
      allowResultReturn: true,
      allowResultArrayRef: true,
    };
    const { result } = await client.unary(gateway.SOLVE_BRIDGE, asked, { metadata });
    expect(Object.keys(result!.refs!.refs)).toEqual(["linux/amd64", "linux/arm64"]);
    await client.unary(
      gateway.RETURN,
      { result: { refs: result!.refs, metadata: result!.metadata } as never },
      { metadata },
    );
    await solved;
    expect(exported[0]!.source.isMultiPlatform).toBe(true);
    expect(
      exported[0]!.source.outputs.map(({ platformId, config }) => [platformId, config?.architecture]),
    ).toEqual([
      ["linux/amd64", "linux/amd64"],
      ["linux/arm64", "linux/arm64"],
    ]);
  });

  it("ends as the client's frontend says, also badly", async () => {
    const { client } = await started();
    const solved = failureOf(client.unary(control.SOLVE, { ref: "b1", ...image }));
    await client.unary(
      gateway.RETURN,
      { error: { code: 3, message: "I give up", details: [] } },
      { metadata },
    );
    expect(await solved).toMatchObject({ code: 3, message: "I give up" });
  });

  it.each<GrpcMetadata>([{}, { "buildkit-controlapi-buildid": [""] }])(
    "refuses calls without a build, as %j",
    async (none) => {
      const { client } = await started();
      const call = client.unary(gateway.PING, {}, { metadata: none });
      expect((await failureOf(call)).message).toBe("no buildid found in context");
    },
  );

  it("says what it has not", async () => {
    const { client } = await started();
    const path = "/moby.buildkit.v1.frontend.LLBBridge/NewContainer";
    expect(await failureOf(client.unary({ ...gateway.PING, path }, {}, { metadata }))).toMatchObject({
      code: GrpcCode.UNIMPLEMENTED,
    });
  });
});
