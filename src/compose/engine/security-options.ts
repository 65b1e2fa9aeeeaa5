import { resolve } from "node:path";
import { errorMessage, invalidArgument } from "../../base/index.ts";

export interface SecurityOptions {
  opts: string[] | undefined;
  /** Paths that are usually hidden or read-only are neither. */
  unconfined: boolean;
}

/** A service's `security_opt` as the engine takes it: a profile of seccomp goes along as its text. */
export function readSecurityOptions(
  options: readonly string[] | undefined,
  workingDir: string,
  readFile: (path: string) => string,
): SecurityOptions {
  if (!options) return { opts: undefined, unconfined: false };
  const opts: string[] = [];
  for (const option of options) {
    if (option === "systempaths=unconfined") continue;
    const separator = option.includes("=") ? "=" : ":";
    const [name, ...rest] = option.split(separator);
    const value = rest.join(separator);
    if (rest.length === 0 && name !== "no-new-privileges") {
      throw invalidArgument(`invalid security-opt: ${JSON.stringify(option)}`);
    }
    const isFile = name === "seccomp" && value !== "unconfined" && value !== "builtin";
    opts.push(isFile ? `seccomp=${profile(value, workingDir, readFile)}` : option);
  }
  return { opts, unconfined: options.includes("systempaths=unconfined") };
}

function profile(path: string, workingDir: string, readFile: (path: string) => string): string {
  let text: string;
  try {
    text = readFile(resolve(workingDir, path));
  } catch (error) {
    throw invalidArgument(`opening seccomp profile (${path}) failed: ${errorMessage(error)}`);
  }
  try {
    return JSON.stringify(JSON.parse(text));
  } catch (error) {
    throw invalidArgument(`compacting json for seccomp profile (${path}) failed: ${errorMessage(error)}`);
  }
}
