// Builds dist/: the model tables, then one bundle of src/main.ts. Native packages stay outside the bundle.
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const generated = join(root, "src", "kube", "api", "generated");

function* walk(dir) {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) {
      if (path !== generated) yield* walk(path);
    } else if (/\.(ts|json|mjs)$/.test(entry.name) && !entry.name.endsWith(".test.ts")) yield path;
  }
}

/** Files that the bundle depends on. */
export function sourceFiles() {
  return [...walk(join(root, "src")), ...walk(join(root, "scripts")), join(root, "package-lock.json")];
}

export async function buildAll() {
  const { generateModels } = await import("./generate-models.mjs");
  await generateModels();
  const { build } = await import("esbuild");
  // Built beside and then put in place, so that a start meanwhile finds the old or the new, and nothing in between.
  const out = join(root, `dist.${process.pid}`);
  mkdirSync(out, { recursive: true });
  await build({
    entryPoints: { gantry: join(root, "src", "main.ts"), ...workerEntryPoints() },
    outdir: out,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    platform: "node",
    target: "node24",
    format: "esm",
    external: ["koffi", "lmdb"],
    sourcemap: "linked",
    legalComments: "none",
    logLevel: "warning",
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  });
  cpSync(generated, join(out, "generated"), { recursive: true, filter: (path) => !path.endsWith(".ts") });
  const place = join(root, "dist");
  const before = join(root, `dist.old.${process.pid}`);
  if (existsSync(place)) renameSync(place, before);
  renameSync(out, place);
  rmSync(before, { recursive: true, force: true });
}

/** Worker threads are entry points of their own: every `*.worker.ts`. */
function workerEntryPoints() {
  const workers = [...walk(join(root, "src"))].filter((path) => path.endsWith(".worker.ts"));
  return Object.fromEntries(workers.map((path) => [path.split("/").at(-1).replace(/\.ts$/, ""), path]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildAll();
