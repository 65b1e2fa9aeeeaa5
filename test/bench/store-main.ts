import { parseArgs } from "node:util";
import { benchStore } from "./store.ts";

// Prints the store's figures beside etcd's as JSON. Run nothing else beside it. `--objects 150000` adds the start with many.

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "10" },
    rounds: { type: "string", default: "3" },
    objects: { type: "string", default: "0" },
    watchers: { type: "string", default: "1000" },
  },
});
const numbers = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)]));
const report = await benchStore(numbers as unknown as Parameters<typeof benchStore>[0]);
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
