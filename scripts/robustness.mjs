// `node scripts/robustness.mjs [--minutes 30] [--sweep]`: the store under faults, with a report in docs/reliability
// (test/robustness/main.ts). `--fault NAME --seed N --seconds N [--bad NAME]` repeats one run.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { bundledNode, installNpmPackages, installSystemPackages, root } from "./setup.mjs";

installNpmPackages();
installSystemPackages({ forTests: true });
const main = join(root, "test", "robustness", "main.ts");
const args = ["--disable-warning=ExperimentalWarning", main, ...process.argv.slice(2)];
const child = spawn(bundledNode(), args, { cwd: root, stdio: "inherit" });
// It removes what it has made, and ends then.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.once("exit", (code) => process.exit(code ?? 1));
