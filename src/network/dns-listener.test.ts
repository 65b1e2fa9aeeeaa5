import { createSocket } from "node:dgram";
import { connect } from "node:net";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import { silentLogger, systemClock } from "../base/index.ts";
import {
  DnsCode,
  DnsForwarder,
  DnsListener,
  type DnsMessage,
  type DnsReply,
  type DnsRequest,
  decodeDns,
  encodeDns,
} from "./index.ts";

let listener: DnsListener;
let answer: (request: DnsRequest) => Promise<DnsReply> | DnsReply;

beforeEach(async () => {
  answer = () => ({
    code: DnsCode.NOERROR,
    answers: [{ name: "a.test", type: "A", ttl: 5, data: "10.0.0.1" }],
  });
  listener = new DnsListener({
    address: "127.0.0.1",
    port: 0,
    answer: (request) => answer(request),
    logger: silentLogger,
  });
  await listener.open();
});

afterEach(() => listener.close());

function query(name: string, type = "A", udpPayloadSize?: number): Buffer {
  const additionals = udpPayloadSize
    ? [{ name: ".", type: "OPT", udpPayloadSize, extendedRcode: 0, ednsVersion: 0, flags: 0, options: [] }]
    : [];
  return encodeDns({ id: 77, type: "query", flags: 1 << 8, questions: [{ name, type }], additionals });
}

function askUdp(bytes: Buffer, port = listener.port): Promise<Buffer> {
  const socket = createSocket("udp4");
  return new Promise((resolve) => {
    socket.on("message", (response) => {
      socket.close();
      resolve(response);
    });
    socket.send(bytes, port, "127.0.0.1");
  });
}

function framed(bytes: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

async function askTcp(bytes: Buffer, count = 1): Promise<DnsMessage[]> {
  const socket = connect(listener.port, "127.0.0.1");
  socket.write(bytes);
  const messages: DnsMessage[] = [];
  let received = Buffer.alloc(0);
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      messages.push(decodeDns(received.subarray(2, 2 + received.readUInt16BE(0))));
      received = received.subarray(2 + received.readUInt16BE(0));
    }
    if (messages.length >= count) break;
  }
  return messages;
}

it("answers over UDP and, several questions in pieces, over TCP", async () => {
  const response = decodeDns(await askUdp(query("a.test")));
  expect(response).toMatchObject({ id: 77, type: "response", rcode: "NOERROR" });
  expect(response.answers).toMatchObject([{ name: "a.test", data: "10.0.0.1", ttl: 5 }]);
  expect(await askTcp(Buffer.concat([framed(query("a.test")), framed(query("b.test"))]), 2)).toHaveLength(2);
});

it("cuts what is too long for UDP, and says so", async () => {
  const many = Array.from({ length: 100 }, (_, index) => ({
    name: "a.test",
    type: "A",
    ttl: 5,
    data: `10.0.0.${index}`,
  }));
  answer = () => ({ code: DnsCode.NOERROR, answers: many });
  const bytes = await askUdp(query("a.test"));
  expect(bytes.length).toBeLessThanOrEqual(512);
  expect(decodeDns(bytes).flags! & (1 << 9)).not.toBe(0);
  expect(decodeDns(bytes).answers!.length).toBeGreaterThan(25);
  expect(decodeDns(await askUdp(query("a.test", "A", 4096))).answers).toHaveLength(100);
  expect((await askTcp(framed(query("a.test"))))[0]!.answers).toHaveLength(100);
});

it("refuses what it does not understand, and does not answer answers", async () => {
  const notify = query("a.test");
  notify[2] = 0x20;
  expect(decodeDns(await askUdp(notify)).rcode).toBe("NOTIMP");
  const garbage = query("a.test");
  garbage[12] = 0xff;
  expect((await askUdp(garbage)).readUInt16BE(2) & 0xf).toBe(DnsCode.FORMERR);
  answer = () => {
    throw new Error("broken");
  };
  expect(decodeDns(await askUdp(query("a.test"))).rcode).toBe("SERVFAIL");
  const socket = createSocket("udp4");
  let answered = false;
  socket.on("message", () => {
    answered = true;
  });
  const response = query("a.test");
  response[2] = 0x80;
  await new Promise((resolve) => socket.send(response, listener.port, "127.0.0.1", resolve));
  await new Promise((resolve) => socket.send(Buffer.from("short"), listener.port, "127.0.0.1", resolve));
  await askUdp(query("a.test"));
  expect(answered).toBe(false);
  socket.close();
});

it("survives whatever bytes arrive", async () => {
  const socket = createSocket("udp4");
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), fc.nat(28), fc.nat(255), async (noise, at, value) => {
      const mutated = query("some.name.test", "SRV", 1232);
      mutated[at] = value;
      for (const bytes of [Buffer.from(noise), mutated]) socket.send(bytes, listener.port, "127.0.0.1");
      expect(decodeDns(await askUdp(query("a.test"))).rcode).toBe("NOERROR");
    }),
    { numRuns: 200 },
  );
  socket.close();
});

it("survives whatever a connection brings, and however it ends", async () => {
  const ends = fc.constantFrom("end", "destroy", "resetAndDestroy" as const);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), ends, fc.nat(40), async (noise, end, cut) => {
      const socket = connect(listener.port, "127.0.0.1").on("error", () => {});
      socket.resume();
      const closed = new Promise((resolve) => socket.on("close", resolve));
      const asked = framed(query("a.test")).subarray(0, cut);
      await new Promise((resolve) => socket.write(Buffer.concat([asked, noise]), resolve));
      socket[end as "end"]();
      socket.destroySoon();
      await closed;
      expect(decodeDns(await askUdp(query("a.test"))).rcode).toBe("NOERROR");
    }),
    { numRuns: 100, seed: 5 },
  );
});

it("asks nothing more of who does not read its answers", async () => {
  let asked = 0;
  answer = () => {
    asked++;
    const one = { name: "a.test", type: "A" as const, ttl: 5, data: "10.0.0.1" };
    return { code: DnsCode.NOERROR, answers: Array.from({ length: 1000 }, () => one) };
  };
  const socket = connect(listener.port, "127.0.0.1");
  try {
    const questions = Buffer.concat(Array.from({ length: 50 }, () => framed(query("a.test"))));
    // Some 2 GB of answers, had they all been asked for.
    for (let round = 0; round < 2000; round++) socket.write(questions);
    for (let before = -1; asked === 0 || asked !== before; await systemClock.sleep(200)) before = asked;
    expect(asked).toBeLessThan(10_000);
  } finally {
    socket.destroy();
  }
});

it("goes on where there is no way to another server", async () => {
  // A datagram socket may not be connected to it: EACCES, as ENETUNREACH where a network is missing.
  const forwarder = new DnsForwarder({ servers: () => ["255.255.255.255"], attempts: 1 });
  answer = (request) => forwarder.forward(request);
  expect(decodeDns(await askUdp(query("a.test"))).rcode).toBe("SERVFAIL");
});

it("passes questions on, over the transport they came by, to the first server that answers", async () => {
  const seen: string[] = [];
  answer = (request) => {
    seen.push(request.transport);
    return { code: DnsCode.NXDOMAIN };
  };
  const forwarder = new DnsForwarder({
    servers: () => ["127.0.0.1#1", `127.0.0.1#${listener.port}`],
    timeoutMs: 500,
  });
  const front = new DnsListener({
    address: "127.0.0.1",
    port: 0,
    answer: (request) => forwarder.forward(request),
    logger: silentLogger,
  });
  await front.open();
  try {
    expect(decodeDns(await askUdp(query("a.test"), front.port))).toMatchObject({ id: 77, rcode: "NXDOMAIN" });
    expect(seen).toEqual(["udp"]);
  } finally {
    await front.close();
  }
});

it("says SERVFAIL in bounded time when no server answers", async () => {
  const dead = createSocket("udp4");
  await new Promise<void>((resolve) => dead.bind(0, "127.0.0.1", resolve));
  const forwarder = new DnsForwarder({
    servers: () => [`127.0.0.1#${dead.address().port}`],
    timeoutMs: 50,
    attempts: 2,
  });
  answer = (request) => forwarder.forward(request);
  expect(decodeDns(await askUdp(query("a.test"))).rcode).toBe("SERVFAIL");
  dead.close();
});
