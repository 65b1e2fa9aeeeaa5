import { DEFAULT_PATH } from "../defaults.ts";

/** Later entries win; an entry without `=` takes the variable away. The order of first mention stays. */
export function mergeEnvironment(...lists: readonly (readonly string[])[]): string[] {
  const merged = new Map<string, string>();
  for (const entry of lists.flat()) {
    const equals = entry.indexOf("=");
    if (equals < 0) merged.delete(entry);
    else merged.set(entry.slice(0, equals), entry);
  }
  return [...merged.values()];
}

export interface EnvironmentOptions {
  config: { Env?: string[]; Hostname?: string; Tty?: boolean };
  home: string;
  tty?: boolean;
  /** What links tell; the container's own variables win over it. */
  links?: readonly string[];
  /** Pods' containers get HOSTNAME too, but never TERM from the terminal of somebody else. */
  extra?: readonly string[];
}

/** What a process of the container finds in its environment, in Docker's order. */
export function containerEnvironment({
  config,
  home,
  tty,
  links = [],
  extra = [],
}: EnvironmentOptions): string[] {
  const defaults = [`PATH=${DEFAULT_PATH}`, `HOSTNAME=${config.Hostname ?? ""}`];
  if (tty ?? config.Tty) defaults.push("TERM=xterm");
  const merged = mergeEnvironment(defaults, links, config.Env ?? [], extra);
  if (!merged.some((entry) => entry.startsWith("HOME="))) merged.push(`HOME=${home}`);
  return merged;
}
