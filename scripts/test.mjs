// `npm test`: sets up what is missing, then format and lint, types, unit tests and end-to-end tests, on the pinned Node.js.
import { join } from "node:path";
import { leftovers } from "./leftovers.mjs";
import {
  buildIfStale,
  bundledNode,
  installNpmPackages,
  installSystemPackages,
  root,
  run,
  unpackDockerd,
  unpackPlugins,
} from "./setup.mjs";

installNpmPackages();
installSystemPackages({ forTests: true, required: process.env.CI === "true" });
unpackDockerd();
unpackPlugins();
await buildIfStale();
const node = bundledNode();
const env = { ...process.env, PATH: `${join(root, "node_modules", ".bin")}:${process.env.PATH}` };
const steps = [
  ["format and lint", join(root, "node_modules", ".bin", "biome"), ["ci", "--reporter=summary"]],
  ["types", join(root, "node_modules", ".bin", "tsc"), ["--noEmit"]],
  ["tests", node, [join(root, "node_modules", "vitest", "vitest.mjs"), "run", ...process.argv.slice(2)]],
];
const before = leftovers();
for (const [name, command, args] of steps) {
  process.stdout.write(`\n== ${name}\n`);
  const status = run(command, args, { env });
  if (status !== 0) {
    process.stderr.write(`${name}: failed\n`);
    process.exit(status);
  }
}

// Tests may leave nothing behind. What goes away within a moment (a process that is just ending) does not count. GANTRY_STRICT=0
// only tells it, for a machine on which other instances come and go meanwhile.
let left = [];
for (let attempt = 0; attempt < 20; attempt++) {
  left = [...leftovers()].filter((one) => !before.has(one));
  if (left.length === 0) break;
  await new Promise((resolve) => setTimeout(resolve, 250));
}
if (left.length > 0) {
  process.stderr.write(`\nthe tests left behind:\n${left.map((one) => `  ${one}\n`).join("")}`);
  if (process.env.GANTRY_STRICT !== "0") process.exit(1);
}
