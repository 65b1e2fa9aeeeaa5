import { afterEach, describe, expect, it } from "vitest";
import { silentLogger, systemClock } from "../../../base/index.ts";
import { openMemoryStore } from "../../../store/index.ts";
import { configMaps } from "../../api/index.ts";
import { RequestThreads, type ThreadLimits } from "./request-threads.ts";
import type { DecodeJob } from "./thread-messages.ts";

const { group, version, kind, model } = configMaps;
const NEVER = new AbortController().signal;

function decode(text: string): DecodeJob {
  const body = { bytes: new Uint8Array(Buffer.from(text)), contentType: "application/json" };
  return { type: "decode", kind: { group, version, kind, model }, asOptions: false, query: {}, body };
}
const small = decode('{"data":{"a":"b"}}');

describe("the threads for big requests", () => {
  let threads: RequestThreads;
  afterEach(() => threads.stop());
  async function open(limits: Partial<ThreadLimits> = {}) {
    const store = await openMemoryStore({ logger: silentLogger });
    const nodePorts = { first: 30_000, last: 32_767 };
    threads = new RequestThreads({
      store,
      serviceCidr: "10.96.0.0/16",
      nodePorts,
      logger: silentLogger,
      clock: systemClock,
      limits,
    });
  }

  it("are started when there is something to do, and serve the users in turn", async () => {
    await open();
    expect(threads.size).toBe(0);
    const order: string[] = [];
    const run = async (user: string) => {
      await threads.run(decode('{"data":{"a":"b"}}'), user, 100, NEVER);
      order.push(user);
    };
    await Promise.all([run("many"), run("many"), run("many"), run("many"), run("one")]);
    expect([threads.size, order]).toEqual([1, ["many", "many", "one", "many", "many"]]);
  });

  it("refuse what a user has beyond its bytes, and what nobody waits for any more", async () => {
    await open({ userBytes: 1000 });
    const first = threads.run(decode("{}"), "many", 900, NEVER);
    await expect(threads.run(small, "many", 200, NEVER)).rejects.toThrow(/Too many requests/);
    const gone = new AbortController();
    const second = threads.run(decode("{}"), "one", 900, gone.signal);
    gone.abort(new Error("gone"));
    await expect(second).rejects.toThrow("gone");
    await first;
    await threads.run(decode("{}"), "many", 900, NEVER);
  });

  it("are ended when a job takes too long, and others go on", async () => {
    await open({ jobMs: 1 });
    const long = decode(`{"data":{${Array.from({ length: 100_000 }, (_, n) => `"k${n}":""`).join()}}}`);
    await expect(threads.run(long, "many", 10, NEVER)).rejects.toThrow(
      /did not complete within the allotted timeout/,
    );
    await threads.stop();
    await open();
    const { bytes } = await threads.run(decode('{"data":{"a":"b"}}'), "one", 10, NEVER);
    expect(Buffer.from(bytes).toString()).toContain('"a":"b"');
  });
});
