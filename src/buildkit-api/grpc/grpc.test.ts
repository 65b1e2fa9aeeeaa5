import { connect as connectHttp2 } from "node:http2";
import { Duplex } from "node:stream";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { silentLogger, systemClock } from "../../base/index.ts";
import { protobuf } from "../../formats/index.ts";
import { FrameReader, frameOf } from "./grpc-frames.ts";
import {
  GrpcClient,
  GrpcCode,
  GrpcError,
  type GrpcHandler,
  GrpcServer,
  serverStream,
  unary,
} from "./index.ts";
import { socketPair } from "./socket-pair.test-support.ts";

const Text = protobuf.message({ text: protobuf.text(1), number: protobuf.int64(2) });
const ECHO = { path: "/test.Service/Echo", request: Text, response: Text };
const COUNT = { path: "/test.Service/Count", request: Text, response: Text };
const FAIL = { path: "/test.Service/Fail", request: Text, response: Text };
const WAIT = { path: "/test.Service/Wait", request: Text, response: Text };
const UPLOAD = { path: "/test.Service/Upload", request: Text, response: Text };

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

let aborted = 0;
const handlers: GrpcHandler[] = [
  unary(ECHO, async ({ text }, { metadata }) => ({ text: `${text} ${metadata["x-tag"]?.join("|") ?? ""}` })),
  serverStream(COUNT, async function* ({ number }) {
    for (let at = 0; at < number; at++) yield { number: at, text: "x".repeat(1000) };
  }),
  unary(FAIL, async () => {
    throw new GrpcError(GrpcCode.NOT_FOUND, "nö: 100% lost\n", [
      { typeUrl: "a/b", value: Buffer.from("detail") },
    ]);
  }),
  unary(WAIT, async (_request, { signal }) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    aborted++;
    return {};
  }),
];

async function connected(options: { asStream?: boolean } = {}) {
  const [near, far] = await socketPair();
  cleanUps.push(() => near.destroy());
  const server = new GrpcServer({
    handlers,
    clock: systemClock,
    logger: silentLogger,
    toGrpcError: (error) =>
      error instanceof GrpcError ? error : new GrpcError(GrpcCode.UNKNOWN, String(error)),
  });
  void server.serve(far);
  const carrier = options.asStream ? Duplex.from({ readable: near, writable: near }) : near;
  const client = new GrpcClient(carrier, systemClock);
  cleanUps.push(
    () => client.close(),
    () => server.close(),
  );
  return { client, server, near };
}

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: GrpcError) => ({ code: error.code, message: error.message, details: error.details?.length }),
  );

describe("gRPC over a connection", () => {
  it("answers calls with their metadata, many at once", async () => {
    const { client } = await connected();
    const metadata = { "x-tag": ["a", "b"] };
    const answers = await Promise.all(
      Array.from({ length: 600 }, (_, at) => client.unary(ECHO, { text: `${at}` }, { metadata })),
    );
    expect(answers.map(({ text }) => text)).toEqual(answers.map((_, at) => `${at} a|b`));
  });

  it("streams more than any window holds, as fast as it is read", async () => {
    const { client } = await connected();
    const call = client.call(COUNT, {});
    await call.send({ number: 30_000 });
    call.end();
    let next = 0;
    for await (const { number } of call.messages()) expect(number).toBe(next++);
    expect(next).toBe(30_000);
  });

  it("tells failures with code, text and details", async () => {
    const { client } = await connected();
    expect(await failureOf(client.unary(FAIL, {}))).toEqual({
      code: GrpcCode.NOT_FOUND,
      message: "nö: 100% lost\n",
      details: 1,
    });
  });

  it.each([
    ["/test.Service/Other", "unknown method Other for service test.Service"],
    ["/test.None/Other", "unknown service test.None"],
  ])("refuses %s", async (path, message) => {
    const { client } = await connected();
    const failure = await failureOf(client.unary({ ...ECHO, path }, {}));
    expect(failure).toEqual({ code: GrpcCode.UNIMPLEMENTED, message, details: 0 });
  });

  it("ends a call whose deadline has passed, or that its caller gives up, at both ends", async () => {
    const { client } = await connected();
    const before = aborted;
    expect(await failureOf(client.unary(WAIT, {}, { timeoutMs: 20 }))).toMatchObject({
      code: GrpcCode.DEADLINE_EXCEEDED,
    });
    const abort = new AbortController();
    const given = failureOf(client.unary(WAIT, {}, { signal: abort.signal }));
    setTimeout(() => abort.abort(), 20);
    expect(await given).toMatchObject({ code: GrpcCode.CANCELLED });
    await expect.poll(() => aborted).toBe(before + 2);
  });

  it("fails what is under way when the connection breaks", async () => {
    const { client, near } = await connected();
    const failed = failureOf(client.unary(WAIT, {}));
    setTimeout(() => near.destroy(), 20);
    expect(await failed).toMatchObject({ code: GrpcCode.UNAVAILABLE });
    expect(client.closed.aborted).toBe(true);
    expect(await failureOf((async () => client.unary(ECHO, {}))())).toMatchObject({
      code: GrpcCode.UNAVAILABLE,
    });
  });

  it("refuses messages that are too large, compressed or no messages, and goes on", async () => {
    const { client } = await connected();
    const large = await failureOf(client.unary(ECHO, { text: "x".repeat(17 * 1024 * 1024) }));
    expect(large).toMatchObject({ code: GrpcCode.RESOURCE_EXHAUSTED });
    const cases: [Buffer, number][] = [
      [Buffer.from([1, 0, 0, 0, 0]), GrpcCode.UNIMPLEMENTED],
      [Buffer.from([0, 0, 0, 0, 2, 0x0a, 0x7f]), GrpcCode.INTERNAL],
      [Buffer.from([0, 0, 0, 0, 9, 0x0a]), GrpcCode.INTERNAL],
      [Buffer.alloc(0), GrpcCode.INTERNAL],
    ];
    for (const [body, code] of cases) expect(await rawCall(body)).toBe(String(code));
    expect((await client.unary(ECHO, { text: "still" })).text).toBe("still ");
  });

  it("takes a stream instead of a socket", async () => {
    const { client } = await connected({ asStream: true });
    expect((await client.unary(ECHO, { text: "hello" })).text).toBe("hello ");
  });

  it("refuses what is no gRPC", async () => {
    expect(await rawCall(Buffer.alloc(0), { "content-type": "text/plain" })).toBe("http 415");
    expect(await rawCall(Buffer.alloc(0), { ":method": "GET" })).toBe("http 405");
  });

  it("cuts bytes into messages however they come", () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 });
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), (wanted, cuts) => {
        const bytes = Buffer.concat(wanted.map(frameOf));
        const reader = new FrameReader(1000);
        const got: Buffer[] = [];
        for (let at = 0, cut = 0; at < bytes.length; cut++) {
          const size = cuts[cut % cuts.length]!;
          reader.add(bytes.subarray(at, at + size));
          at += size;
          for (let found = reader.next(); found; found = reader.next()) got.push(Buffer.from(found));
        }
        expect(got).toEqual(wanted.map((one) => Buffer.from(one)));
        expect(reader.isBetweenMessages).toBe(true);
      }),
    );
  });

  it("survives bytes that are no HTTP/2", async () => {
    for (const bytes of [
      "GET / HTTP/1.1\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\xff\xff",
      "\0".repeat(100),
    ]) {
      const [near, far] = await socketPair();
      const server = new GrpcServer({
        handlers,
        clock: systemClock,
        logger: silentLogger,
        toGrpcError: (error) => error as GrpcError,
      });
      const served = server.serve(far);
      near.on("error", () => {});
      near.resume();
      near.end(Buffer.from(bytes, "latin1"));
      await served;
    }
  });
});

/** The status of a call with this body. */
async function rawCall(body: Buffer, headers: Record<string, string> = {}): Promise<string> {
  const [near, far] = await socketPair();
  const server = new GrpcServer({
    handlers,
    clock: systemClock,
    logger: silentLogger,
    toGrpcError: (error) => error as GrpcError,
  });
  void server.serve(far);
  const session = connectHttp2("http://localhost", { createConnection: () => near });
  const stream = session.request({
    ":method": "POST",
    ":path": UPLOAD.path.replace("Upload", "Echo"),
    "content-type": "application/grpc",
    ...headers,
  });
  if (headers[":method"] !== "GET") stream.end(body);
  stream.resume();
  return new Promise((resolve) => {
    let status = "";
    stream.on("response", (answer) => {
      if (answer[":status"] !== 200) status = `http ${answer[":status"]}`;
    });
    stream.on("trailers", (trailers) => {
      status = String(trailers["grpc-status"]);
    });
    stream.on("close", () => {
      session.close();
      resolve(status);
    });
  });
}
