import { parseArguments } from "./arguments.ts";
import { KUBERNETES_VERSION, VERSION } from "./versions.ts";

export const VERSION_USAGE = "gantry version [--json]";

export async function version(args: readonly string[]): Promise<number> {
  const parsed = parseArguments(args, { json: { type: "boolean" } }, VERSION_USAGE);
  const facts = { gantry: VERSION, kubernetes: KUBERNETES_VERSION, node: process.version };
  if (parsed.flag("json")) process.stdout.write(`${JSON.stringify(facts)}\n`);
  else
    process.stdout.write(`gantry ${facts.gantry} (Kubernetes ${facts.kubernetes}, Node.js ${facts.node})\n`);
  return 0;
}
