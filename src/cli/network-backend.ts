import { invalidArgument } from "../base/index.ts";

/** By which way pods of different nodes reach each other. */
export const NETWORK_BACKENDS = ["vxlan", "host-gw"] as const;

export type NetworkBackend = (typeof NETWORK_BACKENDS)[number];

/** Throws InvalidArgument for what is none. */
export function networkBackend(text: string | undefined, usage: string): NetworkBackend | undefined {
  if (text === undefined || (NETWORK_BACKENDS as readonly string[]).includes(text))
    return text as NetworkBackend | undefined;
  throw invalidArgument(`--network-backend takes ${NETWORK_BACKENDS.join(" or ")}, not "${text}"`, {
    hint: `usage: ${usage}`,
    code: "Cli.Usage",
  });
}
