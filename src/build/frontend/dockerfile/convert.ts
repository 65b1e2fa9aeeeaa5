import { GantryError, invalidArgument } from "../../../base/index.ts";
import {
  createIgnoreMatcher,
  type Dockerfile,
  type DockerfileStage,
  type ImageConfig,
  normalizePlatform,
  type Platform,
  parseDockerfile,
} from "../../../formats/index.ts";
import type { FrontendHost } from "../types.ts";
import { Budget } from "./budget.ts";
import type { BuildContext } from "./build-context.ts";
import { type Conversion, followPathsOf, type ProxySettings } from "./conversion.ts";
import { dispatchStage } from "./dispatch.ts";
import { metaArgs, platformArgs } from "./global-args.ts";
import { deferred } from "./graph.ts";
import { runtimeConfig } from "./image-config.ts";
import { checkCasing, checkDefaultBases, checkInstruction, checkStageNames } from "./lint/checks.ts";
import { type Linter, parseLintOptions } from "./lint/linter.ts";
import type { ImageResolver, NamedContexts } from "./named-contexts.ts";
import type { BuildOptions } from "./options.ts";
import { Outline } from "./outline.ts";
import { planStages } from "./plan-stages.ts";
import { resolveStages } from "./resolve-stages.ts";
import type { SourceMap } from "./source-map.ts";
import type { Stage } from "./stage.ts";
import { StageList } from "./stage-list.ts";

/** More is no Dockerfile, but a way to keep the program busy. */
const MAX_INSTRUCTIONS = 10_000;

export interface ConvertRequest {
  host: FrontendHost;
  options: BuildOptions;
  source: SourceMap;
  context: BuildContext;
  namedContexts: NamedContexts;
  resolveImage: ImageResolver;
  linter: Linter;
  /** Undefined: nobody has asked for one. */
  targetPlatform: Platform | undefined;
  /** Also stages that the target does not need. */
  allStages: boolean;
}

export interface Converted {
  target: Stage;
  conversion: Conversion;
}

/** Reads the Dockerfile; what can be said of single instructions is told as they come. */
export function readDockerfile(source: SourceMap, linter: Linter): Dockerfile {
  try {
    return parseDockerfile(Buffer.from(source.info.data).toString(), "Dockerfile", {
      onText: (warnings) => {
        for (const { line } of warnings) linter.run("NoEmptyContinuation", { start: line, end: line });
      },
      onInstruction: (instruction) => checkInstruction(instruction, linter),
    });
  } catch (error) {
    throw source.ofParser(error);
  }
}

/** Rules for the linter: those of the client, or else of the `check` directive. */
export function lintConfigOf(options: BuildOptions, check: string) {
  if (options.lint) return options.lint;
  try {
    return parseLintOptions(check);
  } catch (error) {
    throw invalidArgument(`failed to parse check options: ${(error as Error).message}`, { cause: error });
  }
}

/** Makes operations and configuration of a Dockerfile, for one platform. */
export async function convert(request: ConvertRequest): Promise<Converted> {
  const { host, source, linter, context } = request;
  const dockerfile = readDockerfile(source, linter);
  assertBounded(dockerfile.stages);
  checkStageNames(dockerfile.stages, linter);
  checkCasing(dockerfile.stages, linter);
  const later: (() => void)[] = [];
  const { conversion, outline } = prepare(request, dockerfile, (work) => later.push(work));
  const target = planStages(conversion, dockerfile, outline);
  const [resolving, reading] = await Promise.allSettled([
    resolveStages(conversion, target, request),
    context.ignorePatterns(),
  ]);
  const needed = settledValue(resolving);
  const patterns = settledValue(reading);
  conversion.ignore = patterns.length > 0 ? { matcher: createIgnoreMatcher(patterns), patterns } : undefined;
  const contextPaths = new Set<string>();
  for (const stage of conversion.stages.all) {
    host.signal.throwIfAborted();
    if (!needed.has(stage) || stage.isDispatched) continue;
    dispatchStage(conversion, stage);
    for (const path of stage.contextPaths) contextPaths.add(path);
  }
  // The result is needed whole, whatever others take of the target.
  target.paths.add("/");
  finishImage(conversion, target);
  linter.assertClean();
  conversion.contextNode.target = await context.main(followPathsOf(contextPaths));
  for (const work of later) work();
  return { target, conversion };
}

function settledValue<T>(result: PromiseSettledResult<T>): T {
  if (result.status === "rejected") throw result.reason;
  return result.value;
}

function prepare(
  request: ConvertRequest,
  dockerfile: Dockerfile,
  later: (work: () => void) => void,
): { conversion: Conversion; outline: Outline } {
  const { host, options, source, linter } = request;
  const buildPlatform = normalizePlatform(host.buildPlatform);
  const targetPlatform = request.targetPlatform ?? buildPlatform;
  const targetStage = options.target || dockerfile.stages.at(-1)!.name;
  const given = options.buildArgs;
  const predefined = platformArgs(buildPlatform, targetPlatform, targetStage, given);
  checkDefaultBases(dockerfile, defaultArgs(dockerfile, predefined, source), linter);
  const { values, outline } = metaArgs(dockerfile.metaArgs, predefined, given, {
    source,
    escapeChar: dockerfile.escapeChar,
  });
  const all = new Outline();
  for (const [key, arg] of outline) all.args.set(key, arg);
  const conversion: Conversion = {
    ...request,
    escapeChar: dockerfile.escapeChar,
    buildPlatform,
    targetPlatform,
    isTargetImplicit: request.targetPlatform === undefined,
    buildArgs: given,
    globalArgs: values,
    epochSeconds: sourceDateEpoch(given.SOURCE_DATE_EPOCH ?? values.get("SOURCE_DATE_EPOCH") ?? ""),
    proxy: proxySettings(given),
    stages: new StageList(),
    contextNode: deferred(),
    ignore: undefined,
    budget: new Budget(),
    finally: later,
  };
  return { conversion, outline: all };
}

/** Arguments as they are when the client gives none; what cannot be worked out is told elsewhere. */
function defaultArgs(
  dockerfile: Dockerfile,
  predefined: ReadonlyMap<string, string>,
  source: SourceMap,
): ReadonlyMap<string, string> {
  try {
    return metaArgs(dockerfile.metaArgs, predefined, {}, { source, escapeChar: dockerfile.escapeChar })
      .values;
  } catch {
    return predefined;
  }
}

function assertBounded(stages: readonly DockerfileStage[]): void {
  const count = stages.reduce((sum, stage) => sum + 1 + stage.instructions.length, 0);
  if (count <= MAX_INSTRUCTIONS) return;
  throw new GantryError(
    "ResourceExhausted",
    `the Dockerfile has more than ${MAX_INSTRUCTIONS} instructions`,
    {
      code: "Dockerfile.TooLarge",
    },
  );
}

/** Seconds since 1970; undefined for none. */
function sourceDateEpoch(text: string): number | undefined {
  if (text === "") return undefined;
  const seconds = Number(text);
  // What a date of JavaScript can hold.
  if (/^[+-]?\d{1,13}$/.test(text) && Math.abs(seconds) <= 8.64e12) return seconds;
  throw invalidArgument(`invalid SOURCE_DATE_EPOCH: ${text}`, { code: "Dockerfile.Epoch" });
}

const PROXY_FIELDS: Record<string, keyof ProxySettings> = {
  http_proxy: "httpProxy",
  https_proxy: "httpsProxy",
  ftp_proxy: "ftpProxy",
  no_proxy: "noProxy",
  all_proxy: "allProxy",
};

function proxySettings(buildArgs: Readonly<Record<string, string>>): ProxySettings | undefined {
  const settings: ProxySettings = {};
  for (const key of Object.keys(buildArgs).sort()) {
    const field = PROXY_FIELDS[key.toLowerCase()];
    if (field) settings[field] = buildArgs[key]!;
  }
  return Object.keys(settings).length > 0 ? settings : undefined;
}

/** Labels of the client, and the platform that was asked for. Maps stand in the order of their keys, as Go writes them. */
function finishImage({ options, targetPlatform, isTargetImplicit }: Conversion, target: Stage): void {
  const { image } = target;
  const config = runtimeConfig(image);
  if (Object.keys(options.labels).length > 0) config.Labels = { ...config.Labels, ...options.labels };
  for (const key of ["Labels", "ExposedPorts", "Volumes"] as const)
    if (config[key]) Object.assign(config, { [key]: sorted(config[key]) });
  if (!isTargetImplicit || image.os === "") takePlatform(image, targetPlatform);
  normalizeImagePlatform(image);
  image.rootfs = { type: "layers", diff_ids: [] };
}

function takePlatform(image: ImageConfig, platform: Platform): void {
  const isSame = platform.os === image.os && platform.architecture === image.architecture;
  image.os = platform.os;
  image.architecture = platform.architecture;
  if (platform.variant) image.variant = platform.variant;
  else if (!isSame) delete image.variant;
}

function normalizeImagePlatform(image: ImageConfig): void {
  const { os, architecture, variant } = image;
  const normal = normalizePlatform({ os, architecture, ...(variant ? { variant } : {}) });
  delete image.variant;
  Object.assign(image, normal);
}

function sorted<T extends object>(map: T): T {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1))) as T;
}
