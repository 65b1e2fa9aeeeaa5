import { resolve } from "node:path";
import { invalidArgument } from "../../base/index.ts";
import { parseArguments } from "../arguments.ts";
import { homeDirectory } from "../home.ts";
import { check } from "./check.ts";
import { compact } from "./compact.ts";
import { defrag } from "./defrag.ts";
import { exportKeys } from "./export.ts";
import { migrate } from "./migrate.ts";
import { restore } from "./restore.ts";
import { snapshot } from "./snapshot.ts";
import { stats } from "./stats.ts";
import { STORE_USAGE } from "./usage.ts";
import type { Verb } from "./verb.ts";

const VERBS: Record<string, Verb> = {
  check: { run: check },
  stats: { run: stats },
  compact: { run: compact, options: { revision: { type: "string" } } },
  defrag: { run: defrag },
  snapshot: { run: snapshot, takesFile: true },
  restore: { run: restore, takesFile: true, options: { "keep-revision": { type: "boolean" } } },
  export: { run: exportKeys, options: { prefix: { type: "string" } } },
  migrate: { run: migrate, options: { to: { type: "string" } } },
};

const COMMON_OPTIONS = { home: { type: "string" }, json: { type: "boolean" } } as const;

/** Looks after the store of a home, whether a program runs on it or not. */
export async function store(args: readonly string[]): Promise<number> {
  const [name = "", ...rest] = args;
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (!verb) throw usageError(name ? `the store has no command "${name}"` : "a command is missing");
  const file = verb.takesFile && rest[0] !== undefined && !rest[0].startsWith("-") ? rest.shift() : undefined;
  if (verb.takesFile && file === undefined) throw usageError("the name of a file is missing");
  const parsed = parseArguments(rest, { ...COMMON_OPTIONS, ...verb.options }, STORE_USAGE);
  return verb.run({ home: homeDirectory(parsed.text("home")), file: file && resolve(file), parsed });
}

const usageError = (message: string) =>
  invalidArgument(message, { hint: `usage: ${STORE_USAGE}`, code: "Cli.Usage" });
