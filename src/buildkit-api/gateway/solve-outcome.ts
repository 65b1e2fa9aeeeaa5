import { invalidArgument } from "../../base/index.ts";
import type { FrontendResult, SolveJob } from "../../build/index.ts";
import { parsePlatform } from "../../formats/index.ts";
import type { ImageConfig, Platform } from "../../formats/oci-types.ts";
import { LazyRef, type RefRequest } from "./lazy-ref.ts";

export interface OutcomeOutput {
  platformId: string;
  platform: Platform;
  ref: LazyRef | undefined;
  config?: ImageConfig;
  baseConfig?: ImageConfig;
}

/** What a build has come to, before it is exported. */
export interface SolveOutcome {
  outputs: readonly OutcomeOutput[];
  isMultiPlatform: boolean;
  metadata: Readonly<Record<string, Uint8Array>>;
}

/** Keys of BuildKit's exporter/containerimage/exptypes. */
const CONFIG = "containerimage.config";
const BASE_CONFIG = "containerimage.base.config";
const PLATFORMS = "refs.platforms";
const MAX_PLATFORMS = 64;

export function outcomeOf(job: SolveJob, result: FrontendResult, request: RefRequest): SolveOutcome {
  const outputs = result.outputs.map(({ definition, ...output }) => ({
    ...output,
    ref: definition && new LazyRef(job, definition, request),
  }));
  return { outputs, isMultiPlatform: result.isMultiPlatform, metadata: result.metadata };
}

/** An outcome as a frontend's result is told on the wire: configurations and platforms are documents beside the files. */
export function metadataOf({ outputs, isMultiPlatform, metadata }: SolveOutcome): Record<string, Uint8Array> {
  const found: Record<string, Uint8Array> = { ...metadata };
  for (const { platformId, config, baseConfig } of outputs) {
    const suffix = isMultiPlatform ? `/${platformId}` : "";
    if (config) found[`${CONFIG}${suffix}`] = json(config);
    if (baseConfig) found[`${BASE_CONFIG}${suffix}`] = json(baseConfig);
  }
  if (outputs.length > 0) {
    const list = outputs.map(({ platformId, platform }) => ({ ID: platformId, Platform: platform }));
    found[PLATFORMS] = json({ Platforms: list });
  }
  return found;
}

/** The other way round: what a client's own frontend returns. */
export function outcomeFrom(
  metadata: Readonly<Record<string, Uint8Array>>,
  refs: { single: LazyRef | undefined } | { byPlatform: Readonly<Record<string, LazyRef | undefined>> },
  ownPlatform: Platform,
): SolveOutcome {
  const isMultiPlatform = "byPlatform" in refs;
  const told = metadata[PLATFORMS]
    ? (parsed(PLATFORMS, metadata[PLATFORMS]) as { Platforms?: { ID?: unknown; Platform?: unknown }[] })
    : undefined;
  const platforms = (told?.Platforms ?? []).map(({ ID, Platform: platform }) => ({
    platformId: String(ID),
    platform: (platform as Platform | undefined) ?? parsePlatform(String(ID)),
  }));
  if (platforms.length > MAX_PLATFORMS) throw invalidArgument("too many platforms");
  if (isMultiPlatform) {
    const outputs = platforms.map(({ platformId, platform }) =>
      outputOf(metadata, `/${platformId}`, { platformId, platform, ref: refs.byPlatform[platformId] }),
    );
    return { outputs, isMultiPlatform, metadata };
  }
  if (!refs.single && !metadata[CONFIG]) return { outputs: [], isMultiPlatform, metadata };
  const own = platforms[0] ?? { platformId: idOf(ownPlatform), platform: ownPlatform };
  return { outputs: [outputOf(metadata, "", { ...own, ref: refs.single })], isMultiPlatform, metadata };
}

function outputOf(
  metadata: Readonly<Record<string, Uint8Array>>,
  suffix: string,
  output: Pick<OutcomeOutput, "platformId" | "platform" | "ref">,
): OutcomeOutput {
  const config = metadata[`${CONFIG}${suffix}`];
  const baseConfig = metadata[`${BASE_CONFIG}${suffix}`];
  return {
    ...output,
    ...(config ? { config: parsed(CONFIG, config) as ImageConfig } : {}),
    ...(baseConfig ? { baseConfig: parsed(BASE_CONFIG, baseConfig) as ImageConfig } : {}),
  };
}

export function idOf({ os, architecture, variant }: Platform): string {
  return [os, architecture, variant].filter(Boolean).join("/");
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function parsed(key: string, bytes: Uint8Array): object {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString());
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Told below.
  }
  throw invalidArgument(`failed to parse ${key} of the frontend's result`);
}
