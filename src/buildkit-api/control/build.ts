import { GantryError, notImplemented } from "../../base/index.ts";
import type { ClientSession, Exporter, Frontend, SolveJob, Solver } from "../../build/index.ts";
import type { Platform } from "../../formats/oci-types.ts";
import { LazyRef } from "../gateway/lazy-ref.ts";
import { LlbBridge } from "../gateway/llb-bridge.ts";
import { type FrontendContext, runFrontend } from "../gateway/run-frontend.ts";
import { outcomeFrom, type SolveOutcome } from "../gateway/solve-outcome.ts";
import type { ProgressLog } from "./progress-log.ts";
import { cacheImportsOf, exportsOf, type SolveMessage } from "./solve-request.ts";

export interface BuildHost {
  solver: Solver;
  dockerfile: Frontend;
  buildPlatform: Platform;
  createExporter(request: {
    type: string;
    attributes: Readonly<Record<string, string>>;
    id: number;
  }): Exporter;
  findSession(id: string, signal: AbortSignal): Promise<ClientSession>;
}

/** One build from its request to the exporters' answers. */
export class Build {
  readonly #host: BuildHost;
  readonly #request: SolveMessage;
  readonly #progress: ProgressLog;
  readonly #bridge = Promise.withResolvers<LlbBridge>();

  constructor(host: BuildHost, request: SolveMessage, progress: ProgressLog) {
    this.#host = host;
    this.#request = request;
    this.#progress = progress;
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
      const session = sessionId === "" ? undefined : await this.#host.findSession(sessionId, signal);
      job = this.#host.solver.startJob({
        id: ref,
        session,
        signal: session ? AbortSignal.any([signal, session.signal]) : signal,
        entitlements,
        onEvent: (event) => this.#progress.add(event),
      });
      await this.#tellCacheImports(job);
      return await this.#solveAndExport(job, exporters);
    } finally {
      this.#bridge.reject(new GantryError("NotFound", `no such job ${ref}`));
      await job?.close();
    }
  }

  async #solveAndExport(job: SolveJob, exporters: readonly Exporter[]): Promise<Record<string, string>> {
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
      const outputs = await Promise.all(
        outcome.outputs.map(async ({ ref, ...output }) => ({ ...output, tree: await ref?.tree() })),
      );
      const response: Record<string, string> = {};
      if (outputs.length === 0) return response;
      for (const exporter of exporters) {
        const source = { outputs, isMultiPlatform: outcome.isMultiPlatform };
        Object.assign(response, await exporter.export(job, source));
      }
      return response;
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

  /** A cache that cannot be had is no reason to fail: its line in the progress tells of it. */
  async #tellCacheImports(job: SolveJob): Promise<void> {
    for (const name of cacheImportsOf(this.#request)) {
      const failure = notImplemented("importing a build cache is not supported");
      await job.step(`importing cache manifest from ${name}`, () => Promise.reject(failure)).catch(() => {});
    }
  }
}
