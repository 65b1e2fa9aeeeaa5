import { GantryError } from "../../../base/index.ts";
import type { HistoryEntry, ImageConfig, ImageRuntimeConfig, Platform } from "../../../formats/index.ts";

export const HISTORY_COMMENT = "buildkit.dockerfile.v0";
export const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const DEFAULT_SHELL: readonly string[] = ["/bin/sh", "-c"];
/** Of all texts in a history: each RUN repeats all arguments. */
const MAX_HISTORY_LENGTH = 16 * 1024 * 1024;

const lengths = new WeakMap<HistoryEntry[], number>();

/** Of `FROM scratch`. */
export function emptyConfig(platform: Platform): ImageConfig {
  return {
    ...platform,
    config: { WorkingDir: "/", Env: [`PATH=${DEFAULT_PATH}`] },
    rootfs: { type: "layers", diff_ids: [] },
  };
}

/**
 * A configuration to go on from, without the time when it was made. Its history and its maps are its own; all else in it is
 * replaced and never changed.
 */
export function copyConfig(image: ImageConfig): ImageConfig {
  const { created: _, ...copy } = image;
  const history = [...(image.history ?? [])];
  lengths.set(history, lengths.get(image.history ?? history) ?? 0);
  return { ...copy, config: { ...image.config, ...ownMaps(image.config ?? {}) }, history } as ImageConfig;
}

const MAPS = ["Labels", "Volumes", "ExposedPorts"] as const;

function ownMaps(config: ImageRuntimeConfig): Partial<ImageRuntimeConfig> {
  const maps: Record<string, object> = {};
  // Without a prototype: a label may be called `__proto__`.
  for (const key of MAPS) if (config[key]) maps[key] = Object.assign(Object.create(null), config[key]);
  return maps;
}

/** How many entries a copy of the configuration copies. */
export function entriesOf({ config = {}, history = [] }: ImageConfig): number {
  const maps = MAPS.reduce((sum, key) => sum + Object.keys(config[key] ?? {}).length, 0);
  return maps + (config.Env?.length ?? 0) + history.length / 32;
}

/** The map that a configuration has under a name, made if need be. */
export function mapOf<K extends (typeof MAPS)[number]>(
  config: ImageRuntimeConfig,
  key: K,
): NonNullable<ImageRuntimeConfig[K]> {
  config[key] ??= Object.create(null);
  return config[key]!;
}

export function runtimeConfig(image: ImageConfig): ImageRuntimeConfig {
  image.config ??= {};
  return image.config;
}

export function withShell(image: ImageConfig, words: readonly string[]): string[] {
  const shell = image.config?.Shell ?? [];
  return [...(shell.length > 0 ? shell : DEFAULT_SHELL), words.join(" ")];
}

export function variableName(entry: string): string {
  return entry.split("=", 1)[0]!;
}

export function variableValue(entry: string): string {
  const equals = entry.indexOf("=");
  return equals < 0 ? "" : entry.slice(equals + 1);
}

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
