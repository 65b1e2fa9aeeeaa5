import { runScenario } from "./scenario.ts";

const [fault, ms, bad] = process.argv.slice(2);
const report = await runScenario({
  fault: fault as never,
  seed: Number(process.env.SEED ?? 1),
  durationMs: Number(ms ?? 2000),
  ...(bad ? { bad } : {}),
});
const { violations, serverLog, ...rest } = report;
console.log(JSON.stringify(rest));
for (const v of violations.slice(0, 12)) console.log(" !", v.property, "|", v.message.slice(0, 300));
if (process.env.LOG) console.log(serverLog);
process.exit(0);
