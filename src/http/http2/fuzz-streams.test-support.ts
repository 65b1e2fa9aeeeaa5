import type { Socket } from "node:net";
import { type FuzzRequest, type Random, wait } from "../fuzz.test-support.ts";
import {
  END_HEADERS,
  END_STREAM,
  FRAME,
  frame,
  headerBlock,
  RawHttp2,
  settings,
  u32,
} from "./raw-http2.test-support.ts";

const INITIAL_WINDOW_SIZE = 4;
const FRAME_BYTES = 16_384;

/** Sends requests side by side on one connection, each as it ought not to be, and ends the connection in one way or another. */
export async function fuzzStreams(
  socket: Socket,
  requests: readonly FuzzRequest[],
  random: Random,
): Promise<void> {
  const one = RawHttp2.over(socket).greet();
  const count = random.below(8) + 1;
  await Promise.all(
    Array.from({ length: count }, (_, at) =>
      random.pick(STREAMS)(new FuzzedStream(one, 2 * at + 1, random.pick(requests)), random),
    ),
  );
  random.pick(ENDINGS)(one, random);
  await wait(5);
  one.close();
  await one.untilClosed();
}

class FuzzedStream {
  readonly connection: RawHttp2;
  readonly body: Buffer;
  readonly #id: number;
  readonly #request: FuzzRequest;

  constructor(connection: RawHttp2, id: number, request: FuzzRequest) {
    this.connection = connection;
    this.#id = id;
    this.#request = request;
    this.body = Buffer.from((request.body ?? "") as string);
  }

  get head(): Buffer {
    return this.headWith({});
  }

  headWith(more: Record<string, string>): Buffer {
    const { method, path, headers = {} } = this.#request;
    return headerBlock([
      [":method", method],
      [":scheme", "https"],
      [":path", path],
      [":authority", "x"],
      ...Object.entries({ ...headers, ...more }),
    ]);
  }

  open(block = this.head, flags = 0): void {
    this.connection.send(frame(FRAME.headers, flags | END_HEADERS, this.#id, block));
  }

  data(bytes: Buffer, flags = 0): void {
    for (let at = 0; at < bytes.length; at += FRAME_BYTES)
      this.connection.send(frame(FRAME.data, 0, this.#id, bytes.subarray(at, at + FRAME_BYTES)));
    if (flags !== 0) this.connection.send(frame(FRAME.data, flags, this.#id));
  }

  send(type: number, flags: number, payload?: Buffer): void {
    this.connection.send(frame(type, flags, this.#id, payload));
  }

  reset(random: Random): void {
    this.send(FRAME.rstStream, 0, u32(random.below(14)));
  }

  /** Waits for the answer to begin, though not for long. */
  async answer(): Promise<void> {
    for (let waited = 0; waited < 10; waited++) {
      if (this.connection.frames.some(({ id }) => id === this.#id)) return;
      await wait(3);
    }
  }
}

type StreamAttack = (stream: FuzzedStream, random: Random) => Promise<void> | void;

const STREAMS: StreamAttack[] = [
  async function isWhole(stream) {
    stream.open();
    stream.data(stream.body, END_STREAM);
    await stream.answer();
  },
  async function endsEarly(stream, random) {
    stream.open(stream.headWith({ "content-length": String(stream.body.length + random.below(3)) }));
    stream.data(stream.body.subarray(0, random.below(stream.body.length + 1)), END_STREAM);
    await stream.answer();
  },
  function isReset(stream, random) {
    stream.open();
    stream.data(stream.body.subarray(0, random.below(stream.body.length + 1)));
    stream.reset(random);
  },
  async function isResetOnceItIsAnswered(stream, random) {
    stream.open();
    stream.data(stream.body, random.below(2));
    await stream.answer();
    stream.reset(random);
  },
  async function isNoise(stream, random) {
    stream.open();
    stream.data(random.bytes(random.below(100_000)), END_STREAM);
    await stream.answer();
  },
  async function neverEnds(stream, random) {
    stream.open();
    stream.data(stream.body.subarray(0, random.below(stream.body.length + 1)));
    await stream.answer();
  },
  async function hasTrailers(stream) {
    stream.open();
    stream.data(stream.body);
    stream.open(headerBlock([["x-trailer", "y"]]), END_STREAM);
    await stream.answer();
  },
  async function goesOnAfterItsEnd(stream) {
    stream.open();
    stream.data(stream.body, END_STREAM);
    stream.data(Buffer.from("more"));
    await stream.answer();
  },
  async function hasAClosedWindow(stream, random) {
    stream.connection.send(frame(FRAME.settings, 0, 0, settings([INITIAL_WINDOW_SIZE, 0])));
    stream.open();
    stream.data(stream.body, END_STREAM);
    await stream.answer();
    stream.send(FRAME.windowUpdate, 0, u32(random.below(1000)));
    await stream.answer();
  },
  async function hasABrokenHead(stream, random) {
    const block = Buffer.from(stream.head);
    block[random.below(block.length)] = random.below(256);
    stream.open(block, END_STREAM);
    await stream.answer();
  },
  async function waitsForContinue(stream) {
    stream.open(stream.headWith({ expect: "100-continue" }));
    await stream.answer();
    stream.data(stream.body, END_STREAM);
  },
  async function asksForAnUpgrade(stream) {
    stream.open(stream.headWith({ connection: "upgrade", upgrade: "websocket" }), END_STREAM);
    await stream.answer();
  },
];

const ENDINGS: ((one: RawHttp2, random: Random) => void)[] = [
  (one) => one.close(),
  (one) => one.socket.end(),
  (one, random) => one.send(frame(FRAME.goaway, 0, 0, u32(1, random.below(14)))),
  (one, random) => one.send(frame(random.below(12), random.below(256), random.below(20), random.bytes(30))),
  (one, random) => one.send(random.bytes(100)),
];
