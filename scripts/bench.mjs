// `npm run bench [start-up] [memory] [docker-run] [pod-start] [restart]`: prints JSON (test/bench/main.ts).
import { join } from "node:path";
import { buildIfStale, bundledNode, installNpmPackages, installSystemPackages, root, run } from "./setup.mjs";

installNpmPackages();
installSystemPackages({ forTests: true });
await buildIfStale();
const args = [
  "--disable-warning=ExperimentalWarning",
  join(root, "test", "bench", "main.ts"),
  ...process.argv.slice(2),
];
process.exit(run(bundledNode(), args));
