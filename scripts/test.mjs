// `npm test`: sets up what is missing, then format and lint, types, unit tests and end-to-end tests, on the pinned Node.js.
import { join } from "node:path";
import { buildIfStale, bundledNode, installNpmPackages, installSystemPackages, root, run } from "./setup.mjs";

installNpmPackages();
installSystemPackages({ forTests: true, required: process.env.CI === "true" });
await buildIfStale();
const node = bundledNode();
const env = { ...process.env, PATH: `${join(root, "node_modules", ".bin")}:${process.env.PATH}` };
const steps = [
  ["format and lint", join(root, "node_modules", ".bin", "biome"), ["ci", "--reporter=summary"]],
  ["types", join(root, "node_modules", ".bin", "tsc"), ["--noEmit"]],
  ["tests", node, [join(root, "node_modules", "vitest", "vitest.mjs"), "run", ...process.argv.slice(2)]],
];
for (const [name, command, args] of steps) {
  process.stdout.write(`\n== ${name}\n`);
  const status = run(command, args, { env });
  if (status !== 0) {
    process.stderr.write(`${name}: failed\n`);
    process.exit(status);
  }
}
