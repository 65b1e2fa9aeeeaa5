import { invalidArgument } from "../../base/index.ts";
import { type OptionSpecs, type ParsedArguments, parseArguments } from "../arguments.ts";
import { homeDirectory } from "../home.ts";
import { type AdminAccess, withAdmin } from "./admin-access.ts";

/** What `gantry token` and `gantry node` can be told to do. */
export interface Verb {
  options: OptionSpecs;
  /** Words before the options. */
  takesNames?: boolean;
  /** Returns what is to be printed. */
  run(admin: AdminAccess, parsed: ParsedArguments, names: readonly string[]): Promise<string>;
}

interface Command {
  what: string;
  verbs: Record<string, Verb>;
  usage: string;
}

export async function runVerb({ what, verbs, usage }: Command, args: readonly string[]): Promise<number> {
  const refused = (message: string) =>
    invalidArgument(message, { hint: `usage: ${usage}`, code: "Cli.Usage" });
  const [name = "", ...rest] = args;
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (!verb) throw refused(name ? `'gantry ${what}' has no command "${name}"` : "a command is missing");
  const names: string[] = [];
  while (verb.takesNames && rest[0] !== undefined && !rest[0].startsWith("-")) names.push(rest.shift()!);
  if (verb.takesNames && names.length === 0) throw refused("a name is missing");
  const parsed = parseArguments(rest, { home: { type: "string" }, ...verb.options }, usage);
  const text = await withAdmin(homeDirectory(parsed.text("home")), (admin) => verb.run(admin, parsed, names));
  process.stdout.write(text);
  return 0;
}
