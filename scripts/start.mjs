// `npm start`: everything from a fresh clone to the running platform in the foreground.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { buildIfStale, installNpmPackages, installSystemPackages, root } from "./setup.mjs";

installNpmPackages();
installSystemPackages();
await buildIfStale();
const child = spawn(join(root, "bin", "gantry"), ["up", ...process.argv.slice(2)], { stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
