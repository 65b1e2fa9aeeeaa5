import { beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../base/manual-clock.test-support.ts";
import { DnsCache } from "./dns-cache.ts";
import type { DnsRequest } from "./dns-listener.ts";
import { type DnsAnswer, DnsCode, decodeDns, encodeAnswer, encodeDns } from "./dns-message.ts";

let clock: ManualClock;
let cache: DnsCache;
let asked: string[];
let upstream: (name: string, type: string) => DnsAnswer | Promise<DnsAnswer>;
let id = 0;

const soa = (ttl: number, minimum: number) => ({
  name: "example",
  type: "SOA",
  ttl,
  data: { mname: "ns", rname: "who", serial: 1, refresh: 1, retry: 1, expire: 1, minimum },
});
const address = (name: string, ttl: number): DnsAnswer => ({
  code: DnsCode.NOERROR,
  answers: [{ name, type: "A", ttl, data: "203.0.113.7" }],
});

beforeEach(() => {
  clock = new ManualClock();
  asked = [];
  upstream = (name) => address(name, 300);
  cache = new DnsCache({
    clock,
    maxEntries: 3,
    forwarder: {
      forward: async ({ message }) => {
        const { name, type } = message.questions![0]!;
        asked.push(name);
        return encodeAnswer({ ...message, id: 9999 }, await upstream(name, type));
      },
    },
  });
});

function question(name: string, type = "A", flags = 0x100): DnsRequest {
  const bytes = encodeDns({ id: ++id, type: "query", flags, questions: [{ name, type, class: "IN" }] });
  return { message: decodeDns(bytes), bytes, clientAddress: "10.0.0.1", transport: "udp" };
}

async function ask(name: string, type?: string, flags?: number) {
  const request = question(name, type, flags);
  const response = decodeDns(await cache.forward(request));
  expect(response.id).toBe(request.message.id);
  return response;
}

describe("answers", () => {
  it("are told again with what is left of their time, and to each as he wrote the name", async () => {
    await ask("a.example");
    await clock.advance(10_000);
    const again = await ask("A.Example");
    expect(again.questions![0]!.name).toBe("A.Example");
    expect(again.answers).toMatchObject([{ ttl: 290, data: "203.0.113.7" }]);
    expect(asked).toEqual(["a.example"]);
    expect(cache.counts).toMatchObject({ requests: 2, misses: 1, hits: { success: 1, denial: 0 } });
  });

  it.each([
    ["as long as the shortest record says", () => address("a.example", 5), 5],
    ["half a minute at most", () => address("a.example", 86_400), 30],
    ["not at all with a TTL of 0", () => address("a.example", 0), 0],
    ["absent names by the SOA", () => ({ code: DnsCode.NXDOMAIN, authorities: [soa(20, 7)] }), 7],
    ["absent records by its own TTL", () => ({ code: DnsCode.NOERROR, authorities: [soa(4, 7)] }), 4],
    ["absent names without SOA not at all", () => ({ code: DnsCode.NXDOMAIN }), 0],
    ["failures five seconds", () => ({ code: DnsCode.SERVFAIL }), 5],
    ["refusals not at all", () => ({ code: DnsCode.REFUSED }), 0],
  ] as [string, () => DnsAnswer, number][])("are believed %s", async (_, answer, seconds) => {
    upstream = answer;
    await ask("a.example");
    await clock.advance(Math.max(0, seconds * 1000 - 1));
    await ask("a.example");
    expect(asked).toHaveLength(seconds === 0 ? 2 : 1);
    await clock.advance(1);
    await ask("a.example");
    expect(asked).toHaveLength(seconds === 0 ? 3 : 2);
  });

  it("differ by type and by what the asker wants", async () => {
    await ask("a.example", "A");
    await ask("a.example", "AAAA");
    await ask("a.example", "A", 0x110);
    expect(asked).toHaveLength(3);
  });

  it("are asked for once by all who ask at the same time", async () => {
    const gate = Promise.withResolvers<void>();
    upstream = async (name) => gate.promise.then(() => address(name, 0));
    const all = [ask("a.example"), ask("a.example"), ask("A.example")];
    gate.resolve();
    for (const { answers } of await Promise.all(all)) expect(answers).toHaveLength(1);
    expect(asked).toEqual(["a.example"]);
  });

  it("are bounded in number: the one used longest ago goes", async () => {
    for (const name of ["a.example", "b.example", "c.example", "a.example", "d.example"]) await ask(name);
    expect(cache.size("success")).toBe(3);
    asked = [];
    for (const name of ["a.example", "c.example", "d.example", "b.example"]) await ask(name);
    expect(asked).toEqual(["b.example"]);
  });
});

describe("where the other servers", () => {
  beforeEach(async () => {
    await ask("a.example");
    await clock.advance(60_000);
  });

  it.each([
    ["are gone", () => Promise.reject(new Error("nobody"))],
    ["fail", () => ({ code: DnsCode.SERVFAIL })],
  ] as [string, typeof upstream][])("%s, what has run out serves", async (_, answer) => {
    upstream = answer;
    expect((await ask("a.example")).answers).toMatchObject([{ ttl: 30 }]);
    upstream = (name) => address(name, 20);
    expect((await ask("a.example")).answers).toMatchObject([{ ttl: 20 }]);
    expect(cache.counts.servedStale).toBe(1);
  });

  it("are slow, it serves after a while, and their answer is kept when it comes", async () => {
    const gate = Promise.withResolvers<void>();
    upstream = async (name) => gate.promise.then(() => address(name, 25));
    const stale = ask("a.example");
    await clock.advance(1800);
    expect((await stale).answers).toMatchObject([{ ttl: 30 }]);
    gate.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect((await ask("a.example")).answers).toMatchObject([{ ttl: 25 }]);
    expect(asked).toHaveLength(2);
  });

  it("have been gone for more than an hour, it does not", async () => {
    await clock.advance(3_600_000);
    upstream = () => Promise.reject(new Error("nobody"));
    await expect(ask("a.example")).rejects.toThrow("nobody");
  });
});

it("passes on what it cannot read", async () => {
  const cut = Buffer.from("0001818000010001000000000161000001000100", "hex");
  const own = new DnsCache({ clock, forwarder: { forward: async () => cut } });
  expect((await own.forward(question("a"))).length).toBe(cut.length);
  expect(own.size("success")).toBe(0);
});
