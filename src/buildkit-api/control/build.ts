import { type Clock, GantryError } from "../../base/index.ts";
import {
  type Attestation,
  attestationsOf,
  attestationWishes,
  type BuildTree,
  CacheChains,
  type CacheExporter,
  type CacheWish,
  type ClientSession,
  type ExportedOutput,
  type Exporter,
  type Frontend,
  inlineCacheOf,
  type SolveJob,
  type Solver,
  type TreeLayer,
} from "../../build/index.ts";
import type { Platform } from "../../formats/oci-types.ts";
import { LazyRef } from "../gateway/lazy-ref.ts";
import { LlbBridge } from "../gateway/llb-bridge.ts";
import { type FrontendContext, runFrontend } from "../gateway/run-frontend.ts";
import { outcomeFrom, type SolveOutcome } from "../gateway/solve-outcome.ts";
import type { ProgressLog } from "./progress-log.ts";
import { cacheExportsOf, cacheImportsOf, exportsOf, type SolveMessage } from "./solve-request.ts";

export interface BuildHost {
  solver: Solver;
  dockerfile: Frontend;
  buildPlatform: Platform;
  clock: Clock;
  createExporter(request: {
    type: string;
    attributes: Readonly<Record<string, string>>;
    id: number;
  }): Exporter;
  createCacheExporter(wish: CacheWish): CacheExporter;
  /** Adds what a cache knows. */
  importCache(wish: CacheWish, job: SolveJob, chains: CacheChains): Promise<void>;
  findSession(id: string, signal: AbortSignal): Promise<ClientSession>;
}

function inlineCacheFrom(job: SolveJob, tree: BuildTree) {
  return (layers: readonly TreeLayer[]) => inlineCacheOf(job, tree, layers);
}

/** One build from its request to the exporters' answers. */
export class Build {
  readonly #host: BuildHost;
  readonly #request: SolveMessage;
  readonly #progress: ProgressLog;
  readonly #startedMs: number;
  readonly #bridge = Promise.withResolvers<LlbBridge>();

  constructor(host: BuildHost, request: SolveMessage, progress: ProgressLog) {
    this.#host = host;
    this.#request = request;
    this.#progress = progress;
    this.#startedMs = host.clock.nowMs();
    this.#bridge.promise.catch(() => {});
  }

  /** Where the client runs the frontend; rejects when the build is none of those, or over. */
  bridge(): Promise<LlbBridge> {
    return this.#bridge.promise;
  }

  async run(signal: AbortSignal): Promise<Record<string, string>> {
    const { ref, session: sessionId, entitlements } = this.#request;
    let job: SolveJob | undefined;
    try {
      const exporters = exportsOf(this.#request)
        .filter(({ type }) => type !== "" && type !== "cacheonly")
        .map((wish, id) => this.#host.createExporter({ ...wish, id }));
      const cacheExporters = cacheExportsOf(this.#request)
        .filter(({ type }) => type !== "inline")
        .map((wish) => this.#host.createCacheExporter(wish));
      const session = sessionId === "" ? undefined : await this.#host.findSession(sessionId, signal);
      job = this.#host.solver.startJob({
        id: ref,
        session,
        signal: session ? AbortSignal.any([signal, session.signal]) : signal,
        entitlements,
        onEvent: (event) => this.#progress.add(event),
      });
      await this.#importCaches(job);
      return await this.#solveAndExport(job, exporters, cacheExporters);
    } finally {
      this.#bridge.reject(new GantryError("NotFound", `no such job ${ref}`));
      await job?.close();
    }
  }

  async #solveAndExport(
    job: SolveJob,
    exporters: readonly Exporter[],
    cacheExporters: readonly CacheExporter[],
  ): Promise<Record<string, string>> {
    const context: FrontendContext = {
      job,
      dockerfile: this.#host.dockerfile,
      buildPlatform: this.#host.buildPlatform,
      sessionId: this.#request.session,
    };
    const bridge = new LlbBridge(context, this.#request.frontendInputs);
    let outcome: SolveOutcome | undefined;
    try {
      outcome = await this.#outcome(context, bridge);
      const isInline = cacheExportsOf(this.#request).some(({ type }) => type === "inline");
      const outputs = await Promise.all(
        outcome.outputs.map(async ({ ref, ...output }) => {
          const tree = await ref?.tree();
          const attestations = ref && tree ? await this.#attest(job, ref, tree) : [];
          const withTree: ExportedOutput = { ...output, tree, attestations };
          return isInline && tree ? { ...withTree, inlineCache: inlineCacheFrom(job, tree) } : withTree;
        }),
      );
      const response: Record<string, string> = {};
      if (outputs.length === 0) return response;
      for (const exporter of exporters) {
        const source = { outputs, isMultiPlatform: outcome.isMultiPlatform };
        Object.assign(response, await exporter.export(job, source));
      }
      const trees = outputs.flatMap(({ tree }) => tree ?? []);
      return Object.assign(response, await this.#exportCaches(job, cacheExporters, trees));
    } finally {
      await Promise.all((outcome?.outputs ?? []).map(({ ref }) => ref?.release()));
      await bridge.release();
    }
  }

  async #outcome(context: FrontendContext, bridge: LlbBridge): Promise<SolveOutcome> {
    const { frontend, frontendAttrs, frontendInputs, definition } = this.#request;
    if (frontend !== "")
      return runFrontend(context, { frontend, options: frontendAttrs, inputs: frontendInputs });
    if (definition && definition.def.length > 0) {
      const ref = new LazyRef(context.job, definition);
      return outcomeFrom({}, { single: ref }, context.buildPlatform);
    }
    this.#bridge.resolve(bridge);
    return bridge.outcome();
  }

  #attest(job: SolveJob, ref: LazyRef, tree: BuildTree): Promise<Attestation[]> {
    const { clock, buildPlatform } = this.#host;
    return attestationsOf(attestationWishes(this.#request.frontendAttrs), {
      job,
      tree,
      definition: ref.definition,
      ...(ref.request ?? { frontend: "", options: {} }),
      buildPlatform,
      startedMs: this.#startedMs,
      clock,
    });
  }

  /** A cache that cannot be had is no reason to fail: its line in the progress tells of it. */
  async #importCaches(job: SolveJob): Promise<void> {
    const chains = new CacheChains();
    for (const wish of cacheImportsOf(this.#request)) {
      const { ref, src } = wish.attributes;
      await job
        .step(`importing cache manifest from ${ref ?? src ?? wish.type}`, () =>
          this.#host.importCache(wish, job, chains),
        )
        .catch(() => job.signal.throwIfAborted());
    }
    if (!chains.isEmpty) job.useCache(chains);
  }

  async #exportCaches(
    job: SolveJob,
    exporters: readonly CacheExporter[],
    trees: readonly BuildTree[],
  ): Promise<Record<string, string>> {
    const response: Record<string, string> = {};
    for (const exporter of exporters) {
      try {
        Object.assign(response, await exporter.export(job, trees));
      } catch (error) {
        if (!exporter.ignoresErrors || job.signal.aborted) throw error;
      }
    }
    return response;
  }
}
