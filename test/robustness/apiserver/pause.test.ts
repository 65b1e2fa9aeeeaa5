import { afterEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../../src/base/index.ts";
import { configMaps, type KubeObject, leases, toStatus } from "../../../src/kube/api/index.ts";
import type { KubeClient } from "../../../src/kube/client/index.ts";
import { hasEtcd } from "../../../src/store/etcd/etcd-process.test-support.ts";
import { LeaseCandidate, type Term } from "./lease-candidate.ts";
import { type PairKind, type ServerPair, startServerPair } from "./server-pair.ts";

// A machine that is stopped and goes on later: here a server whose store does not answer for a while.

const PAUSES_MS = process.env.GANTRY_VERIFY === "all" ? [2000, 10_000] : [2000];
const KINDS: PairKind[] = ["embedded", "etcd"];
const NAMESPACE = { namespace: "default" };

let pair: ServerPair | undefined;
afterEach(async () => {
  await pair?.stop();
  pair = undefined;
});

async function set(client: KubeClient, n: number): Promise<number> {
  const data = { n: String(n) };
  const { metadata } = await client.patch(configMaps, "default", "counter", "merge", { data });
  return Number(metadata.resourceVersion);
}

const isCounter = ({ metadata }: KubeObject) => metadata.name === "counter";
const get = (client: KubeClient) => client.get(configMaps, "default", "counter");
const list = async (client: KubeClient, options = {}) =>
  (await client.list(configMaps, { ...NAMESPACE, ...options })).items.find(isCounter);

/** The counter that a read found, or the code with which it was refused. */
async function outcome(read: Promise<KubeObject | undefined>): Promise<number | { refused: unknown }> {
  try {
    return Number((await read)?.data.n);
  } catch (error) {
    return { refused: toStatus(error).code };
  }
}

/** The versions that a watch tells of. */
function follow(client: KubeClient, after: number, signal: AbortSignal) {
  const seen: number[] = [];
  const done = (async () => {
    const options = { ...NAMESPACE, resourceVersion: String(after), signal };
    for await (const { object } of client.watch(configMaps, options))
      seen.push(Number(object.metadata.resourceVersion));
  })();
  return { seen, done };
}

describe.each(KINDS)("a server whose %s store stands still", { timeout: 60_000 }, (kind) => {
  describe.skipIf(kind === "etcd" && !hasEtcd).each(PAUSES_MS)("for %i ms", (pauseMs) => {
    it("serves nothing old as new, and its watches go on without a gap", async () => {
      pair = await startServerPair(kind);
      const { first, second } = pair;
      await first.client.create(configMaps, { metadata: { name: "counter", ...NAMESPACE } });
      const start = await set(first.client, 1);
      expect(await outcome(get(second.client))).toBe(1);
      const controller = new AbortController();
      const watch = follow(second.client, start, controller.signal);

      pair.pause();
      const newest = await set(first.client, 2);
      let isPaused = true;
      const early: string[] = [];
      const reads = Object.entries({
        get: get(second.client),
        list: list(second.client),
        "list from a version": list(second.client, { resourceVersion: String(newest) }),
      }).map(async ([name, read]) => {
        const found = await outcome(read);
        if (isPaused && typeof found === "number") early.push(`${name}: ${found}`);
        return found;
      });
      expect(await outcome(list(second.client, { resourceVersion: "0" }))).toBe(1);
      await systemClock.sleep(pauseMs);
      isPaused = false;
      pair.resume();
      // Each answer is the newest state, or a refusal for now.
      for (const read of await Promise.all(reads))
        expect([2, { refused: 503 }, { refused: 504 }]).toContainEqual(read);
      expect(early).toEqual([]);

      const written = [newest, await set(second.client, 3), await set(first.client, 4)];
      expect(await outcome(get(second.client))).toBe(4);
      expect(await outcome(list(second.client))).toBe(4);
      await vi.waitFor(() => expect(watch.seen).toEqual(written), 5000);
      controller.abort();
      await watch.done;
    });

    it("never gives one term of a lease to two", async () => {
      pair = await startServerPair(kind);
      const stop = new AbortController();
      const candidates = [pair.second, pair.first].map(({ client }) => new LeaseCandidate(client));
      const running = candidates.map((candidate) => candidate.run(stop.signal));
      const won = () => candidates.flatMap((candidate) => candidate.terms);
      for (let round = 0; round < 2; round++) {
        await pair.pauseAtNextWrite();
        await systemClock.sleep(pauseMs / 2);
        const before = won().length;
        pair.resume();
        await vi.waitUntil(() => won().length > before, { timeout: 10_000 });
      }
      stop.abort();
      await Promise.all(running);
      const terms = won().sort(byVersion);
      // In the order of their writes each term is a new one; what was not acknowledged may be missing.
      for (const [index, { term }] of terms.entries())
        expect(term).toBeGreaterThan(terms[index - 1]?.term ?? -1);
      const { spec } = await pair.first.client.get(leases, "default", "leader");
      expect(spec.leaseTransitions).toBeGreaterThanOrEqual(terms.at(-1)!.term);
    });
  });
});

const byVersion = (a: Term, b: Term) => Number(a.resourceVersion) - Number(b.resourceVersion);
