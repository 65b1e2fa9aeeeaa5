import { GantryError } from "../../../base/index.ts";
import { normalizePlatform, type Platform, platformId } from "../../../formats/index.ts";
import type { ResolvedImage, ResolveImageOptions } from "../../solver/types.ts";
import type { Frontend, FrontendHost, FrontendOutput, FrontendResult } from "../types.ts";
import { BuildContext } from "./build-context.ts";
import { checkDirective } from "./check-directive.ts";
import { type Converted, type ConvertRequest, convert, lintConfigOf, readDockerfile } from "./convert.ts";
import { definitionOf } from "./graph.ts";
import { Linter, type LintWarning } from "./lint/linter.ts";
import { NamedContexts } from "./named-contexts.ts";
import { type BuildOptions, parseOptions } from "./options.ts";
import { DESCRIBE_REQUEST, describeResult } from "./requests/describe.ts";
import { LINT_REQUEST, lintResult } from "./requests/lint.ts";
import { OUTLINE_REQUEST, outlineResult } from "./requests/outline.ts";
import { TARGETS_REQUEST, targetsResult } from "./requests/targets.ts";
import { assertOwnSyntax } from "./syntax-image.ts";

const CAPABILITIES = new Set(
  ["inputs", "subrequests", "contexts", "gitquerystring"].map((name) => `moby.buildkit.frontend.${name}`),
);

/** `dockerfile.v0`: turns a Dockerfile into definitions, one a platform, and answers what is asked of it. */
export const dockerfileFrontend: Frontend = async (host) => {
  assertCapabilities(host.options["frontend.caps"] ?? "");
  const options = parseOptions(host);
  const request = host.options.requestid;
  if (request === DESCRIBE_REQUEST.name) return answer(describeResult());
  const context = new BuildContext(host);
  const { source, vertex } = await context.readDockerfile();
  assertOwnSyntax(host, source);
  const resolveImage = onceEach(host);
  const build: Build = {
    ...{ host, options, source, vertex, context, resolveImage },
    namedContexts: new NamedContexts(host, context, resolveImage),
  };
  if (request === undefined) return buildAll(build);
  return answer(await answerOf(request, build));
};

interface Build extends Omit<ConvertRequest, "linter" | "targetPlatform" | "allStages"> {
  vertex: string;
}

function answer(metadata: Record<string, Buffer>): FrontendResult {
  return { outputs: [], isMultiPlatform: false, metadata };
}

async function answerOf(request: string, build: Build): Promise<Record<string, Buffer>> {
  const { source, options } = build;
  switch (request) {
    case TARGETS_REQUEST.name:
      return targetsResult(source, readDockerfile(source, silentLinter(build)));
    case OUTLINE_REQUEST.name: {
      const { target } = await convertFor(build, firstPlatform(options), silentLinter(build));
      return outlineResult(source, target);
    }
    case LINT_REQUEST.name:
      return lint(build);
    default:
      throw new GantryError("NotImplemented", `unsupported request ${request}`, {
        code: "Dockerfile.Request",
      });
  }
}

async function lint(build: Build): Promise<Record<string, Buffer>> {
  const { options, source } = build;
  const warnings: LintWarning[] = [];
  let failure: unknown;
  try {
    const linter = linterOf(build, (warning) => warnings.push(warning));
    // Without a target all of the file is looked at.
    await convertFor(build, firstPlatform(options), linter, options.target === "");
  } catch (error) {
    if (!(error instanceof GantryError) || error.kind === "Canceled") throw error;
    failure = error;
  }
  return lintResult(source, warnings, failure);
}

async function buildAll(build: Build): Promise<FrontendResult> {
  const { options } = build;
  const platforms = options.targetPlatforms ?? [undefined];
  const outputs = await allOf(
    platforms.map(async (platform, index) => {
      // What is wrong with the text is wrong for all platforms, and told once.
      const warn = index === 0 ? (warning: LintWarning) => tell(build, warning) : undefined;
      const converted = await convertFor(build, platform, linterOf(build, warn));
      return outputOf(build, converted, platform);
    }),
  );
  return { outputs, isMultiPlatform: options.isMultiPlatform, metadata: {} };
}

function outputOf(
  { host, source }: Build,
  { target }: Converted,
  platform: Platform | undefined,
): FrontendOutput {
  const outputPlatform = normalizePlatform(platform ?? host.buildPlatform);
  return {
    platformId: platformId(outputPlatform),
    platform: outputPlatform,
    definition: target.node && definitionOf(target.node, source),
    config: target.image,
    ...(target.baseImage ? { baseConfig: target.baseImage } : {}),
  };
}

function convertFor(
  build: Build,
  targetPlatform: Platform | undefined,
  linter: Linter,
  allStages = false,
): Promise<Converted> {
  return convert({ ...build, linter, targetPlatform, allStages });
}

function firstPlatform({ targetPlatforms }: BuildOptions): Platform | undefined {
  return targetPlatforms?.[0];
}

function linterOf({ options, source }: Build, warn: ((warning: LintWarning) => void) | undefined): Linter {
  return new Linter(lintConfigOf(options, checkDirective(source)), warn);
}

function silentLinter(build: Build): Linter {
  return linterOf(build, undefined);
}

/** During a build, warnings stand in the progress. */
function tell(
  { host, source, vertex }: Build,
  { rule, description, url, message, lines }: LintWarning,
): void {
  const line = lines && lines.start > 0 ? ` (line ${lines.start})` : "";
  host.warn({
    vertex,
    level: 1,
    short: `${rule}: ${message}${line}`,
    detail: [description],
    url,
    info: source.info,
    ranges: lines ? source.ranges(lines) : [],
  });
}

/** Each image is looked up once, however many stages and platforms are built on it. */
function onceEach(host: FrontendHost) {
  const known = new Map<string, Promise<ResolvedImage>>();
  return (reference: string, options: ResolveImageOptions): Promise<ResolvedImage> => {
    const { platform, mode, ociLayout, stepName } = options;
    const key = JSON.stringify([reference, platformId(platform), mode, ociLayout, stepName]);
    const resolving = known.get(key) ?? host.resolveImage(reference, options);
    known.set(key, resolving);
    return resolving;
  };
}

/** All results; if one fails, when all have come to an end. */
async function allOf<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(work);
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}

function assertCapabilities(text: string): void {
  if (text === "") return;
  for (const one of text.split(",")) {
    const name = one.split("+", 1)[0]!;
    if (CAPABILITIES.has(name)) continue;
    throw new GantryError("NotImplemented", `unsupported frontend capability ${name}`, {
      code: "Dockerfile.Capability",
    });
  }
}
