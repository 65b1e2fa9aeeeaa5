import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  type Clock,
  errnoCode,
  GantryError,
  invalidArgument,
  isGantryError,
  readAll,
  systemClock,
} from "../../base/index.ts";
import { storageError } from "../../content/index.ts";
import {
  type Dockerfile,
  formatCanonical,
  formatFamiliar,
  type Instruction,
  type Platform,
  parseDockerfile,
  parseImageReference,
  parsePlatform,
  shortId,
  withDefaultTag,
} from "../../formats/index.ts";
import { tagToStore } from "../../images/index.ts";
import type { ImageRecord, ImageService } from "../../images/types.ts";
import { hostInfo } from "../../kernel/index.ts";
import { fetchRemote } from "../remote.ts";
import type { Solver } from "../solver/types.ts";
import type { Builder, BuildOutput, BuildRequest, BuildResult, RunExecutor } from "../types.ts";
import { applyChanges } from "./apply-changes.ts";
import { GlobalArgs } from "./build-args.ts";
import { buildCanceled } from "./build-canceled.ts";
import { BuildContext } from "./context.ts";
import { OrderedOutput } from "./ordered-output.ts";
import { type BuildPlan, planBuild } from "./plan.ts";
import { type BuildScope, StageBuilder, type StageResult } from "./stage-builder.ts";
import { StepCache } from "./step-cache.ts";

export interface BuilderOptions {
  /** `<home>/build`: `cache/` which image a step led to, `contexts/` what clients sent while their builds run. */
  stateDir: string;
  images: ImageService;
  solver: Pick<Solver, "startJob">;
  executor: RunExecutor;
  clock?: Clock;
  limits?: { contextBytes?: number; contextEntries?: number };
}

const DEFAULT_CONTEXT_BYTES = 64 * 1024 ** 3;
const DEFAULT_CONTEXT_ENTRIES = 4_000_000;
const MAX_REMOTE_DOCKERFILE_BYTES = 2 * 1024 * 1024;

/** The builder of `docker build`; `open` before use. */
export function createBuilder(options: BuilderOptions): Builder {
  return new DockerfileBuilder(options);
}

class DockerfileBuilder implements Builder {
  readonly #options: BuilderOptions;
  readonly #clock: Clock;
  readonly #cache: StepCache;
  readonly #contextsDir: string;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: BuilderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#cache = new StepCache(join(options.stateDir, "cache"), async (id) => {
      return (await options.images.find(id)) !== undefined;
    });
    this.#contextsDir = join(options.stateDir, "contexts");
  }

  async open(): Promise<void> {
    await rm(this.#contextsDir, { recursive: true, force: true });
    await mkdir(this.#contextsDir, { recursive: true, mode: 0o700 });
    await this.#cache.open();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#running);
  }

  async pruneCache(options: { all?: boolean } = {}): Promise<{ deleted: string[]; freedBytes: number }> {
    return { deleted: await this.#cache.prune(options.all ?? false), freedBytes: 0 };
  }

  applyChanges<T extends object>(config: T, changes: readonly string[]): T {
    return applyChanges(config, changes);
  }

  async build(request: BuildRequest): Promise<BuildResult> {
    const failing = new AbortController();
    const given = request.signal ? [request.signal] : [];
    const canceled = AbortSignal.any([...given, this.#closing.signal]);
    const signal = AbortSignal.any([canceled, failing.signal]);
    const work = this.#build(request, signal, failing);
    this.#running.add(work);
    try {
      return await work;
    } catch (error) {
      if (canceled.aborted && (!isGantryError(error) || error.kind === "Canceled"))
        throw buildCanceled(canceled);
      throw errnoCode(error) === undefined ? error : storageError(error, "build");
    } finally {
      this.#running.delete(work);
    }
  }

  async #build(request: BuildRequest, signal: AbortSignal, failing: AbortController): Promise<BuildResult> {
    const tags = (request.tags ?? []).map(tagToStore);
    const context = await this.#receiveContext(request, signal);
    try {
      const file = request.dockerfile || "Dockerfile";
      const dockerfile = readDockerfile(context, file);
      await context.applyDockerignore();
      const image = await this.#solve(request, context, dockerfile, signal, failing);
      await this.#finish(request, image, tags);
      return { imageId: image.id };
    } finally {
      await context.dispose();
    }
  }

  async #receiveContext(request: BuildRequest, signal: AbortSignal): Promise<BuildContext> {
    const limits = this.#limits();
    if (request.context && !request.remote) {
      return BuildContext.receive(this.#contextsDir, request.context, limits, signal);
    }
    if (!request.remote) throw invalidArgument("missing build context");
    const response = await fetchRemote(request.remote, signal);
    if (!/^text\/plain\b/.test(response.headers["content-type"] ?? "")) {
      return BuildContext.receive(this.#contextsDir, response.body, limits, signal);
    }
    const text = (await readAll(response.body, MAX_REMOTE_DOCKERFILE_BYTES)).toString("utf8");
    return BuildContext.ofDockerfile(this.#contextsDir, text, request.dockerfile || "Dockerfile");
  }

  #limits() {
    return {
      limitBytes: this.#options.limits?.contextBytes ?? DEFAULT_CONTEXT_BYTES,
      limitEntries: this.#options.limits?.contextEntries ?? DEFAULT_CONTEXT_ENTRIES,
    };
  }

  async #solve(
    request: BuildRequest,
    context: BuildContext,
    dockerfile: Dockerfile,
    signal: AbortSignal,
    failing: AbortController,
  ): Promise<ImageRecord> {
    const args = new GlobalArgs(request.buildArgs ?? {}, platformArgs(request.platform));
    const labels = labelInstructions(request.labels ?? {});
    const plan = planBuild(dockerfile, args, request.target, labels.length);
    for (const warning of dockerfile.warnings) request.output.text(`[WARNING]: ${warning.text}\n`);
    for (const [index, { original }] of plan.metaArgs.entries()) {
      request.output.text(`Step ${index + 1}/${plan.totalSteps} : ${original}\n`);
    }
    const scope: Omit<BuildScope, "stage"> = {
      request,
      images: this.#options.images,
      solver: this.#options.solver,
      executor: this.#options.executor,
      cache: this.#cache,
      context,
      args,
      dockerfile,
      totalSteps: plan.totalSteps,
      clock: this.#clock,
      signal,
      findImage: (reference, platform, output) =>
        this.#findImage(request, reference, platform, output, signal),
    };
    const { image } = await solveStages(plan, scope, labels, failing);
    if (!image)
      throw invalidArgument("No image was generated. Is your Dockerfile empty?", { code: "Build.Empty" });
    const unused = args.unused();
    if (unused.length > 0) {
      request.output.text(`[Warning] One or more build-args [${unused.join(" ")}] were not consumed\n`);
    }
    return image;
  }

  async #findImage(
    request: BuildRequest,
    reference: string,
    platform: string | undefined,
    output: BuildOutput,
    signal: AbortSignal,
  ): Promise<ImageRecord> {
    const wanted = wantedPlatform(platform || request.platform);
    if (!request.pull) {
      const found = await this.#options.images.find(reference);
      if (found && matchesPlatform(found, wanted)) return found;
    }
    const name = parseImageReference(reference);
    return this.#options.images.pull(formatCanonical(withDefaultTag(name)), {
      auth: request.registryAuth?.(name.domain),
      platform: wanted,
      onProgress: (event) => output.progress(event),
      signal,
    });
  }

  async #finish(request: BuildRequest, image: ImageRecord, tags: readonly string[]): Promise<void> {
    request.output.text(`Successfully built ${shortId(image.id)}\n`);
    for (const tag of tags) {
      await this.#options.images.tag(image.id, tag);
      request.output.text(`Successfully tagged ${formatFamiliar(parseImageReference(tag))}\n`);
    }
  }
}

/** Builds the target and what it needs; stages that do not need each other run side by side. */
async function solveStages(
  plan: BuildPlan,
  shared: Omit<BuildScope, "stage">,
  extra: readonly Instruction[],
  failing: AbortController,
): Promise<StageResult> {
  const ordered = new OrderedOutput(shared.request.output, plan.stages.length);
  const results = new Map<number, Promise<StageResult>>();
  const target = plan.stages.at(-1)!;
  const scope: BuildScope = { ...shared, stage: solve };

  function solve(index: number): Promise<StageResult> {
    let result = results.get(index);
    if (!result) {
      result = runStage(index);
      // Its failure is seen by whoever needs it, and by the target in any case.
      result.catch(() => {});
      results.set(index, result);
    }
    return result;
  }

  async function runStage(index: number): Promise<StageResult> {
    const planned = plan.stages.find((stage) => stage.index === index);
    if (!planned) throw new GantryError("Internal", `stage ${index} was not planned`);
    for (const need of planned.needs) void solve(need);
    try {
      const stage = new StageBuilder(scope, planned, ordered.part(planned.position));
      return await stage.run(planned === target ? extra : []);
    } catch (error) {
      if (!failing.signal.aborted && !shared.signal.aborted) ordered.flushOutOfTurn(planned.position);
      failing.abort(error);
      throw error;
    } finally {
      ordered.finish(planned.position);
    }
  }

  try {
    return await solve(target.index);
  } catch (error) {
    await Promise.allSettled(results.values());
    // The first failure is the cause; the others were stopped because of it.
    throw failing.signal.reason ?? error;
  }
}

function readDockerfile(context: BuildContext, file: string): Dockerfile {
  const path = file.replace(/^\/+/, "");
  const text = context.readText(path);
  if (text === undefined) {
    throw new GantryError("InvalidArgument", `Cannot locate specified Dockerfile: ${file}`, {
      code: "Build.NoDockerfile",
      details: { file },
    });
  }
  if (text.trim() === "")
    throw invalidArgument(`the Dockerfile (${file}) cannot be empty`, { code: "Build.Empty" });
  return parseDockerfile(text, file);
}

function labelInstructions(labels: Readonly<Record<string, string>>): Instruction[] {
  return Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => ({
      kind: "LABEL",
      name: "LABEL",
      pairs: [{ key: quote(key), value: quote(value) }],
      comments: [],
      line: 0,
      endLine: 0,
      original: `LABEL ${key}=${value}`,
    }));
}

/** Given labels are taken literally. */
function quote(text: string): string {
  return text.replace(/["'\\$`<]/g, "\\$&");
}

function ownPlatform(): Platform {
  return { os: "linux", architecture: hostInfo().architecture };
}

function wantedPlatform(text: string | undefined): Platform | undefined {
  if (!text) return undefined;
  const platform = parsePlatform(text);
  if (platform.os === "linux") return platform;
  throw invalidArgument(`operating system ${platform.os} is not supported`, { code: "Build.Platform" });
}

function matchesPlatform(image: ImageRecord, wanted: Platform | undefined): boolean {
  return !wanted || (image.config.os === wanted.os && image.config.architecture === wanted.architecture);
}

/** ARGs that the Dockerfile reference promises for platforms; here target and builder are the same machine. */
function platformArgs(platform: string | undefined): Record<string, string> {
  const own = ownPlatform();
  const target = wantedPlatform(platform) ?? own;
  const values = (prefix: string, { os, architecture, variant }: Platform) => ({
    [`${prefix}PLATFORM`]: [os, architecture, variant].filter(Boolean).join("/"),
    [`${prefix}OS`]: os,
    [`${prefix}ARCH`]: architecture,
    [`${prefix}VARIANT`]: variant ?? "",
  });
  return { ...values("BUILD", own), ...values("TARGET", target) };
}
