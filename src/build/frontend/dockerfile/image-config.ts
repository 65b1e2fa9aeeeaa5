import { GantryError } from "../../../base/index.ts";
import type { HistoryEntry, ImageConfig, ImageRuntimeConfig, Platform } from "../../../formats/index.ts";

export const HISTORY_COMMENT = "buildkit.dockerfile.v0";
export const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const DEFAULT_SHELL: readonly string[] = ["/bin/sh", "-c"];
/** Of all texts in a history: each RUN repeats all arguments. */
const MAX_HISTORY_LENGTH = 16 * 1024 * 1024;

/** Of `FROM scratch`. */
export function emptyConfig(platform: Platform): ImageConfig {
  return {
    ...platform,
    config: { WorkingDir: "/", Env: [`PATH=${DEFAULT_PATH}`] },
    rootfs: { type: "layers", diff_ids: [] },
  };
}

/** A configuration to go on from: a copy, without the time when it was made. */
export function copyConfig(image: ImageConfig): ImageConfig {
  const { created: _, ...copy } = structuredClone(image);
  return copy as ImageConfig;
}

export function runtimeConfig(image: ImageConfig): ImageRuntimeConfig {
  image.config ??= {};
  return image.config;
}

export function withShell(image: ImageConfig, words: readonly string[]): string[] {
  const shell = image.config?.Shell ?? [];
  return [...(shell.length > 0 ? shell : DEFAULT_SHELL), words.join(" ")];
}

/** Sets a variable: in place of an earlier one, or at the end. */
export function setVariable(config: ImageRuntimeConfig, key: string, value: string): void {
  const env = config.Env ?? [];
  const entry = `${key}=${value}`;
  const at = env.findIndex((one) => variableName(one) === key);
  config.Env = at < 0 ? [...env, entry] : env.with(at, entry);
}

export function variableName(entry: string): string {
  return entry.split("=", 1)[0]!;
}

export function variableValue(entry: string): string {
  const equals = entry.indexOf("=");
  return equals < 0 ? "" : entry.slice(equals + 1);
}

const lengths = new WeakMap<HistoryEntry[], number>();

/** Tells a step in the image's history. `epochSeconds` is SOURCE_DATE_EPOCH. */
export function addHistory(
  image: ImageConfig,
  createdBy: string,
  { hasLayer, epochSeconds }: { hasLayer: boolean; epochSeconds: number | undefined },
): void {
  image.history ??= [];
  const { history } = image;
  const length = (lengths.get(history) ?? 0) + createdBy.length;
  if (length > MAX_HISTORY_LENGTH)
    throw new GantryError("ResourceExhausted", "the image's history is too long", {
      code: "Dockerfile.History",
    });
  lengths.set(history, length);
  history.push({
    ...(epochSeconds === undefined ? {} : { created: goTime(epochSeconds) }),
    created_by: createdBy,
    comment: HISTORY_COMMENT,
    ...(hasLayer ? {} : { empty_layer: true }),
  });
}

/** A time as Go's JSON has it: without fractions of a second that are none. */
function goTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}
