import { GantryError, isGantryError } from "../../../base/index.ts";
import {
  formatCanonical,
  type ImageConfig,
  type Instruction,
  type InstructionOf,
  type Platform,
  parseImageReference,
  platformId,
  suggestion,
  withDefaultTag,
} from "../../../formats/index.ts";
import { checkedConfig } from "./checked-config.ts";
import { addNeeds, triggerCommands } from "./commands.ts";
import type { Conversion } from "./conversion.ts";
import { copyConfig, emptyConfig } from "./image-config.ts";
import { checkBasePlatform } from "./lint/checks.ts";
import { findContext } from "./plan-stages.ts";
import { imageSource } from "./source-ops.ts";
import type { Stage } from "./stage.ts";
import { reachableFrom } from "./stage-list.ts";
import { nextVertexName } from "./vertex-name.ts";

const MAX_TRIGGERS = 1000;
const COMMON_IMAGES = ["alpine", "busybox", "centos", "debian", "golang", "ubuntu", "fedora"];

/**
 * Looks up what the needed stages are built on, all images at once. Triggers of those images may need further ones. Returns the
 * stages that are needed.
 */
export async function resolveStages(
  conversion: Conversion,
  target: Stage,
  { allStages }: { allStages: boolean },
): Promise<ReadonlySet<Stage>> {
  for (;;) {
    const needed = allStages ? new Set(conversion.stages.all) : reachableFrom(target);
    const found = await Promise.allSettled(
      conversion.stages.all
        .filter((stage) => !stage.base && !stage.isResolved && needed.has(stage))
        .map((stage) => resolveBase(conversion, stage)),
    );
    for (const result of found) if (result.status === "rejected") throw result.reason;
    let hasNewNeeds = false;
    for (const stage of needed) hasNewNeeds = addTriggers(conversion, stage) || hasNewNeeds;
    if (!hasNewNeeds) return needed;
  }
}

async function resolveBase(conversion: Conversion, stage: Stage): Promise<void> {
  stage.isResolved = true;
  await conversion.source.atAsync(stage.lines, async () => {
    if (stage.baseName === "scratch" && !stage.namedContext) {
      stage.platform = conversion.targetPlatform;
      stage.image = emptyConfig(stage.platform);
    } else await resolveImageBase(conversion, stage);
  });
  if (stage.isUnregistered) stage.isDispatched = true;
}

async function resolveImageBase(conversion: Conversion, stage: Stage): Promise<void> {
  const written = stage.baseName;
  const platform = stage.platform ?? conversion.targetPlatform;
  if (stage.namedContext) {
    const { node, config } = await stage.namedContext.load();
    stage.isDispatched = true;
    stage.node = node;
    if (config) takeConfig(stage, config, platformOfConfig(config));
    return;
  }
  const canonical = canonicalReference(written);
  const context = findContext(conversion, canonical, stage);
  if (context) {
    const { node, config = emptyConfig(platform) } = await context.load();
    stage.node = node;
    stage.baseImage = config;
    takeConfig(stage, config, platform);
    stage.baseName = canonical;
    return;
  }
  await resolveRegistryImage(conversion, stage, { written, canonical, platform });
}

async function resolveRegistryImage(
  conversion: Conversion,
  stage: Stage,
  { written, canonical, platform }: { written: string; canonical: string; platform: Platform },
): Promise<void> {
  const { options } = conversion;
  const prefix = options.isMultiPlatform ? `${platformId(platform)} ` : "";
  const { reference, digest, config } = await explained(conversion, written, () =>
    conversion.resolveImage(canonical, {
      platform,
      mode: options.resolveMode,
      stepName: `[${prefix}internal] load metadata for ${canonical}`,
    }),
  );
  stage.baseImage = config;
  const actual =
    !stage.platform && conversion.isTargetImplicit
      ? detectedPlatform(config, platform, conversion)
      : platform;
  stage.baseName = digest ? withDigest(reference, digest) : reference;
  takeConfig(stage, config, actual);
  if (isEmptyImage(config)) return;
  stage.node = imageSource(stage.baseName, {
    name: nextVertexName(conversion, stage, `FROM ${stage.baseName}`),
    platform: actual,
    resolveMode: options.resolveMode,
    lines: stage.lines,
    command: stage.from?.original ?? "",
  });
  checkBasePlatform(written, actual, config, stage.lines, conversion.linter);
}

function takeConfig(stage: Stage, config: ImageConfig, platform: Platform | undefined): void {
  stage.image = copyConfig(checkedConfig(config));
  stage.platform = platform ?? stage.platform;
}

function platformOfConfig({ os, architecture, variant }: ImageConfig): Platform | undefined {
  if (!os || !architecture) return undefined;
  return { os, architecture, ...(variant ? { variant } : {}) };
}

function canonicalReference(written: string): string {
  try {
    return formatCanonical(withDefaultTag(parseImageReference(written)));
  } catch (error) {
    if (!isGantryError(error)) throw error;
    throw new GantryError(
      error.kind,
      `failed to parse stage name ${JSON.stringify(written)}: ${error.message}`,
      { code: error.code, cause: error },
    );
  }
}

function withDigest(reference: string, digest: string): string {
  return formatCanonical({ ...parseImageReference(reference), digest });
}

/** Adds to a failed look-up which image was meant, and which one perhaps should have been. */
async function explained<T>(conversion: Conversion, written: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isGantryError(error) || error.kind === "Canceled") throw error;
    const known = [
      ...conversion.stages.names(),
      ...COMMON_IMAGES.flatMap((name) => [name, `${name}:latest`]),
    ];
    throw new GantryError(error.kind, `${written}: ${error.message}${suggestion(written, known)}`, {
      code: error.code,
      ...(error.details ? { details: error.details } : {}),
      cause: error,
    });
  }
}

/** An image for another machine is taken for what it is, if that can be built here. */
function detectedPlatform(config: ImageConfig, wanted: Platform, { buildPlatform }: Conversion): Platform {
  const matches = ({ os, architecture }: Platform) =>
    os === config.os && architecture === config.architecture;
  if (matches(wanted)) return wanted;
  return matches(buildPlatform) ? buildPlatform : wanted;
}

function isEmptyImage({ rootfs, history = [] }: ImageConfig): boolean {
  return (rootfs?.diff_ids ?? []).length === 0 && history.every((entry) => entry.empty_layer);
}

/** Puts the triggers of what a stage is built on before its own instructions. Says whether they need anything new. */
function addTriggers(conversion: Conversion, stage: Stage): boolean {
  if (stage.hasTriggers || stage.namedContext || stage.isUnregistered) return false;
  const triggers = stage.base
    ? stage.base.commands
        .map(({ instruction }) => instruction)
        .filter(isTrigger)
        .map(({ expression }) => expression)
    : [...(stage.image.config?.OnBuild ?? [])];
  // Of an image that has not been looked up yet nothing is known.
  if (!stage.base && !stage.isResolved) return false;
  stage.hasTriggers = true;
  if (stage.image.config) delete stage.image.config.OnBuild;
  if (triggers.length === 0) return false;
  if (triggers.length > MAX_TRIGGERS)
    throw new GantryError("ResourceExhausted", `more than ${MAX_TRIGGERS} ONBUILD triggers`, {
      code: "Dockerfile.TooLarge",
    });
  return conversion.source.at(stage.lines, () => {
    const commands = triggerCommands(triggers, stage, conversion.stages, conversion.escapeChar);
    stage.commands.unshift(...commands);
    stage.commandTotal += commands.length;
    for (const command of commands) addNeeds(stage, command, conversion.stages);
    return commands.some(({ sources }) => sources.length > 0);
  });
}

function isTrigger(instruction: Instruction): instruction is InstructionOf<"ONBUILD"> & Instruction {
  return instruction.kind === "ONBUILD";
}
