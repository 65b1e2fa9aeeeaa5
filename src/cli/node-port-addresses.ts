import { BlockList } from "node:net";
import { invalidArgument } from "../base/index.ts";

/** `primary`, or ranges like `192.0.2.0/24,10.0.0.0/8`. Throws InvalidArgument for what is neither. */
export function nodePortAddresses(text: string | undefined, usage: string): string | undefined {
  if (text === undefined || text === "primary" || text.split(",").every(isRange)) return text;
  const takes =
    "--nodeport-addresses takes primary, or ranges of IPv4 addresses like 192.0.2.0/24,10.0.0.0/8";
  throw invalidArgument(`${takes}, not "${text}"`, { hint: `usage: ${usage}`, code: "Cli.Usage" });
}

function isRange(text: string): boolean {
  const [, network, prefix] = /^(\d+\.\d+\.\d+\.\d+)\/(\d{1,2})$/.exec(text) ?? [];
  if (network === undefined) return false;
  try {
    new BlockList().addSubnet(network, Number(prefix));
    return true;
  } catch {
    return false;
  }
}
