import { benchApiServer } from "./apiserver.ts";

// apiserver-main.ts [SECONDS] [MEASUREMENT…]: prints one JSON object. Run nothing else beside it. What stands in
// GANTRY_BENCH_NODE_ARGS is given to the server's Node: `--cpu-prof --cpu-prof-dir=DIR`.
const [seconds = "8", ...only] = process.argv.slice(2);
const execArgv = (process.env.GANTRY_BENCH_NODE_ARGS ?? "").split(" ").filter((arg) => arg !== "");
const report = await benchApiServer({
  seconds: Number(seconds),
  execArgv,
  ...(only.length > 0 ? { only } : {}),
});
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
