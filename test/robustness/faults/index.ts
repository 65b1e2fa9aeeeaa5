import { join } from "node:path";
import type { EtcdProcess } from "../../../src/store/etcd/etcd-process.test-support.ts";
import { makeValue } from "../history.ts";
import type { WireTransaction } from "../protocol.ts";
import type { SeededRandom } from "../seeded-random.ts";
import { type ServerProcess, StartFailed } from "../server-process.ts";
import { StoreClient } from "../store-client.ts";
import type { Violations } from "../violation.ts";
import type { LoopDisk } from "./loop-disk.ts";

export interface FaultContext {
  random: SeededRandom;
  violations: Violations;
  storeDir: string;
  /** The process under test. */
  server(): ServerProcess;
  /** Starts it anew, with strace's arguments where system calls are to fail. The one before must have ended. */
  start(inject?: readonly string[]): Promise<void>;
  pause(ms: number): Promise<void>;
  /** Where the fault asked for a disk of its own. */
  disk: LoopDisk | undefined;
  /** Where the store is in etcd. */
  etcd: readonly EtcdProcess[];
  count(what: string): void;
  /** A transaction beside the traffic: `ok`, the code of its error, or `lost` with the connection. */
  probe(transaction: WireTransaction): Promise<string>;
}

const PROBE = "/registry/probe";
const put = (id: string): WireTransaction => ({
  compare: [],
  success: [{ type: "put", key: PROBE, value: makeValue(id, 0) }],
  failure: [],
});

export interface Fault {
  /** Once; afterwards the process serves again, or will after the next `start`. */
  inject(context: FaultContext): Promise<void>;
  /** In a file system of its own. */
  disk?: { sizeMib: number; commitSeconds: (random: SeededRandom) => number };
  target: "lmdb" | "etcd";
  needs: "nothing" | "strace" | "root" | "etcd";
}

/** What LMDB calls to write, with the process killed as it enters the call. */
const WRITING_CALLS = ["pwrite64", "writev", "fdatasync"];
const LONGEST_WAIT_MS = 3_000;

async function exitWithin(context: FaultContext, ms: number): Promise<boolean> {
  const server = context.server();
  await Promise.race([server.exited, context.pause(ms)]);
  return server.hasExited;
}

async function replace(context: FaultContext, inject?: readonly string[]): Promise<void> {
  await context.server().kill();
  await context.start(inject);
}

/** Only calls on the store's file: the process' sockets shall work. */
function onStoreFile({ storeDir }: FaultContext, rule: string): string[] {
  const call = rule.slice(0, rule.indexOf(":"));
  return ["-P", join(storeDir, "data.mdb"), "-e", `trace=${call}`, "-e", `inject=${rule}`];
}

const kill: Fault = {
  target: "lmdb",
  needs: "nothing",
  async inject(context) {
    await context.pause(context.random.between(100, 700));
    context.count("kills");
    await replace(context);
  },
};

const killAtCall: Fault = {
  target: "lmdb",
  needs: "strace",
  async inject(context) {
    const call = context.random.pick(WRITING_CALLS);
    const nth = context.random.between(1, 80);
    try {
      await replace(context, onStoreFile(context, `${call}:signal=SIGKILL:when=${nth}`));
      if (await exitWithin(context, LONGEST_WAIT_MS)) context.count(`killed at ${call}`);
    } catch (error) {
      // Killed while it opened the store: that is a place to be killed at, too.
      if (!(error instanceof StartFailed) || error.message.includes("refused")) throw error;
      context.count(`killed at ${call} while opening`);
    }
    await replace(context);
  },
};

/** The store must say that it takes no more writes, keep to it, and still answer reads. */
const syncError: Fault = {
  target: "lmdb",
  needs: "strace",
  async inject(context) {
    const nth = context.random.between(3, 40);
    const call = context.random.pick(["fdatasync", "pwrite64", "writev"]);
    await replace(context, onStoreFile(context, `${call}:error=EIO:when=${nth}`));
    const server = context.server();
    const outcome = await Promise.race([
      server.line(/^read-only/).then(() => "read-only"),
      server.exited.then(() => "ended by the binding"),
      context.pause(LONGEST_WAIT_MS).then(() => "not met"),
    ]);
    context.count(`EIO in ${call}: ${outcome}`);
    if (outcome === "read-only") await expectReadOnly(context);
    await replace(context);
  },
};

async function expectReadOnly(context: FaultContext): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt++) {
    const outcome = await context.probe(put(`eio-${context.random.between(0, 2 ** 31)}`));
    context.violations.expect(
      outcome === "Store.ReadOnly",
      "it stays read-only after EIO",
      () => `a write after EIO came out as ${outcome}`,
    );
    const client = await StoreClient.connect(context.server().socketPath);
    await client.call("get", { key: PROBE, revision: 0 }).catch((error) => {
      context.violations.add("reads go on after EIO", String(error));
    });
    client.close();
    await context.pause(50);
  }
}

/**
 * As where the file system cannot reserve blocks beforehand. LMDB's binding may end the process then (it writes the message beyond its
 * memory); what was acknowledged must be there all the same.
 */
const noSpaceCalls: Fault = {
  target: "lmdb",
  needs: "strace",
  async inject(context) {
    const first = context.random.between(3, 60);
    const call = context.random.pick(["pwrite64", "writev"]);
    await replace(context, onStoreFile(context, `${call}:error=ENOSPC:when=${first}..${first + 10}`));
    const hasEnded = await exitWithin(context, 1_000);
    context.count(hasEnded ? `ended by the binding after ENOSPC in ${call}` : `ENOSPC in ${call}`);
    if (!hasEnded) await expectWritesWork(context);
    await replace(context);
  },
};

const diskFull: Fault = {
  target: "lmdb",
  needs: "root",
  disk: { sizeMib: 48, commitSeconds: () => 5 },
  async inject(context) {
    await context.pause(300);
    context.disk!.fill();
    await context.pause(400);
    context.count("disk full");
    const deleted = await context.probe({
      compare: [],
      success: [{ type: "delete", key: PROBE }],
      failure: [],
    });
    context.count(`a delete on the full disk: ${deleted}`);
    const client = await StoreClient.connect(context.server().socketPath);
    await client.call("range", { prefix: "/registry/pods/" }).catch((error) => {
      context.violations.add("reads go on with a full disk", String(error));
    });
    client.close();
    context.disk!.free();
    await expectWritesWork(context);
  },
};

/** Without a restart. */
async function expectWritesWork(context: FaultContext): Promise<void> {
  let outcome = "";
  for (let attempt = 0; attempt < 40 && outcome !== "ok"; attempt++) {
    outcome = await context.probe(put(`space-${context.random.between(0, 2 ** 31)}`));
    if (outcome !== "ok") await context.pause(50);
  }
  context.violations.expect(outcome === "ok", "it writes again when there is space", () => outcome);
}

const stop: Fault = {
  target: "lmdb",
  needs: "nothing",
  async inject(context) {
    await context.pause(context.random.between(100, 500));
    context.server().signal("SIGSTOP");
    await context.pause(context.random.between(200, 800));
    context.server().signal("SIGCONT");
    context.count("stops");
  },
};

const powerCut: Fault = {
  target: "lmdb",
  needs: "root",
  disk: { sizeMib: 192, commitSeconds: (random) => random.pick([1, 5, 1000]) },
  async inject(context) {
    await context.pause(context.random.between(200, 1_200));
    context.disk!.cut();
    await context.server().kill();
    context.disk!.restore();
    context.count("power cuts");
    await context.start();
  },
};

const etcdKill: Fault = {
  target: "etcd",
  needs: "etcd",
  async inject(context) {
    await context.pause(context.random.between(200, 800));
    const member = context.random.pick(context.etcd);
    await member.kill();
    await context.pause(context.random.between(50, 400));
    await member.start();
    context.count("kills of an etcd member");
  },
};

const etcdPause: Fault = {
  target: "etcd",
  needs: "etcd",
  async inject(context) {
    await context.pause(context.random.between(200, 800));
    const member = context.random.pick(context.etcd);
    member.pause();
    await context.pause(context.random.between(200, 1_500));
    member.resume();
    context.count("pauses of an etcd member");
  },
};

const none: Fault = {
  target: "lmdb",
  needs: "nothing",
  inject: (context) => context.pause(500),
};

export const faults = {
  none,
  kill,
  "kill-at-call": killAtCall,
  "sync-error": syncError,
  "no-space-calls": noSpaceCalls,
  "disk-full": diskFull,
  stop,
  "power-cut": powerCut,
  "etcd-none": { ...none, target: "etcd", needs: "etcd" },
  "etcd-kill": etcdKill,
  "etcd-pause": etcdPause,
} satisfies Record<string, Fault>;
export type FaultName = keyof typeof faults;
