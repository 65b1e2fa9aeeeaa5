import type { Socket } from "node:net";

/** One request of an API, as it ought to be; the fuzzer sends it as it ought not. */
export interface FuzzRequest {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: Buffer | string;
  /** The protocol that is asked for: what follows the head is not a body then. */
  upgrade?: string;
}

export interface FuzzTarget {
  connect(): Promise<Socket>;
  requests: readonly FuzzRequest[];
  /** What is done on each connection instead of one request over HTTP/1.1. */
  attack?: (socket: Socket, requests: readonly FuzzRequest[], random: Random) => Promise<void>;
  /** An ordinary request is answered as ever. */
  serves(): Promise<boolean>;
  /** Ends what requests have started and what may outlive them. */
  settle?(): Promise<unknown>;
}

export interface FuzzOptions {
  seed: number;
  rounds: number;
}

/** What must be true of the server afterwards, all of it empty or true. */
export interface FuzzOutcome {
  /** Errors that nothing caught, each with the round that it came in. */
  escaped: string[];
  serves: boolean;
  /** Connections that are still open on either side. */
  connectionsLeft: number;
}

const AT_ONCE = 8;
const STUCK_MS = 50;
const CLOSING_MS = 10_000;

/**
 * Sends requests whose bodies end, break, lie about their length or arrive after the answer, and upgrades that break. The same seed sends
 * the same bytes; only the moments differ.
 */
export async function fuzz(target: FuzzTarget, { seed, rounds }: FuzzOptions): Promise<FuzzOutcome> {
  const before = openConnections();
  const watch = watchForEscapes();
  try {
    for (let round = 0; round < rounds; round += AT_ONCE) {
      watch.label = `rounds from ${round} on, seed ${seed}`;
      await Promise.all(
        Array.from({ length: AT_ONCE }, (_, one) => attack(target, new Random(seed * 100_003 + round + one))),
      );
    }
    const serves = await target.serves();
    await target.settle?.();
    const giveUpAt = Date.now() + CLOSING_MS;
    while (openConnections() > before && Date.now() < giveUpAt) await wait(20);
    return { escaped: watch.escaped, serves, connectionsLeft: Math.max(0, openConnections() - before) };
  } finally {
    watch.stop();
  }
}

/** The outcome of a server that has stood up to it. */
export const UNHARMED: FuzzOutcome = { escaped: [], serves: true, connectionsLeft: 0 };

async function attack(target: FuzzTarget, random: Random): Promise<void> {
  if (target.attack) return target.attack(await target.connect(), target.requests, random);
  const request = random.pick(target.requests);
  const connection = new Connection(await target.connect());
  try {
    await random.pick(request.upgrade ? UPGRADES : BODIES)(connection, request, random);
  } finally {
    await connection.close(random);
  }
}

type Attack = (connection: Connection, request: FuzzRequest, random: Random) => Promise<void>;

const BODIES: Attack[] = [
  async function endsEarly(connection, request, random) {
    const body = bytesOf(request);
    await connection.send(
      headOf(request, { "content-length": String(body.length + random.below(1000) + 1) }),
    );
    await connection.send(body.subarray(0, random.below(body.length + 1)));
    connection.socket.end();
    await connection.answer(20);
  },
  async function breaks(connection, request, random) {
    const body = bytesOf(request);
    await connection.send(headOf(request, { "content-length": String(body.length + 1) }));
    await connection.send(body.subarray(0, random.below(body.length + 1)));
    if (random.below(2) === 0) await connection.answer(random.below(5));
    connection.cut();
  },
  async function isLongerThanItSays(connection, request, random) {
    const body = bytesOf(request);
    await connection.send(headOf(request, { "content-length": String(random.below(body.length + 1)) }));
    await connection.send(body);
    await connection.answer(20);
  },
  async function comesAfterTheAnswer(connection, request, random) {
    const body = random.bytes(200_000);
    await connection.send(headOf(request, { "content-length": String(body.length) }));
    await connection.answer(20);
    await connection.sendInPieces(body, random);
    await connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await connection.answer(20);
  },
  async function isNoise(connection, request, random) {
    const body = random.bytes(random.below(300_000));
    await connection.send(headOf(request, { "transfer-encoding": "chunked" }));
    await connection.sendInPieces(chunked(body, random), random);
    await connection.answer(50);
  },
  async function turnsIntoNoise(connection, request, random) {
    const body = Buffer.concat([bytesOf(request), random.bytes(300_000)]);
    await connection.send(headOf(request, { "transfer-encoding": "chunked" }));
    await connection.sendInPieces(chunked(body, random), random);
    await connection.answer(50);
  },
  async function hasFlippedBytes(connection, request, random) {
    const body = Buffer.from(bytesOf(request));
    for (let count = random.below(8) + 1; count > 0 && body.length > 0; count--)
      body[random.below(body.length)] = random.below(256);
    await connection.send(headOf(request, { "content-length": String(body.length) }));
    await connection.sendInPieces(body, random);
    await connection.answer(50);
  },
  async function hasBrokenChunks(connection, request, random) {
    const body = bytesOf(request);
    await connection.send(headOf(request, { "transfer-encoding": "chunked" }));
    await connection.send(`${(body.length + 5).toString(16)}\r\n`);
    await connection.send(body);
    await connection.send(
      random.pick(["\r\nzz\r\n", "0\r\n\r\n", "\r\n-1\r\n", "\r\nffffffffffffffffff\r\n"]),
    );
    await connection.answer(20);
  },
  async function isSaidTwice(connection, request) {
    const body = bytesOf(request);
    const lengths = { "content-length": String(body.length), "transfer-encoding": "chunked" };
    await connection.send(headOf(request, lengths));
    await connection.send(body);
    await connection.answer(20);
  },
  async function isPacked(connection, request, random) {
    const body = bytesOf(request);
    const encoding = random.pick(["gzip", "deflate", "br", "zstd", "x-none"]);
    await connection.send(
      headOf(request, { "content-encoding": encoding, "content-length": String(body.length) }),
    );
    await connection.send(body);
    await connection.answer(20);
  },
  async function waitsForContinue(connection, request, random) {
    const body = bytesOf(request);
    await connection.send(headOf(request, { expect: "100-continue", "content-length": String(body.length) }));
    await connection.answer(10);
    await connection.send(body.subarray(0, random.below(body.length + 1)));
  },
  async function asksForAnUpgrade(connection, request, random) {
    const upgrade = random.pick(["tcp", "websocket", "SPDY/3.1", "h2c", "nonsense"]);
    await connection.send(headOf({ ...request, upgrade }));
    await connection.send(bytesOf(request));
    await connection.answer(20);
  },
  async function neverComes(connection, request) {
    await connection.send(headOf(request, { "content-length": "1000000" }));
    await connection.answer(10);
  },
];

const UPGRADES: Attack[] = [
  async function breaksBeforeTheAnswer(connection, request) {
    await connection.send(headOf(request));
    connection.cut();
  },
  async function sendsNoise(connection, request, random) {
    await connection.send(headOf(request));
    if (random.below(2) === 0) await connection.answer(30);
    await connection.sendInPieces(random.bytes(random.below(100_000)), random);
    await connection.answer(20);
  },
  async function endsAtOnce(connection, request) {
    await connection.send(headOf(request));
    connection.socket.end();
    await connection.answer(30);
  },
  async function endsWhenItIsAnswered(connection, request, random) {
    await connection.send(headOf(request));
    await connection.answer(50);
    if (random.below(2) === 0) connection.socket.end();
    else connection.cut();
  },
  async function liesAboutItsBody(connection, request, random) {
    const body = random.bytes(500);
    await connection.send(headOf(request, { "content-length": String(random.below(1000)) }));
    await connection.send(body);
    await connection.answer(20);
  },
  async function hasBrokenChunks(connection, request, random) {
    await connection.send(headOf(request, { "transfer-encoding": "chunked" }));
    await connection.send(random.pick(["zz\r\n", "5\r\nab", "0\r\n\r\n", "fffffff\r\n"]));
    await connection.answer(20);
  },
];

class Connection {
  readonly socket: Socket;
  #answered = Promise.withResolvers<void>();
  #isStuck = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", () => this.#answered.resolve());
    socket.on("error", () => {});
    socket.on("close", () => this.#answered.resolve());
  }

  async send(bytes: Buffer | string): Promise<void> {
    if (!this.socket.writable || this.#isStuck) return;
    const written = new Promise<boolean>((resolve) => this.socket.write(bytes, () => resolve(true)));
    // A server need not read what it has no use for.
    this.#isStuck = !(await Promise.race([written, wait(STUCK_MS).then(() => false)]));
  }

  async sendInPieces(bytes: Buffer, random: Random): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const size = random.below(40_000) + 1;
      await this.send(bytes.subarray(at, at + size));
      at += size;
    }
  }

  /** Waits for the first byte, though not for long. */
  async answer(atMostMs: number): Promise<void> {
    await Promise.race([this.#answered.promise, wait(atMostMs)]);
    this.#answered = Promise.withResolvers();
  }

  /** With a reset where the transport has one. */
  cut(): void {
    try {
      this.socket.resetAndDestroy();
    } catch {
      this.socket.destroy();
    }
  }

  async close(random: Random): Promise<void> {
    if (this.socket.closed) return;
    const closed = new Promise((resolve) => this.socket.once("close", resolve));
    if (random.below(2) === 0) this.socket.end();
    await Promise.race([closed, wait(5)]);
    this.socket.destroy();
    await closed;
  }
}

function headOf(request: FuzzRequest, more: Record<string, string> = {}): string {
  const upgrade = request.upgrade ? { connection: "Upgrade", upgrade: request.upgrade } : {};
  const headers = Object.entries({ host: "localhost", ...request.headers, ...upgrade, ...more });
  return `${request.method} ${request.path} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
}

function bytesOf({ body = "" }: FuzzRequest): Buffer {
  return Buffer.from(body as string);
}

function chunked(bytes: Buffer, random: Random): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const piece = bytes.subarray(at, at + random.below(60_000) + 1);
    parts.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n"));
    at += piece.length;
  }
  return Buffer.concat([...parts, Buffer.from("0\r\n\r\n")]);
}

/** What nothing catches ends up here instead of with the test runner. */
function watchForEscapes(): { escaped: string[]; label: string; stop(): void } {
  const events = ["uncaughtException", "unhandledRejection"] as const;
  const kept = events.map((event) => process.listeners(event as "uncaughtException"));
  const watch = {
    escaped: [] as string[],
    label: "",
    stop() {
      for (const [index, event] of events.entries()) {
        process.removeAllListeners(event);
        for (const listener of kept[index]!) process.on(event, listener);
      }
    },
  };
  for (const event of events) {
    process.removeAllListeners(event);
    process.on(event, (error: unknown) => {
      watch.escaped.push(`${watch.label}: ${error instanceof Error ? error.stack : String(error)}`);
    });
  }
  return watch;
}

/** Ends of connections in this process. */
export function openConnections(): number {
  return process.getActiveResourcesInfo().filter((kind) => /TCPSocketWrap|PipeWrap|TLSWrap/.test(kind))
    .length;
}

export const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** mulberry32: numbers that a seed repeats. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Uint8Array.from({ length }, () => this.below(256)));
  }
}
