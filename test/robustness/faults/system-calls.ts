import { join } from "node:path";
import { StartFailed } from "../server-process.ts";
import type { Fault, FaultContext } from "./fault.ts";
import { expectReads, expectWritesWork, putProbe } from "./probe.ts";

// The process under strace, which kills it at a call or makes the call fail.

/** What LMDB calls to write. */
const WRITING_CALLS = ["pwrite64", "writev", "fdatasync"];
const LONGEST_WAIT_MS = 3_000;

async function exitWithin(context: FaultContext, ms: number): Promise<boolean> {
  const server = context.server();
  await Promise.race([server.exited, context.pause(ms)]);
  return server.hasExited;
}

/** Only calls on the store's file fail: the process' sockets shall work. */
async function replaceBy(context: FaultContext, rule: string): Promise<void> {
  const call = rule.slice(0, rule.indexOf(":"));
  const onStoreFile = [
    "-P",
    join(context.storeDir, "data.mdb"),
    "-e",
    `trace=${call}`,
    "-e",
    `inject=${rule}`,
  ];
  await context.server().kill();
  await context.start(onStoreFile);
}

async function replace(context: FaultContext): Promise<void> {
  await context.server().kill();
  await context.start();
}

export const killAtCall: Fault = {
  target: "lmdb",
  needs: "strace",
  async inject(context) {
    const call = context.random.pick(WRITING_CALLS);
    const nth = context.random.between(1, 80);
    try {
      await replaceBy(context, `${call}:signal=SIGKILL:when=${nth}`);
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
export const syncError: Fault = {
  target: "lmdb",
  needs: "strace",
  async inject(context) {
    const nth = context.random.between(3, 40);
    const call = context.random.pick(WRITING_CALLS);
    await replaceBy(context, `${call}:error=EIO:when=${nth}`);
    const server = context.server();
    const outcome = await Promise.race([
      server.line(/^read-only/).then(() => "read-only"),
      server.exited.then(() => "ended by the binding"),
      context.pause(LONGEST_WAIT_MS).then(() => "not met"),
    ]);
    context.calm.end();
    context.count(`EIO in ${call}: ${outcome}`);
    if (outcome === "read-only") await expectReadOnly(context);
    await replace(context);
  },
};

async function expectReadOnly(context: FaultContext): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt++) {
    const outcome = await context.probe(putProbe(context));
    context.violations.expect(
      outcome === "Store.ReadOnly",
      "it stays read-only after EIO",
      () => `a write after EIO came out as ${outcome}`,
    );
    await expectReads(context, "reads go on after EIO");
    await context.pause(50);
  }
}

/**
 * As where the file system cannot reserve blocks beforehand. LMDB's binding may end the process then (it writes the message beyond its
 * memory); what was acknowledged must be there all the same.
 */
export const noSpaceCalls: Fault = {
  target: "lmdb",
  needs: "strace",
  async inject(context) {
    const first = context.random.between(3, 60);
    const call = context.random.pick(["pwrite64", "writev"]);
    await replaceBy(context, `${call}:error=ENOSPC:when=${first}..${first + 10}`);
    const hasEnded = await exitWithin(context, 1_000);
    context.count(hasEnded ? `ended by the binding after ENOSPC in ${call}` : `ENOSPC in ${call}`);
    if (!hasEnded) await expectWritesWork(context);
    await replace(context);
  },
};
