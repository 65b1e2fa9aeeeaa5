import { BENCH_NODE_ARGS } from "./apiserver/server.ts";
import { benchApiServer } from "./apiserver.ts";

// apiserver-main.ts [SECONDS] [MEASUREMENT…]: prints one JSON object. Run nothing else beside it.
const [seconds = "8", ...only] = process.argv.slice(2);
const report = await benchApiServer({
  seconds: Number(seconds),
  execArgv: BENCH_NODE_ARGS,
  ...(only.length > 0 ? { only } : {}),
});
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
