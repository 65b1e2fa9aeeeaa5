import type { StoreStatus } from "../../store/index.ts";
import type { ParsedArguments } from "../arguments.ts";

/** A store's figures for people, or with `--json` for programs. */
export function printStatus(status: StoreStatus, parsed: ParsedArguments): void {
  const { sizeBytes, sizeInUseBytes } = status;
  const rows: [string, string | number][] = [
    ["Revision", status.revision],
    ["Compacted to", status.compactRevision],
    ["Keys", status.keyCount],
    ["Size", megabytes(sizeBytes)],
    ["In use", megabytes(sizeInUseBytes)],
    ["Fragmentation", `${Math.round(100 * (1 - sizeInUseBytes / sizeBytes))} %`],
  ];
  const text = rows.map(([name, value]) => `${`${name}:`.padEnd(16)}${value}\n`).join("");
  process.stdout.write(parsed.flag("json") ? `${JSON.stringify(status)}\n` : text);
}

export const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
