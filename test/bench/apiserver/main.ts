import { benchCreatesAtSizes, benchDefinitions } from "./size.ts";
import { benchFieldWatchers, benchManyWatchers } from "./watchers.ts";

// main.ts [SECONDS] [MEASUREMENT…]: how the API server bears many watchers, many objects and many definitions, as one JSON
// object. 10,000 watchers need a limit of open files of 20,000 (`ulimit -n`). Run nothing else beside it.
const [secondsText = "10", ...only] = process.argv.slice(2);
const seconds = Number(secondsText);
const watchers = Number(process.env.WATCHERS ?? 10_000);
const MEASUREMENTS: Record<string, () => Promise<object>> = {
  "many-watchers": () => benchManyWatchers({ watchers, changesPerSecond: 20, seconds }),
  "field-watchers": () => benchFieldWatchers([10, 5_000], 100 * seconds),
  creates: () => benchCreatesAtSizes([1_000, 150_000], seconds),
  definitions: () => benchDefinitions([0, 500]),
};
const report: Record<string, object> = {};
for (const [name, measure] of Object.entries(MEASUREMENTS))
  if (only.length === 0 || only.includes(name)) report[name] = await measure();
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
