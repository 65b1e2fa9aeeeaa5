import { writeFileSync } from "node:fs";
import type { OciProcess, OciSpec } from "./oci-spec.ts";

/** RLIM_INFINITY; a double cannot hold it. */
const UNLIMITED = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON("18446744073709551615");

/** Writes a specification for the runtime to read. Infinity stands for "unlimited". */
export function writeSpecFile(path: string, spec: OciSpec | OciProcess): void {
  const text = JSON.stringify(spec, (_key, value: unknown) =>
    value === Number.POSITIVE_INFINITY ? UNLIMITED : value,
  );
  writeFileSync(path, text, { mode: 0o600 });
}
