import { invalidArgument } from "../base/index.ts";
import { parseGoDuration } from "../formats/index.ts";

/** A time as Go writes it (`8s`, `1m30s`) in milliseconds. Throws InvalidArgument for what is none, or not longer than nothing. */
export function durationMs(option: string, text: string | undefined, usage: string): number | undefined {
  if (text === undefined) return undefined;
  const ms = (parseGoDuration(text) ?? 0) / 1e6;
  if (ms > 0) return ms;
  throw invalidArgument(`--${option} takes a time as 40s or 1m30s, not "${text}"`, {
    hint: `usage: ${usage}`,
    code: "Cli.Usage",
  });
}
