import type { Fault } from "./fault.ts";
import { deleteProbe, expectReads, expectWritesWork } from "./probe.ts";

export const diskFull: Fault = {
  target: "lmdb",
  needs: "root",
  disk: { sizeMib: 48, commitSeconds: () => 5 },
  async inject(context) {
    await context.pause(300);
    context.calm.end();
    context.disk!.fill();
    await context.pause(400);
    context.count("disk full");
    context.count(`a delete on the full disk: ${await context.probe(deleteProbe)}`);
    await expectReads(context, "reads go on with a full disk");
    context.disk!.free();
    await expectWritesWork(context);
    context.calm.begin();
  },
};

export const powerCut: Fault = {
  target: "lmdb",
  needs: "root",
  disk: { sizeMib: 192, commitSeconds: (random) => random.pick([1, 5, 1000]) },
  async inject(context) {
    await context.pause(context.random.between(200, 1_200));
    context.calm.end();
    context.disk!.cut();
    await context.server().kill();
    context.disk!.restore();
    context.count("power cuts");
    await context.start();
  },
};

/** Power cuts and kills while snapshots are taken and the file is written anew. */
export const snapshot: Fault = {
  ...powerCut,
  disk: { sizeMib: 512, commitSeconds: (random) => random.pick([1, 5, 1000]) },
  maintains: ["snapshot", "snapshot", "defragment"],
  async inject(context) {
    if (context.random.next() < 0.6) return powerCut.inject(context);
    await context.pause(context.random.between(200, 700));
    await context.server().kill();
    context.count("kills");
    await context.start();
  },
};
