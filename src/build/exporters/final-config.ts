import { invalidArgument } from "../../base/index.ts";
import type { HistoryEntry, ImageConfig, Platform } from "../../formats/index.ts";
import { DEFAULT_PATH } from "../image-config.ts";
import type { TreeLayer } from "../solver/types.ts";

export interface FinalConfigInput {
  /** Absent: the build has no frontend; the image gets nothing but a path and a directory. */
  config: ImageConfig | undefined;
  baseConfig: ImageConfig | undefined;
  platform: Platform;
  layers: readonly TreeLayer[];
  epochMs: number | undefined;
  inlineCache: string | undefined;
}

/**
 * The configuration as it is stored: with its layers, and with a history that tells of each of them and when. Its bytes depend on
 * the build's inputs only: times are those of the layers, which the cache keeps (moby/buildkit, exporter/containerimage).
 */
export function finalConfigText(input: FinalConfigInput): string {
  const config = input.config ?? emptyConfig(input.platform);
  if (!config.os) throw invalidArgument("invalid image config for export: missing os");
  if (!config.architecture) throw invalidArgument("invalid image config for export: missing architecture");
  const history = clampTimes(completeHistory(config.history ?? [], input.layers), input);
  const members: Record<string, unknown> = {
    ...config,
    rootfs: { type: "layers", diff_ids: input.layers.map(({ diffId }) => diffId) },
    history,
    created: createdOf(config, history, input.epochMs),
    "moby.buildkit.cache.v0": input.inlineCache,
  };
  const sorted = Object.keys(members).sort();
  return JSON.stringify(Object.fromEntries(sorted.map((key) => [key, members[key]])));
}

function emptyConfig({ os, architecture, variant }: Platform): ImageConfig {
  return {
    architecture,
    os,
    ...(variant ? { variant } : {}),
    config: { Env: [DEFAULT_PATH], WorkingDir: "/" },
    rootfs: { type: "layers", diff_ids: [] },
  };
}

/** One entry that is not empty for each layer, and a time in each. */
function completeHistory(given: readonly HistoryEntry[], layers: readonly TreeLayer[]): HistoryEntry[] {
  const history: HistoryEntry[] = [];
  let next = 0;
  for (const entry of given) {
    const layer = entry.empty_layer ? undefined : layers[next];
    if (!layer) history.push({ ...entry, empty_layer: true });
    else {
      history.push({ ...entry, created: entry.created ?? timeOf(layer) });
      next++;
    }
  }
  for (const layer of layers.slice(next)) {
    const createdBy = layer.description || "created by buildkit";
    history.push({ created: timeOf(layer), created_by: createdBy, comment: "buildkit.exporter.image.v0" });
  }
  return fillTimes(history);
}

/** An entry without a time has that of the layer before it; the first ones that of the first layer that is new. */
function fillTimes(history: HistoryEntry[]): HistoryEntry[] {
  let created = firstNewTime(history);
  let wasMissing = false;
  for (const entry of history) {
    if (entry.created === undefined) {
      wasMissing = true;
      if (created !== undefined) entry.created = created;
    } else if (wasMissing) created = entry.created;
  }
  return history;
}

function firstNewTime(history: readonly HistoryEntry[]): string | undefined {
  const missing = history.findIndex(({ created }) => created === undefined);
  const after = missing < 0 ? undefined : history.slice(missing).find(({ created }) => created !== undefined);
  return (after ?? history.findLast(({ created }) => created !== undefined))?.created;
}

function timeOf({ createdAtMs }: TreeLayer): string {
  return goTime(createdAtMs);
}

/** No time is after the epoch, except where the base image says so. */
function clampTimes(
  history: HistoryEntry[],
  { baseConfig, epochMs }: Pick<FinalConfigInput, "baseConfig" | "epochMs">,
): HistoryEntry[] {
  if (epochMs === undefined) return history;
  let isBase = true;
  return history.map((entry, index) => {
    const base = baseConfig?.history?.[index];
    isBase &&= base !== undefined && JSON.stringify(base) === JSON.stringify(entry);
    const isLate = entry.created === undefined || Date.parse(entry.created) > epochMs;
    return !isBase && isLate ? { ...entry, created: goTime(epochMs) } : entry;
  });
}

function createdOf(
  config: ImageConfig,
  history: readonly HistoryEntry[],
  epochMs: number | undefined,
): string | undefined {
  const created = config.created ?? history.findLast((entry) => entry.created !== undefined)?.created;
  if (created === undefined || epochMs === undefined) return created;
  return Date.parse(created) > epochMs ? goTime(epochMs) : created;
}

/** As Go writes times to JSON: a fraction without zeros at its end. */
function goTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.?0*Z$/, "Z");
}
