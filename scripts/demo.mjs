// `npm run demo`: sets up what is missing, then walks the whole tour (test/demo/main.ts).
import { join } from "node:path";
import { buildIfStale, bundledNode, installNpmPackages, installSystemPackages, root, run } from "./setup.mjs";

installNpmPackages();
installSystemPackages({ forTests: true });
await buildIfStale();
process.exit(
  run(bundledNode(), ["--disable-warning=ExperimentalWarning", join(root, "test", "demo", "main.ts")]),
);
