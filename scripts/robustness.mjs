// `node scripts/robustness.mjs [--minutes 30]`: the store under faults, with a report in docs/reliability (test/robustness/main.ts).
// `--fault NAME --seed N --seconds N [--bad NAME]` repeats one run.
import { join } from "node:path";
import { bundledNode, installNpmPackages, installSystemPackages, root, run } from "./setup.mjs";

installNpmPackages();
installSystemPackages({ forTests: true });
const main = join(root, "test", "robustness", "main.ts");
process.exit(run(bundledNode(), ["--disable-warning=ExperimentalWarning", main, ...process.argv.slice(2)]));
