import { beforeAll, describe, expect, it } from "vitest";
import { openConnections } from "../fuzz.test-support.ts";
import { useServers } from "../http.test-support.ts";
import { type HttpContext, type HttpServer, readBody, sendBytes, sendText } from "../index.ts";
import type { HttpLimits } from "../limits.ts";
import { type Identity, issue } from "../tls.test-support.ts";
import {
  ACK,
  END_HEADERS,
  END_STREAM,
  FRAME,
  frame,
  headerBlock,
  RawHttp2,
  request,
  settings,
  u32,
} from "./raw-http2.test-support.ts";

const { start: startWith, closeLater } = useServers();
let pair: Identity;
beforeAll(() => {
  pair = issue("/CN=server");
});

const MAX_STREAMS = 100;
const LIMITS: HttpLimits = {
  maxHeaders: 500,
  answerStallMs: 300,
  keepAliveTimeoutMs: 500,
  handshakeTimeoutMs: 500,
  closeTimeoutMs: 500,
};

/** How many handlers have begun, and work now. */
interface Counts {
  begun: number;
  working: number;
  most: number;
}

async function start(): Promise<{ server: HttpServer; counts: Counts }> {
  const counts = { begun: 0, working: 0, most: 0 };
  const handler = async (ctx: HttpContext) => {
    counts.begun++;
    counts.most = Math.max(counts.most, ++counts.working);
    try {
      await serve(ctx);
    } finally {
      counts.working--;
    }
  };
  const server = await startWith({ handler, tls: pair, http2: { maxStreams: MAX_STREAMS }, limits: LIMITS });
  return { server, counts };
}

async function serve({ req, res, path, method, signal }: HttpContext): Promise<void> {
  // Does not notice that nobody waits for it.
  if (path === "/work") await new Promise((resolve) => setTimeout(resolve, 100));
  if (path === "/hold") await new Promise((resolve) => signal.addEventListener("abort", resolve));
  if (method === "POST") await readBody(req, 1e6, { timeoutMs: 400 });
  if (path === "/headers") return sendText(res, 200, JSON.stringify(Object.keys(req.headers)));
  if (path === "/big") return sendBytes(res, 200, "x/y", Buffer.alloc(1_000_000));
  sendText(res, 200, "served");
}

async function open(server: HttpServer, ...own: [number, number][]): Promise<RawHttp2> {
  const one = await RawHttp2.open(server, ...own);
  closeLater(one);
  return one;
}

async function serves(server: HttpServer): Promise<boolean> {
  const one = await open(server);
  one.request(1);
  await one.untilStreamEnds(1);
  return one.bodyOf(1).toString() === "served";
}

const INITIAL_WINDOW_SIZE = 4;
/** Sends for as long as the server takes it, in batches, so that it may answer. */
async function flood(one: RawHttp2, batches: number, bytes: (batch: number) => Buffer): Promise<void> {
  for (let batch = 0; batch < batches && !one.socket.destroyed; batch++) {
    one.send(bytes(batch));
    await new Promise((resolve) => setImmediate(resolve));
  }
}
async function floodUntilCut(one: RawHttp2, bytes: (batch: number) => Buffer): Promise<void> {
  // With that the connection is not idle.
  one.request(9_999, request("/hold"));
  await flood(one, 2000, bytes);
  expect(one.socket.destroyed).toBe(true);
}

const many = (count: number, bytes: (at: number) => Buffer) =>
  Buffer.concat(Array.from({ length: count }, (_, at) => bytes(at)));

type Field = [name: string, value: string];
type Attack = (one: RawHttp2, server: HttpServer) => Promise<unknown> | unknown;

describe("a hostile client of HTTP/2", () => {
  it.each<[string, Attack, string | RegExp]>([
    [
      "resets streams as soon as they are open (CVE-2023-44487)",
      (one) =>
        flood(one, 100, (batch) =>
          many(100, (at) => {
            const id = 2 * (100 * batch + at) + 1;
            return Buffer.concat([
              frame(FRAME.headers, END_STREAM | END_HEADERS, id, headerBlock(request("/work"))),
              frame(FRAME.rstStream, 0, id, u32(8)),
            ]);
          }),
        ),
      /ENHANCE_YOUR_CALM|INTERNAL_ERROR|PROTOCOL_ERROR/,
    ],
    [
      "never ends its headers (CVE-2024-27316)",
      (one) => {
        one.send(frame(FRAME.headers, END_STREAM, 1, headerBlock(request("/"))));
        return flood(one, 2000, (at) =>
          frame(FRAME.continuation, 0, 1, headerBlock([[`x-${at}`, "y".repeat(8000)]])),
        );
      },
      /./,
    ],
    [
      "never ends its headers, with nothing in them",
      (one) => {
        one.send(frame(FRAME.headers, END_STREAM, 1, headerBlock(request("/"))));
        return flood(one, 2000, () => many(50, () => frame(FRAME.continuation, 0, 1)));
      },
      /./,
    ],
    [
      "sends pings and reads no answers",
      (one) => {
        one.socket.pause();
        return floodUntilCut(one, () => many(500, () => frame(FRAME.ping, 0, 0, Buffer.alloc(8))));
      },
      "",
    ],
    [
      "sends settings and reads no answers",
      (one) => {
        one.socket.pause();
        return floodUntilCut(one, () => many(500, () => frame(FRAME.settings, 0, 0)));
      },
      "",
    ],
    [
      "sends pings without end",
      (one) => floodUntilCut(one, () => many(500, () => frame(FRAME.ping, 0, 0, Buffer.alloc(8)))),
      "",
    ],
    [
      "sends settings without end, and waits for each to be acknowledged",
      async (one) => {
        one.request(1, request("/hold"));
        const acknowledged = () =>
          one.frames.filter(({ type, flags }) => type === FRAME.settings && flags === ACK).length;
        for (let sent = 0; sent < 5_000 && !one.socket.destroyed; sent += 100) {
          one.send(many(100, () => frame(FRAME.settings, 0, 0)));
          await one.until(() => acknowledged() >= sent).catch(() => {});
        }
        expect(one.socket.destroyed).toBe(true);
      },
      "",
    ],
    [
      "sends priorities without end",
      (one) => floodUntilCut(one, () => many(500, () => frame(FRAME.priority, 0, 1001, Buffer.alloc(5)))),
      "ENHANCE_YOUR_CALM",
    ],
    [
      "sends many settings in one frame",
      (one) =>
        one.send(
          frame(
            FRAME.settings,
            0,
            0,
            settings(...Array.from({ length: 2000 }, () => [3, 1] as [number, number])),
          ),
        ),
      /./,
    ],
    [
      "sends empty frames of a body without end",
      (one) => {
        one.request(1, request("/", "POST"), 0);
        return floodUntilCut(one, () => many(100, () => frame(FRAME.data, 0, 1)));
      },
      "",
    ],
    [
      "sends a frame that is larger than allowed",
      (one) => one.send(frame(FRAME.data, 0, 1, Buffer.alloc(300_000))),
      "FRAME_SIZE_ERROR",
    ],
    [
      "sends more of a body than its window lets it",
      (one) => {
        one.request(1, request("/work", "POST"), 0);
        one.send(many(64, () => frame(FRAME.data, 0, 1, Buffer.alloc(16_384))));
      },
      "FLOW_CONTROL_ERROR",
    ],
    [
      "enlarges a window beyond what there is",
      (one) => one.send(frame(FRAME.windowUpdate, 0, 0, u32(2 ** 31 - 1))),
      "FLOW_CONTROL_ERROR",
    ],
    [
      "opens more streams than it may",
      (one) => {
        for (let at = 0; at <= MAX_STREAMS; at++) one.request(2 * at + 1, request("/work"));
      },
      "PROTOCOL_ERROR",
    ],
    [
      "sends garbage for headers",
      (one) => one.send(frame(FRAME.headers, END_STREAM | END_HEADERS, 1, Buffer.alloc(100, 0xff))),
      "COMPRESSION_ERROR",
    ],
    [
      "sends a header of 100 KB",
      (one) => {
        const block = headerBlock([...request("/"), ["x", "y".repeat(100_000)]]);
        one.send(frame(FRAME.headers, END_STREAM | END_HEADERS, 1, block));
      },
      "COMPRESSION_ERROR",
    ],
    ["opens a stream with a number that is the server's", (one) => one.request(2), "PROTOCOL_ERROR"],
    [
      "pushes",
      (one) =>
        one.send(
          frame(FRAME.pushPromise, END_HEADERS, 1, Buffer.concat([u32(2), headerBlock(request("/"))])),
        ),
      "PROTOCOL_ERROR",
    ],
    [
      "sends a body for no stream",
      (one) => one.send(frame(FRAME.data, 0, 7, Buffer.from("x"))),
      /PROTOCOL_ERROR|STREAM_CLOSED/,
    ],
    [
      "says nothing after its request is served",
      async (one) => {
        one.request(1);
        await one.untilStreamEnds(1);
      },
      "NO_ERROR",
    ],
    [
      "stops in the midst of its headers",
      (one) => one.send(frame(FRAME.headers, END_STREAM, 1, headerBlock(request("/")))),
      "NO_ERROR",
    ],
  ])("that %s loses its connection", async (_name, attack, ending) => {
    const { server, counts } = await start();
    const before = process.memoryUsage().rss;
    const one = await open(server);
    await attack(one, server);
    one.socket.resume();
    expect(await one.untilClosed()).toMatch(ending);
    expect(process.memoryUsage().rss - before).toBeLessThan(100e6);
    expect(counts.most).toBeLessThanOrEqual(MAX_STREAMS);
    expect(await serves(server)).toBe(true);
    await expect.poll(() => counts.working).toBe(0);
  });

  it.each<[string, Attack, (one: RawHttp2) => unknown]>([
    [
      "takes nothing of its answers, as its windows are closed",
      async (one) => {
        one.send(frame(FRAME.settings, 0, 0, settings([INITIAL_WINDOW_SIZE, 0])));
        for (let at = 0; at < MAX_STREAMS; at++) one.request(2 * at + 1, request(at % 2 ? "/big" : "/"));
        await one.until(({ type, id }) => type === FRAME.rstStream && id === 2 * MAX_STREAMS - 1);
      },
      (one) => expect(new Set(one.resets().map(({ code }) => code))).toEqual(new Set(["INTERNAL_ERROR"])),
    ],
    [
      "never ends its requests",
      async (one) => {
        for (let at = 0; at < MAX_STREAMS; at++) one.request(2 * at + 1, request("/", "POST"), 0);
        await one.until(({ type, id }) => type === FRAME.rstStream && id === 2 * MAX_STREAMS - 1);
      },
      // Each is answered, and the rest of its body not waited for.
      (one) => expect(new Set(one.resets().map(({ code }) => code))).toEqual(new Set(["NO_ERROR"])),
    ],
    [
      "sends headers of a connection of HTTP/1.1",
      (one) => {
        one.request(1, [...request("/"), ["connection", "upgrade"], ["upgrade", "websocket"]]);
        one.request(3, [...request("/"), ["transfer-encoding", "chunked"]]);
        return one.untilStreamEnds(3);
      },
      (one) =>
        expect(one.resets()).toEqual([
          { id: 1, code: "PROTOCOL_ERROR" },
          { id: 3, code: "PROTOCOL_ERROR" },
        ]),
    ],
    [
      "says two things about where its request goes, or nothing",
      (one) => {
        const [method, scheme, path, authority] = request("/") as [Field, Field, Field, Field];
        const wrong = [
          [method, scheme, path],
          [method, scheme, authority],
          [method, scheme, path, path, authority],
          [scheme, path, authority],
          [method, path, authority],
          [method, scheme, path, authority, ["x", "y"], method],
          [method, scheme, path, authority, [":protocol", "websocket"]],
          [method, scheme, path, authority, ["X", "upper"]],
          [method, scheme, path, authority, ["content-length", "5"]],
        ] as Field[][];
        for (const [at, fields] of wrong.entries()) one.request(2 * at + 1, fields);
        return one.untilStreamEnds(2 * wrong.length - 1);
      },
      (one) => {
        expect(one.resets()).toHaveLength(9);
        expect(new Set(one.resets().map(({ code }) => code))).toEqual(new Set(["PROTOCOL_ERROR"]));
      },
    ],
    [
      "hides a header in another one",
      async (one) => {
        one.request(1, [...request("/headers"), ["x", "a\r\ny: b"], ["z", "c"]]);
        await one.untilStreamEnds(1);
      },
      (one) => expect(JSON.parse(one.bodyOf(1).toString())).toEqual(["z", "host"]),
    ],
    [
      "sends many headers, and more of them",
      async (one) => {
        const fields = (count: number) => Array.from({ length: count }, (_, at): Field => [`x-${at}`, ""]);
        one.request(1, [...request("/"), ...fields(600)]);
        one.request(3, [...request("/"), ...fields(1100)]);
        await one.untilStreamEnds(1);
        await one.untilStreamEnds(3);
      },
      (one) => {
        expect(one.bodyOf(1).toString()).toMatch(/^431 /);
        expect(one.resets()).toEqual([{ id: 3, code: "ENHANCE_YOUR_CALM" }]);
      },
    ],
    [
      "asks for a tunnel",
      async (one) => {
        one.request(1, [
          [":method", "CONNECT"],
          [":authority", "10.0.0.1:22"],
        ]);
        await one.untilStreamEnds(1);
      },
      (one) => expect(one.bodyOf(1).toString()).toMatch(/^400 /),
    ],
  ])("that %s keeps its connection, and gets no more out of it", async (_name, attack, outcome) => {
    const { server, counts } = await start();
    const one = await open(server);
    await attack(one, server);
    outcome(one);
    const last = 99_999;
    one.send(frame(FRAME.settings, 0, 0, settings([INITIAL_WINDOW_SIZE, 65_535]))).request(last);
    await one.untilStreamEnds(last);
    expect(one.bodyOf(last).toString()).toBe("served");
    expect(counts.most).toBeLessThanOrEqual(MAX_STREAMS);
    await expect.poll(() => counts.working).toBe(0);
  });

  it.each<[string, (one: RawHttp2) => Promise<unknown>]>([
    [
      "of its answers",
      async (one) => {
        one.send(frame(FRAME.windowUpdate, 0, 0, u32(2 ** 30)));
        for (let at = 0; at < MAX_STREAMS; at++) one.request(2 * at + 1, request("/big"));
      },
    ],
    [
      "of what it is told",
      (one) => flood(one, 50, () => many(500, () => frame(FRAME.ping, 0, 0, Buffer.alloc(8)))),
    ],
    [
      "of why it is given up",
      async (one) => {
        one.send(frame(FRAME.windowUpdate, 0, 0, u32(2 ** 30)));
        for (let at = 0; at < MAX_STREAMS; at++) one.request(2 * at + 1, request("/big"));
        await new Promise((resolve) => setTimeout(resolve, 100));
        await flood(one, 50, () => many(500, () => frame(FRAME.priority, 0, 1001, Buffer.alloc(5))));
      },
    ],
  ])("that reads nothing %s is cut", async (_name, attack) => {
    const { server, counts } = await start();
    const before = openConnections();
    const one = await open(server, [INITIAL_WINDOW_SIZE, 2 ** 30]);
    one.socket.pause();
    await attack(one);
    await expect.poll(openConnections, { timeout: 10_000 }).toBeLessThan(before + 2);
    await expect.poll(() => counts.working).toBe(0);
    expect(await serves(server)).toBe(true);
  });

  it("with 10,000 streams on a connection has a hundred of them served at a time", async () => {
    const { server, counts } = await start();
    const one = await open(server);
    await flood(one, 100, (batch) =>
      many(100, (at) =>
        frame(
          FRAME.headers,
          END_STREAM | END_HEADERS,
          2 * (100 * batch + at) + 1,
          headerBlock(request("/work")),
        ),
      ),
    );
    await one.untilClosed();
    expect(counts.most).toBeLessThanOrEqual(MAX_STREAMS);
    expect(counts.begun).toBeLessThan(500);
    expect(await serves(server)).toBe(true);
  });

  it("that sends no preface, or another one, is not waited for", async () => {
    const { server } = await start();
    const silent = await RawHttp2.connect(server);
    const wrong = await RawHttp2.connect(server);
    closeLater(silent);
    closeLater(wrong);
    wrong.send(Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    await wrong.untilClosed();
    await silent.untilClosed();
    expect(await serves(server)).toBe(true);
  });
});
