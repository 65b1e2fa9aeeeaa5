import type { ImageRuntimeConfig } from "../formats/index.ts";

const DEFAULT_SHELL: readonly string[] = ["/bin/sh", "-c"];
export const DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export function shellOf(config: ImageRuntimeConfig): readonly string[] {
  return config.Shell && config.Shell.length > 0 ? config.Shell : DEFAULT_SHELL;
}

/** Sets `KEY=value` in a list of environment variables: in place of an earlier one, or at the end. */
export function setEnv(env: readonly string[], key: string, value: string): string[] {
  const entry = `${key}=${value}`;
  const index = env.findIndex((existing) => existing === key || existing.startsWith(`${key}=`));
  return index < 0 ? [...env, entry] : env.with(index, entry);
}

/** How the classic builder tells a metadata step in an image's history. */
export function nopCommand(config: ImageRuntimeConfig, comment: string, separator = "#(nop)  "): string {
  return `${shellOf(config).join(" ")} ${separator}${comment}`;
}

/** A list as Go's `%q` prints it, which the history shows: `["node" "server.js"]`. */
export function quotedList(words: readonly string[]): string {
  return `[${words.map((word) => JSON.stringify(word)).join(" ")}]`;
}

/** History text of steps that write files themselves. */
export function fileStepHistory(config: ImageRuntimeConfig, comment: string): string {
  return nopCommand(config, comment, "#(nop) ");
}
