import { writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { silentLogger } from "../../../src/base/index.ts";
import { openLmdbStore } from "../../../src/store/index.ts";
import { knownBad } from "../known-bad/index.ts";
import { groups } from "./steps.ts";

// Does the steps on a store in a process of its own, which strace kills somewhere. Prints `open`, then `ack <step> <lease>` for each step
// that was acknowledged (with the newest lease, 0 if there is none), and `end`.

const { values } = parseArgs({
  options: { dir: { type: "string" }, snapshots: { type: "string" }, bad: { type: "string" } },
});
// Written at once: what was acknowledged is known though the process may be killed at its next call.
const print = (line: string) => writeSync(1, `${line}\n`);

if (values.bad) knownBad[values.bad]!.patch!();
const store = await openLmdbStore({ dir: values.dir!, logger: silentLogger, keepHistoryMs: 0 });
print("open");
const place = { dir: values.snapshots!, leases: [] as number[] };
let count = 0;
for (const group of groups) {
  await Promise.all(
    group.map(async (step, index) => {
      await step.run(store, place);
      print(`ack ${count + index} ${place.leases.at(-1) ?? 0}`);
    }),
  );
  count += group.length;
}
await store.close();
print("end");
