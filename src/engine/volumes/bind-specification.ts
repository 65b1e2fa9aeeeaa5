import { posix } from "node:path";
import { invalidMount } from "../errors.ts";
import { assertName } from "./volume-store.ts";

export interface BindSpecification {
  /** Host directory (absolute) or volume name; absent for an anonymous volume. */
  source?: string;
  target: string;
  mode: string;
  readOnly: boolean;
  copyUp: boolean;
  propagation: string;
}

export const PROPAGATIONS: ReadonlySet<string> = new Set([
  "private",
  "rprivate",
  "slave",
  "rslave",
  "shared",
  "rshared",
]);
const CONSISTENCIES = new Set(["consistent", "cached", "delegated", "default"]);

/** `source:target[:options]` of `docker run -v`. */
export function parseBind(text: string): BindSpecification {
  const parts = text.split(":");
  if (parts.length > 3 || parts.some((part) => part === ""))
    throw invalidMount(`invalid volume specification: '${text}'`);
  const [first, second, mode = ""] = parts;
  const target = second ?? first!;
  const source = second === undefined ? undefined : first;
  assertTarget(target, text);
  if (source !== undefined && !source.startsWith("/")) assertName(source);
  const options = parseMode(mode);
  const [type, field] = source?.startsWith("/")
    ? ["bind", options.copyUp ? "" : "VolumeOptions"]
    : ["volume", options.propagation === "" ? "" : "BindOptions"];
  if (field !== "") {
    throw invalidMount(
      `invalid volume specification: '${text}': invalid mount config for type "${type}": field ${field} must not be specified`,
    );
  }
  return { source, target: posix.normalize(target), mode, ...options };
}

function parseMode(mode: string): Pick<BindSpecification, "readOnly" | "copyUp" | "propagation"> {
  const result = { readOnly: false, copyUp: true, propagation: "" };
  for (const option of mode.split(",").filter(Boolean)) {
    if (option === "ro") result.readOnly = true;
    else if (option === "nocopy") result.copyUp = false;
    else if (PROPAGATIONS.has(option)) result.propagation = option;
    else if (!["rw", "z", "Z"].includes(option) && !CONSISTENCIES.has(option)) {
      throw invalidMount(`invalid mode: ${mode}`);
    }
  }
  return result;
}

export function assertTarget(target: string, specification: string): void {
  if (!target.startsWith("/")) {
    throw invalidMount(
      `invalid volume specification: '${specification}': invalid mount config for type "bind": ` +
        `invalid mount path: '${target}' mount path must be absolute`,
    );
  }
  if (posix.normalize(target).replace(/\/$/, "") === "") {
    throw invalidMount(
      `invalid volume specification: '${specification}': invalid mount config for type "bind": ` +
        "invalid specification: destination can't be '/'",
    );
  }
}
