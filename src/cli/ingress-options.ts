import { invalidArgument } from "../base/index.ts";
import type { OptionSpecs, ParsedArguments } from "./arguments.ts";
import type { IngressOptions } from "./platform-runner.ts";

export const INGRESS_OPTIONS: OptionSpecs = {
  ingress: { type: "string" },
  "ingress-http-port": { type: "string" },
  "ingress-https-port": { type: "string" },
};
const PORTS = { min: 1, max: 65_535 };

/** What is said of traffic from outside. Throws InvalidArgument for what is not valid. */
export function ingressOptions(parsed: ParsedArguments, usage: string): IngressOptions {
  const text = parsed.text("ingress");
  if (text !== undefined && text !== "true" && text !== "false") {
    const hint = { hint: `usage: ${usage}`, code: "Cli.Usage" };
    throw invalidArgument(`--ingress takes true or false, not "${text}"`, hint);
  }
  return {
    isEnabled: text === undefined ? undefined : text === "true",
    httpPort: parsed.integer("ingress-http-port", PORTS),
    httpsPort: parsed.integer("ingress-https-port", PORTS),
  };
}
