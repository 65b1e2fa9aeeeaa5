import type { Fault, FaultContext } from "./fault.ts";

export const none: Fault = {
  target: "lmdb",
  needs: "nothing",
  inject: (context) => context.pause(500),
};

export const kill: Fault = {
  target: "lmdb",
  needs: "nothing",
  async inject(context) {
    await context.pause(context.random.between(100, 700));
    context.count("kills");
    await context.server().kill();
    await context.start();
  },
};

/** While the file is written anew again and again. */
export const defragment: Fault = { ...kill, maintains: ["defragment"] };

/**
 * A stopped process comes back to a clock that has gone on: leases that nobody could renew meanwhile end at once, as in an etcd of one
 * member. Their holders' own clocks say the same, so nobody may still count on them; a longer life would only delay the next holder.
 */
async function stopFor(context: FaultContext, ms: number): Promise<void> {
  context.calm.end();
  context.server().signal("SIGSTOP");
  await context.pause(ms);
  context.server().signal("SIGCONT");
  context.calm.begin();
  context.count("stops");
}

export const stop: Fault = {
  target: "lmdb",
  needs: "nothing",
  async inject(context) {
    await context.pause(context.random.between(300, 700));
    await stopFor(context, context.random.between(200, 1_500));
  },
};

export const longStop: Fault = {
  ...stop,
  onlyInLongRun: true,
  async inject(context) {
    await context.pause(2_000);
    await stopFor(context, 20_000);
    await context.pause(3_000);
  },
};

const HOUR_MS = 3_600_000;

/** The wall clock jumps, runs fast and slow. Nothing that the store does may depend on it. */
export const clock: Fault = {
  target: "lmdb",
  needs: "nothing",
  movableDate: true,
  keepHistoryMs: 1_500,
  async inject(context) {
    const { random } = context;
    const offsetMs = random.pick([HOUR_MS, -HOUR_MS, 0, random.between(-5_000, 5_000)]);
    const driftPerSecond = random.pick([0, 0, 0.01, -0.01, 50]);
    await context.ask((client) => client.call("moveClock", { offsetMs, driftPerSecond }));
    context.count(driftPerSecond === 0 ? "clock jumps" : "clock jumps and drifts");
    await context.pause(random.between(100, 600));
  },
};
