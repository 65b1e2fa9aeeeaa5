import { silentLogger } from "../../../src/base/index.ts";
import type { EtcdProcess } from "../../../src/store/etcd/etcd-process.test-support.ts";
import { openEtcdStore } from "../../../src/store/index.ts";
import type { Fault, FaultContext } from "./fault.ts";
import { deleteProbe, expectReads, expectWritesWork, putProbe } from "./probe.ts";

const etcd = { target: "etcd", needs: "etcd" } as const;
const MIB = 2 ** 20;
const REQUEST_TIMEOUT_MS = 5_000;

/** etcd's own HTTP way to its gRPC methods. */
async function post(member: EtcdProcess, path: string, body: object): Promise<Record<string, unknown>> {
  const response = await fetch(`http://${member.endpoint}/v3/${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  if (!response.ok) throw new Error(`etcd answered to ${path}: ${JSON.stringify(answer)}`);
  return answer;
}

async function idsOf(member: EtcdProcess): Promise<{ own: string; leader: string }> {
  const { header, leader } = (await post(member, "maintenance/status", {})) as {
    header: { member_id: string };
    leader: string;
  };
  return { own: header.member_id, leader };
}

export const etcdNone: Fault = { ...etcd, inject: (context) => context.pause(500) };

async function killMember(context: FaultContext, member: EtcdProcess): Promise<void> {
  context.calm.end();
  await member.kill();
  await context.pause(context.random.between(50, 400));
  await member.start();
  context.calm.begin();
}

export const etcdKill: Fault = {
  ...etcd,
  async inject(context) {
    await context.pause(context.random.between(200, 800));
    await killMember(context, context.random.pick(context.etcd));
    context.count("kills of an etcd member");
  },
};

export const etcdPause: Fault = {
  ...etcd,
  async inject(context) {
    await context.pause(context.random.between(200, 800));
    const member = context.random.pick(context.etcd);
    context.calm.end();
    member.pause();
    await context.pause(context.random.between(200, 1_500));
    member.resume();
    context.calm.begin();
    context.count("pauses of an etcd member");
  },
};

/** The leader hands over, or dies. */
export const etcdLeader: Fault = {
  ...etcd,
  async inject(context) {
    await context.pause(context.random.between(300, 800));
    const ids = await Promise.all(context.etcd.map(idsOf)).catch(() => []);
    const at = ids.findIndex(({ own, leader }) => own === leader);
    const leader = context.etcd[at];
    // Between two leaders.
    if (!leader) return;
    if (context.random.next() < 0.5) {
      await killMember(context, leader);
      context.count("kills of the leader");
      return;
    }
    const targetID = context.random.pick(ids.filter(({ own }) => own !== ids[at]!.own)).own;
    await post(leader, "maintenance/transfer-leadership", { targetID }).then(
      () => context.count("moves of the leader"),
      () => context.count("moves of the leader that failed"),
    );
  },
};

/** Half a second to etcd and back. */
export const etcdLatency: Fault = {
  ...etcd,
  proxied: true,
  async inject(context) {
    await context.pause(context.random.between(400, 800));
    context.calm.end();
    for (const proxy of context.proxies) proxy.delay(250);
    await context.pause(1_500);
    for (const proxy of context.proxies) proxy.heal();
    context.calm.begin();
    context.count("times of 500 ms latency");
  },
};

/** Somebody else compacts while the watches lag, and breaks their connections so that they must ask for what is gone. */
export const etcdCompact: Fault = {
  ...etcd,
  proxied: true,
  async inject(context) {
    await context.pause(context.random.between(300, 800));
    context.calm.end();
    for (const proxy of context.proxies) proxy.delay(100);
    await context.pause(200);
    const revision = await context.collect();
    const other = await openEtcdStore({
      endpoints: context.etcd.map((member) => member.endpoint),
      logger: silentLogger,
      keepHistoryMs: 0,
    });
    await other.compact(revision).finally(() => other.close());
    for (const proxy of context.proxies) proxy.reset();
    for (const proxy of context.proxies) proxy.heal();
    context.calm.begin();
    context.count("compactions by somebody else");
  },
};

/** etcd reaches its quota and raises its alarm; an operator compacts, defragments and lifts it. */
export const etcdNoSpace: Fault = {
  ...etcd,
  onlyInLongRun: true,
  etcdFlags: [`--quota-backend-bytes=${16 * MIB}`],
  async inject(context) {
    await context.pause(500);
    context.calm.end();
    let outcome = "ok";
    for (let n = 0; n < 60 && outcome !== "Store.NoSpace"; n++)
      outcome = await context.probe(putProbe(context, MIB));
    context.violations.expect(outcome === "Store.NoSpace", "a full etcd says so", () => outcome);
    await expectReads(context, "reads go on with a full etcd");
    context.count(`a delete in the full etcd: ${await context.probe(deleteProbe)}`);
    const [member] = context.etcd;
    await post(member!, "kv/compaction", { revision: String(await context.collect()), physical: true });
    for (const one of context.etcd) await post(one, "maintenance/defragment", {});
    const { alarms } = (await post(member!, "maintenance/alarm", { action: "GET" })) as { alarms: object[] };
    for (const alarm of alarms) await post(member!, "maintenance/alarm", { action: "DEACTIVATE", ...alarm });
    await expectWritesWork(context);
    context.calm.begin();
    context.count("etcd full");
  },
};
