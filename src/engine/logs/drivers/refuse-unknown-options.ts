import { invalidRequest } from "../../errors.ts";
import type { LogOptionValues } from "./types.ts";

/** Throws InvalidArgument for the first option that a log driver does not have. */
export function refuseUnknownOptions(
  options: LogOptionValues,
  known: readonly string[],
  driver: string,
): void {
  for (const name of Object.keys(options))
    if (!known.includes(name)) throw invalidRequest(`unknown log opt '${name}' for ${driver} log driver`);
}
