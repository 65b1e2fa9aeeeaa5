import { afterAll, beforeAll, expect, it } from "vitest";
import { createLogger, systemClock } from "../../base/index.ts";
import { type Lease, leases } from "../api/index.ts";
import { startTestServer, type TestServer } from "../apiserver/testing/start-test-server.ts";
import { LeaderElection } from "./leader-election.ts";
import type { KubeClient } from "./types.ts";

const times = { leaseMs: 1000, renewDeadlineMs: 600, retryMs: 50 };
let server: TestServer;
let count = 0;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

/** Candidates for one office, and who of them is at work. */
class Office {
  readonly name = `office-${count++}`;
  readonly atWork = new Set<string>();
  most = 0;
  readonly terms: string[] = [];

  stand(
    identity: string,
    client: KubeClient = server.client,
    leaseMs = times.leaseMs,
  ): { leave(): Promise<void> } {
    const stop = new AbortController();
    const logger = createLogger(() => {}, "error");
    const election = new LeaderElection({
      client,
      namespace: "kube-system",
      name: this.name,
      identity,
      times: { ...times, leaseMs },
      logger,
      clock: systemClock,
    });
    const done = election.run(stop.signal, async (term) => {
      this.atWork.add(identity);
      this.terms.push(identity);
      this.most = Math.max(this.most, this.atWork.size);
      await new Promise((resolve) => term.addEventListener("abort", resolve));
      this.atWork.delete(identity);
    });
    return {
      leave: async () => {
        stop.abort();
        await done;
      },
    };
  }

  until(identity: string): Promise<void> {
    return expect.poll(() => [...this.atWork], { timeout: 5000, interval: 10 }).toEqual([identity]);
  }
}

it("one of several works, and the next one at once where it leaves", async () => {
  const office = new Office();
  const leaseMs = 60_000;
  const a = office.stand("a", server.client, leaseMs);
  await office.until("a");
  const b = office.stand("b", server.client, leaseMs);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect([...office.atWork]).toEqual(["a"]);
  await a.leave();
  // Long before the lease would have run out.
  await office.until("b");
  const { spec } = await server.client.get<Lease>(leases, "kube-system", office.name);
  expect(spec).toMatchObject({ holderIdentity: "b", leaseTransitions: 1 });
  await b.leave();
  expect(office.most).toBe(1);
});

it("who cannot renew his lease lays down the office before another one takes it", async () => {
  const office = new Office();
  let isCutOff = false;
  const cut = new Proxy(server.client, {
    get: (target, name) => {
      const method = Reflect.get(target, name) as (...args: unknown[]) => unknown;
      return (...args: unknown[]) =>
        isCutOff ? Promise.reject(new Error("cut off")) : method.apply(target, args);
    },
  });
  const a = office.stand("a", cut);
  await office.until("a");
  const b = office.stand("b");
  isCutOff = true;
  await office.until("b");
  expect(office.most).toBe(1);
  isCutOff = false;
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect([...office.atWork]).toEqual(["b"]);
  await b.leave();
  await office.until("a");
  await a.leave();
  expect(office.terms).toEqual(["a", "b", "a"]);
});

it("a process that starts anew takes its own lease up at once", async () => {
  const office = new Office();
  await server.client.create<Lease>(leases, {
    metadata: { namespace: "kube-system", name: office.name },
    spec: {
      holderIdentity: "a",
      leaseDurationSeconds: 60,
      renewTime: new Date().toISOString().replace("Z", "000Z"),
    },
  });
  const a = office.stand("a");
  await office.until("a");
  await a.leave();
});
