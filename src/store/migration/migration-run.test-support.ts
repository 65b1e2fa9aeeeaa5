import { createLogger } from "../../base/index.ts";
import { type MigrationOptions, migrateStore } from "./index.ts";

// A program for the crash tests: runs one migration, between the places that its argument names as JSON, and prints `moved` when its
// caller would switch over. It is killed by the failpoints that GANTRY_FAILPOINTS names.

const places = JSON.parse(process.argv[2]!) as Pick<MigrationOptions, "from" | "to">;
const print = (line: string) => process.stdout.write(`${line}\n`);
await migrateStore({
  ...places,
  logger: createLogger((line) => print(`log ${line}`), "warn"),
  onMoved: async () => void print("moved"),
});
print("done");
