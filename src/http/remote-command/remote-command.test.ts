import { once } from "node:events";
import { type Duplex, duplexPair, PassThrough, Readable } from "node:stream";
import { createDeflate, createInflate, constants as zlib } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { silentLogger } from "../../base/index.ts";
import { RawClient } from "../http.test-support.ts";
import {
  acceptPortForward,
  acceptRemoteCommand,
  type HttpServer,
  type RemoteCommandStreams,
  refuse,
  startHttpServer,
} from "../index.ts";
import { SpdyConnection } from "./spdy-connection.ts";
import { ControlType, controlFrame, dataFrameHeader, SpdyFrameReader } from "./spdy-frames.ts";
import {
  decodeHeaders,
  encodeHeaders,
  HeaderDeflater,
  HeaderInflater,
  SPDY_DICTIONARY,
} from "./spdy-headers.ts";
import type { SpdyStream } from "./spdy-stream.ts";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

const SUCCESS = { status: "Success" };
const FAILURE = { status: "Failure", message: "exit status 3", reason: "NonZeroExitCode" };

async function serve(
  run: (streams: RemoteCommandStreams) => Promise<void>,
  tty = false,
): Promise<HttpServer> {
  const server = await startHttpServer({
    listen: { host: "127.0.0.1", port: 0 },
    logger: silentLogger,
    handler: ({ res }) => void res.end(),
    upgrade: async (req, socket, head) => {
      try {
        const wanted = { stdin: true, stdout: true, stderr: true, tty, streamTimeoutMs: 100 };
        await run(await acceptRemoteCommand(req, socket, head, wanted));
      } catch (error) {
        refuse(socket, 403, (error as Error).message);
      }
    },
  });
  open.push(server);
  return server;
}

interface WebSocketClient {
  socket: WebSocket;
  messages: (Buffer | string)[];
  closed: Promise<number>;
}

async function connectWebSocket(
  server: HttpServer,
  protocols: string[],
  path = "/",
): Promise<WebSocketClient> {
  const { port } = server.address() as { port: number };
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols);
  const messages: (Buffer | string)[] = [];
  socket.on("message", (data, isBinary) => messages.push(isBinary ? (data as Buffer) : String(data)));
  const closed = new Promise<number>((resolve) => socket.on("close", resolve));
  await once(socket, "open");
  return { socket, messages, closed };
}

const onChannel = (messages: (Buffer | string)[], channel: number) =>
  Buffer.concat(
    messages
      .filter((one): one is Buffer => Buffer.isBuffer(one) && one[0] === channel)
      .map((one) => one.subarray(1)),
  ).toString();

/** Copies input to output until it ends. */
async function cat(streams: RemoteCommandStreams): Promise<void> {
  for await (const chunk of streams.stdin!) streams.stdout!.write(chunk);
  streams.stderr?.write("done");
  await streams.finish(FAILURE);
}

describe("remote commands over WebSocket", () => {
  it("speaks v5: input, its end, output, errors, status, normal closure", async () => {
    const { socket, messages, closed } = await connectWebSocket(await serve(cat), [
      "v5.channel.k8s.io",
      "v4.channel.k8s.io",
    ]);
    expect(socket.protocol).toBe("v5.channel.k8s.io");
    socket.send(Buffer.from("\0hello "));
    socket.send(Buffer.from("\0world"));
    socket.send(Buffer.from([255, 0]));
    expect(await closed).toBe(1000);
    expect(messages[0]).toEqual(Buffer.from([1]));
    expect(onChannel(messages, 1)).toBe("hello world");
    expect(onChannel(messages, 2)).toBe("done");
    expect(JSON.parse(onChannel(messages, 3))).toEqual(FAILURE);
  });

  it("speaks the base64 form and the nameless first one, which tells a message instead of a status", async () => {
    const server = await serve(async (streams) => {
      streams.stdout!.write("output");
      await streams.finish(FAILURE);
    });
    const base64 = await connectWebSocket(server, ["v4.base64.channel.k8s.io"]);
    await base64.closed;
    expect(
      base64.messages.map((one) => `${one}`[0] + Buffer.from(`${one}`.slice(1), "base64").toString()),
    ).toEqual(["1", "1output", `3${JSON.stringify(FAILURE)}`]);
    const nameless = await connectWebSocket(server, []);
    await nameless.closed;
    expect(onChannel(nameless.messages, 3)).toBe("exit status 3");
    const first = await connectWebSocket(await serve((streams) => streams.finish(SUCCESS)), [
      "channel.k8s.io",
    ]);
    await first.closed;
    expect(onChannel(first.messages, 3)).toBe("");
  });

  it("tells sizes of the terminal, also those that came before somebody listened", async () => {
    const sizes: string[] = [];
    const server = await serve(async (streams) => {
      await once(streams.stdin!, "data");
      streams.onResize((columns, rows) => sizes.push(`${columns}x${rows}`));
      await streams.closed;
    }, true);
    const { socket, closed } = await connectWebSocket(server, ["v5.channel.k8s.io"]);
    for (const text of [
      '\x04{"Width":80,"Height":24}',
      "\x04{not json}",
      '\x04{"Width":-1,"Height":24}',
      "\0x",
    ])
      socket.send(Buffer.from(text));
    await expect.poll(() => sizes).toEqual(["80x24"]);
    socket.send(Buffer.from('\x04{"Width":100,"Height":30}{"Width":101,'));
    socket.send(Buffer.from('\x04"Height":31}'));
    await expect.poll(() => sizes).toEqual(["80x24", "100x30", "101x31"]);
    socket.close();
    await closed;
  });

  it("refuses protocols that it does not know, and what is no upgrade", async () => {
    const server = await serve(cat);
    const { port } = server.address() as { port: number };
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, ["v9.channel.k8s.io"]);
    const [, response] = await once(socket, "unexpected-response");
    expect(response.statusCode).toBe(403);
    socket.on("error", () => {});
    socket.terminate();
    const raw = await RawClient.connect(server);
    raw.send("POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
    expect(await raw.untilClosed()).toMatch(/403 Forbidden[\s\S]*Upgrade request required/);
    const bad = await RawClient.connect(server);
    bad.send("POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    expect(await bad.untilClosed()).toMatch(/^HTTP\/1.1 40\d /);
  });

  it("lets a client's input wait while the command does not read", async () => {
    let readAll = () => {};
    const reading = new Promise<void>((resolve) => {
      readAll = resolve;
    });
    let total = 0;
    const server = await serve(async (streams) => {
      await reading;
      for await (const chunk of streams.stdin!) total += chunk.length;
      await streams.finish(SUCCESS);
    });
    const { socket, closed } = await connectWebSocket(server, ["v5.channel.k8s.io"]);
    const chunk = Buffer.alloc(100_001);
    for (let n = 0; n < 200; n++) socket.send(chunk);
    await expect.poll(() => socket.bufferedAmount).toBeGreaterThan(1_000_000);
    readAll();
    socket.send(Buffer.from([255, 0]));
    await closed;
    expect(total).toBe(20_000_000);
  });
});

describe("port-forward over WebSocket channels", () => {
  it("opens two channels a port, each with its number, and carries data and failures", async () => {
    const server = await startHttpServer({
      listen: { host: "127.0.0.1", port: 0 },
      logger: silentLogger,
      handler: ({ res }) => void res.end(),
      upgrade: (req, socket, head) =>
        acceptPortForward(req, socket, head, async (port) => {
          if (port === 81) throw new Error("refused");
          return new PassThrough();
        }),
    });
    open.push(server);
    const { socket, messages, closed } = await connectWebSocket(
      server,
      ["v4.channel.k8s.io"],
      "/?ports=80&ports=81",
    );
    socket.send(Buffer.from("\0echo"));
    await expect.poll(() => onChannel(messages, 0)).toBe("P\0echo");
    expect(onChannel(messages, 1)).toBe("P\0");
    expect(onChannel(messages, 3)).toBe("Q\0refused");
    socket.close();
    await closed;
  });
});

/** The client's end of SPDY, with real compression. */
class SpdyClient {
  readonly transport: Duplex;
  readonly frames: { type: number | "data"; streamId: number; text: string; flags?: number }[] = [];
  readonly #deflate = createDeflate({ dictionary: SPDY_DICTIONARY, flush: zlib.Z_SYNC_FLUSH });

  constructor(transport: Duplex) {
    this.transport = transport;
    const reader = new SpdyFrameReader();
    transport.on("data", (chunk: Buffer) => {
      for (const frame of reader.read(chunk)) {
        if (frame.kind === "data")
          this.frames.push({
            type: "data",
            streamId: frame.streamId,
            text: frame.chunk.toString() + (frame.fin ? "|" : ""),
          });
        else
          this.frames.push({
            type: frame.type,
            streamId: frame.body.readUInt32BE(0),
            text: frame.body.toString("hex"),
            flags: frame.flags,
          });
      }
    });
  }

  async openStream(streamId: number, headers: Record<string, string>, flags = 0): Promise<void> {
    const block = encodeHeaders(new Map(Object.entries(headers)));
    await new Promise<void>((resolve) => this.#deflate.write(block, () => resolve()));
    const body = Buffer.alloc(10);
    body.writeUInt32BE(streamId);
    this.transport.write(
      controlFrame(ControlType.synStream, Buffer.concat([body, this.#deflate.read()]), flags),
    );
  }

  data(streamId: number, text: string, fin = false): void {
    const bytes = Buffer.from(text);
    this.transport.write(Buffer.concat([dataFrameHeader(streamId, bytes.length, fin), bytes]));
  }

  types(): (number | "data")[] {
    return this.frames.map((frame) => frame.type);
  }
}

function spdyPair(onStream: (stream: SpdyStream) => void) {
  const [near, far] = duplexPair();
  const connection = new SpdyConnection(far, { onStream, maxStreams: 3 });
  const client = new SpdyClient(near);
  open.push({ close: () => connection.destroy() });
  return { connection, client };
}

describe("SPDY", () => {
  it("carries streams both ways, however the bytes are cut", async () => {
    const { client } = spdyPair((stream) => stream.pipe(stream));
    const write = client.transport.write.bind(client.transport);
    client.transport.write = ((bytes: Buffer) => {
      for (const byte of bytes) write(Buffer.from([byte]));
      return true;
    }) as never;
    await client.openStream(1, { streamtype: "a" });
    await client.openStream(3, { streamtype: "b" });
    client.data(1, "one ");
    client.data(3, "three", true);
    client.data(1, "two", true);
    const echoed = (id: number) =>
      client.frames
        .filter((one) => one.type === "data" && one.streamId === id)
        .map((one) => one.text)
        .join("");
    await expect.poll(() => [echoed(1), echoed(3)]).toEqual(["one two|", "three|"]);
    expect(client.types().filter((type) => type === ControlType.synReply)).toHaveLength(2);
  });

  it("answers pings, ignores settings, resets what it does not take", async () => {
    const { client } = spdyPair(() => {});
    client.transport.write(controlFrame(ControlType.settings, Buffer.alloc(4)));
    client.transport.write(controlFrame(ControlType.ping, Buffer.from([0, 0, 0, 7])));
    await client.openStream(5, {});
    await client.openStream(3, {});
    await client.openStream(4, {});
    for (const id of [7, 9, 11]) await client.openStream(id, {});
    client.data(99, "nobody");
    await expect
      .poll(() => client.frames.map(({ type, streamId }) => `${type} ${streamId}`))
      .toEqual(["6 7", "2 5", "3 3", "3 4", "2 7", "2 9", "3 11", "3 99"]);
  });

  it("ends a connection that speaks nonsense", async () => {
    for (const nonsense of [
      Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(10)).fill(0xff, 0, 2),
      controlFrame(
        ControlType.synStream,
        Buffer.concat([Buffer.from([0, 0, 0, 1, 0, 0, 0, 0, 0, 0]), Buffer.from("not deflated")]),
      ),
      controlFrame(ControlType.ping, Buffer.alloc(0)),
    ]) {
      const { client, connection } = spdyPair(() => {});
      client.transport.on("error", () => {});
      client.transport.write(nonsense);
      await connection.closed;
    }
  });

  it("does not take headers that grow without bound", async () => {
    const { client, connection } = spdyPair(() => {});
    client.transport.on("error", () => {});
    await client.openStream(1, { bomb: "x".repeat(1_000_000) });
    await connection.closed;
  });

  it("has headers that any inflater reads", async () => {
    const deflater = new HeaderDeflater();
    const inflater = new HeaderInflater();
    for (const headers of [
      new Map(),
      new Map([["streamtype", "error"]]),
      new Map([
        ["a", "1\u00002"],
        ["port", "80"],
      ]),
    ]) {
      const block = await inflater.inflate(deflater.deflate(encodeHeaders(headers)));
      expect(decodeHeaders(block)).toEqual(headers);
    }
    inflater.close();
    const whole = Readable.from([new HeaderDeflater().deflate(Buffer.from("text"))]).pipe(createInflate());
    expect(String((await once(whole, "data"))[0])).toBe("text");
    expect(() => decodeHeaders(Buffer.from([0, 0, 0, 9]))).toThrow("malformed");
    whole.destroy();
  });

  it("gives up when the client does not open the streams that it asked for", async () => {
    let failure: unknown;
    const server = await startHttpServer({
      listen: { host: "127.0.0.1", port: 0 },
      logger: silentLogger,
      handler: ({ res }) => void res.end(),
      upgrade: async (req, socket, head) => {
        const wanted = { stdin: true, stdout: true, stderr: false, tty: false, streamTimeoutMs: 30 };
        failure = await acceptRemoteCommand(req, socket, head, wanted).catch((error) => error);
      },
    });
    open.push(server);
    const raw = await RawClient.connect(server);
    raw.send(
      "POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n",
    );
    expect(await raw.untilClosed()).toMatch(
      /101 Switching Protocols[\s\S]*X-Stream-Protocol-Version: v4.channel.k8s.io/,
    );
    expect(failure).toMatchObject({ kind: "DeadlineExceeded", code: "Http.StreamsMissing" });
  });
});
