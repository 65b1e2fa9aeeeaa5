import { randomBytes } from "node:crypto";
import { errorMessage, GantryError } from "../../base/index.ts";
import { assertInputs } from "../cache/operation-keys.ts";
import type { SharedRuns } from "../cache/shared-runs.ts";
import { type Definition, digestOf } from "../llb/index.ts";
import { NetworkMode, SecurityMode } from "../llb/messages.ts";
import type { OperationHost, OperationResult, OperationRun } from "../operations/operation-context.ts";
import type { CacheChains } from "../remote-cache/cache-chains.ts";
import { type CollectRequest, collectChains } from "../remote-cache/collect-chains.ts";
import { type JobView, RemoteResults } from "../remote-cache/remote-results.ts";
import { neededBy, readGraph, type Vertex, type VertexOutput } from "./graph.ts";
import { JobVertex } from "./job-vertex.ts";
import { canceled, failedOperation } from "./operation-errors.ts";
import { EMPTY_REF, type Ref } from "./ref.ts";
import { RefTree } from "./ref-tree.ts";
import { resolveImage } from "./resolve-image.ts";
import { combineRefs, lookUp, rememberResult, runOperation } from "./run-operation.ts";
import { runSource } from "./run-source.ts";
import { stepOfAll } from "./step-of-all.ts";
import type {
  BuildTree,
  JobOptions,
  ProgressStep,
  ResolvedImage,
  ResolveImageOptions,
  SolvedOperation,
  SolveJob,
  WarningEvent,
} from "./types.ts";

/** A job's share in an operation that several jobs may want. */
export interface OperationShare {
  signal: AbortSignal;
  job: LocalSolveJob;
  vertex: JobVertex;
}

/** Results of a vertex; the job holds them until it closes. */
interface Solved {
  outputs: Ref[];
  /** What a source turned out to be: a commit. */
  pin?: string | undefined;
}

/** One client's build. Its vertices run as soon as their inputs are there; what it gets it holds until it is closed. */
export class LocalSolveJob implements SolveJob {
  readonly id: string;
  readonly session: JobOptions["session"];
  readonly entitlements: readonly string[];
  readonly signal: AbortSignal;
  readonly #options: JobOptions;
  readonly #host: OperationHost;
  readonly #runs: SharedRuns<OperationShare, OperationResult>;
  readonly #closing = new AbortController();
  readonly #vertices = new Map<string, Promise<Solved>>();
  readonly #images = new Map<string, Promise<ResolvedImage>>();
  readonly #releases: (() => void)[] = [];
  readonly #trees: RefTree[] = [];
  /** What a tree is the result of. */
  readonly #origins = new WeakMap<BuildTree, VertexOutput>();
  #remote: RemoteResults | undefined;

  readonly #onClosed: () => void;

  constructor(
    options: JobOptions,
    host: OperationHost,
    runs: SharedRuns<OperationShare, OperationResult>,
    onClosed: () => void,
  ) {
    this.#onClosed = onClosed;
    this.id = options.id;
    this.session = options.session;
    this.entitlements = options.entitlements;
    this.#options = options;
    this.#host = host;
    this.#runs = runs;
    const given = [options.signal, ...(options.session ? [options.session.signal] : [])];
    this.signal = AbortSignal.any([...given, this.#closing.signal]);
  }

  async solve(definition: Definition): Promise<BuildTree> {
    const result = readGraph(definition);
    if (!result) return this.#treeOf(EMPTY_REF);
    const needed = neededBy(result.vertex);
    for (const vertex of needed) {
      assertInputs(vertex.op);
      this.#assertEntitled(vertex);
    }
    const lines = new Map(needed.map((vertex) => [vertex, this.#line(vertex)]));
    for (const vertex of needed) if (!this.#vertices.has(vertex.digest)) lines.get(vertex)!.announce();
    const left = await this.#leftByRemote(needed, lines);
    for (const vertex of left)
      if (!this.#vertices.has(vertex.digest)) this.#start(vertex, lines.get(vertex)!);
    const { outputs } = await this.#vertices.get(result.vertex.digest)!;
    const tree = this.#treeOf(outputOf(outputs, result.index));
    this.#origins.set(tree, result);
    return tree;
  }

  useCache(chains: CacheChains): void {
    this.#remote = new RemoteResults(chains, this.#host);
  }

  async cacheChains(
    trees: readonly BuildTree[],
    options: Pick<CollectRequest, "mode" | "archive">,
  ): Promise<CacheChains> {
    const results = trees.flatMap((tree) => this.#origins.get(tree) ?? []);
    const all = results.flatMap(({ vertex }) => neededBy(vertex));
    return collectChains({
      results,
      vertices: [...new Map(all.map((vertex) => [vertex.digest, vertex])).values()],
      ...options,
      refOf: async (vertex, index) => {
        const solved = await this.#vertices.get(vertex.digest);
        return solved ? solved.outputs[index] : this.#remote?.refOf(vertex, index);
      },
      workspace: this.#host.workspace,
      signal: this.signal,
    });
  }

  async operationsOf(tree: BuildTree): Promise<readonly SolvedOperation[]> {
    const origin = this.#origins.get(tree);
    return Promise.all(
      (origin ? neededBy(origin.vertex) : []).map(async ({ digest, op }) => {
        const solved = await this.#vertices.get(digest);
        return { digest, op, pin: solved?.pin };
      }),
    );
  }

  /** Those whose results, or what is made of them, no imported cache has. */
  async #leftByRemote(
    needed: readonly Vertex[],
    lines: ReadonlyMap<Vertex, JobVertex>,
  ): Promise<readonly Vertex[]> {
    if (!this.#remote) return needed;
    const { left, found } = await this.#remote.cover(needed, this.#view(lines));
    for (const [digest, outputs] of found) this.#vertices.set(digest, Promise.resolve({ outputs }));
    return needed.filter(({ digest }) => left.has(digest));
  }

  #view(lines: { get(vertex: Vertex): JobVertex | undefined }): JobView {
    return {
      signal: this.signal,
      isBegun: ({ digest }) => this.#vertices.has(digest),
      line: (vertex) => lines.get(vertex)!,
      keep: (release) => this.#keep(release),
      imageLayers: (vertex) => this.#imageLayers(vertex),
      localRef: async (vertex) => {
        if (!this.#vertices.has(vertex.digest)) this.#start(vertex, lines.get(vertex)!);
        // That it failed is told where it is needed.
        const solved = await this.#vertices.get(vertex.digest)!.catch(() => undefined);
        return solved?.outputs[0];
      },
    };
  }

  async #imageLayers({ op: { source, platform } }: Vertex): Promise<readonly string[] | undefined> {
    const [scheme, reference] = source!.identifier.split("://", 2);
    if (reference === undefined || !platform) return undefined;
    const {
      "image.resolvemode": given,
      "oci.session": sessionId = "",
      "oci.store": storeId = "",
    } = source!.attrs;
    const mode = given === "pull" ? given : "default";
    const ociLayout = scheme === "oci-layout" ? { ociLayout: { sessionId, storeId } } : {};
    try {
      const { config } = await resolveImage(
        this.#host.images,
        reference,
        { platform, mode, ...ociLayout },
        this,
      );
      return config.rootfs.diff_ids;
    } catch {
      return undefined;
    }
  }

  #treeOf(ref: Ref): BuildTree {
    this.signal.throwIfAborted();
    const tree = new RefTree(ref, this.#host);
    this.#trees.push(tree);
    return tree;
  }

  /** moby/buildkit, llbsolver/vertex.go, ValidateEntitlements. */
  #assertEntitled({ op }: Vertex): void {
    const needed = [
      ...(op.exec?.network === NetworkMode.HOST ? ["network.host"] : []),
      ...(op.exec?.security === SecurityMode.INSECURE ? ["security.insecure"] : []),
    ];
    const missing = needed.find((one) => !this.entitlements.includes(one));
    if (missing !== undefined)
      throw new GantryError("PermissionDenied", `${missing} is not allowed`, { code: "Build.Entitlement" });
  }

  #line({ digest, name, inputs, metadata }: Vertex): JobVertex {
    const group = metadata?.progressGroup;
    return new JobVertex({
      digest,
      name,
      inputs: [...new Set(inputs.map(({ vertex }) => vertex.digest))],
      ...(group ? { progressGroup: group } : {}),
      onEvent: (event) => this.#options.onEvent(event),
      clock: this.#host.clock,
    });
  }

  /** Inputs have been started before. */
  #start(vertex: Vertex, line: JobVertex): void {
    const inputs = vertex.inputs.map((input) => ({
      solved: this.#vertices.get(input.vertex.digest)!,
      index: input.index,
    }));
    const solving = this.#solveVertex(vertex, line, inputs);
    // Whoever needs it hears of its failure; that nobody may be left to do so is no fault.
    solving.catch(() => {
      // Another try in the same job begins anew.
      this.#vertices.delete(vertex.digest);
    });
    this.#vertices.set(vertex.digest, solving);
  }

  async #solveVertex(
    vertex: Vertex,
    line: JobVertex,
    inputs: readonly { solved: Promise<Solved>; index: number }[],
  ): Promise<Solved> {
    // A failed input is told of by its own line only.
    const refs = (await Promise.all(inputs.map(({ solved }) => solved))).map(({ outputs }, at) =>
      outputOf(outputs, inputs[at]!.index),
    );
    try {
      this.signal.throwIfAborted();
      return await this.#carryOut(vertex, line, refs);
    } catch (error) {
      line.complete({ error: this.signal.aborted ? "context canceled" : errorMessage(error) });
      throw this.signal.aborted ? canceled(this.signal) : failedOperation(vertex, error);
    }
  }

  async #carryOut(vertex: Vertex, line: JobVertex, inputs: readonly Ref[]): Promise<Solved> {
    if (vertex.op.source) return this.#getSource(vertex, line);
    const combined = combineRefs(vertex, inputs);
    if (combined) {
      this.#hold(combined);
      line.complete();
      return { outputs: [combined] };
    }
    if (this.#options.forgetsResults) return this.#runUnknown(vertex, line, inputs);
    const { keys, found } = await lookUp(vertex, inputs, this.#host, this.signal);
    if (found) {
      this.#keep(found.release);
      line.complete({ cached: true });
      return { outputs: found.record.outputs.map((layers) => ({ layers })) };
    }
    const remote = vertex.metadata?.ignoreCache ? undefined : await this.#findRemote(vertex, line, inputs);
    if (remote) {
      const { release } = await rememberResult(this.#host, vertex, keys, inputs, remote);
      this.#keep(release);
      return { outputs: remote };
    }
    return this.#runUnknown(vertex, line, inputs, keys);
  }

  /** Without keys it is done for this job alone. */
  async #runUnknown(
    vertex: Vertex,
    line: JobVertex,
    inputs: readonly Ref[],
    keys?: readonly string[],
  ): Promise<Solved> {
    line.start();
    const suffix = vertex.metadata?.ignoreCache ? " ignoring what is known" : "";
    const shareKey = keys ? keys.at(-1)! + suffix : `${this.id} ${vertex.digest}`;
    const solved = await this.#share(shareKey, vertex, line, inputs, (run) =>
      runOperation(vertex, keys, run),
    );
    line.complete();
    return solved;
  }

  async #findRemote(vertex: Vertex, line: JobVertex, inputs: readonly Ref[]): Promise<Ref[] | undefined> {
    return this.#remote?.find(vertex, inputs, this.#view({ get: () => line }));
  }

  async #getSource(vertex: Vertex, line: JobVertex): Promise<Solved> {
    line.start();
    const { source, platform } = vertex.op;
    // A client's directory and what it uploads are its own; everything else is the same for all.
    const isOwn =
      this.#options.forgetsResults || /^(?:job:|local:|http:\/\/buildkit-session\/)/.test(source!.identifier);
    const key = JSON.stringify(["source", source, platform, isOwn ? this.id : ""]);
    let isCached = false;
    const solved = await this.#share(key, vertex, line, [], async (run) => {
      const result = await runSource(vertex.op, run);
      isCached = result.isCached;
      return result;
    });
    line.complete({ cached: isCached });
    return solved;
  }

  /** Does work once for all jobs that want it at this time. */
  #share(
    key: string,
    { name }: Vertex,
    vertex: JobVertex,
    inputs: readonly Ref[],
    work: (run: OperationRun) => Promise<OperationResult>,
  ): Promise<Solved> {
    const share: OperationShare = { signal: this.signal, job: this, vertex };
    return this.#runs.run(
      key,
      share,
      ({ participants, leader, signal }) =>
        work({
          host: this.#host,
          inputs,
          name,
          session: leader.job.session,
          entitlements: leader.job.entitlements,
          forgetsResults: leader.job.#options.forgetsResults ?? false,
          executor: leader.job.#options.executor ?? this.#host.executor,
          ...(leader.job.#options.trees ? { trees: leader.job.#options.trees } : {}),
          step: stepOfAll(leader.vertex.digest, participants),
          signal,
        }),
      ({ outputs, pin }) => {
        for (const ref of outputs) this.#hold(ref);
        return { outputs, pin };
      },
    );
  }

  #hold({ layers, local }: Ref): void {
    if (local) this.#keep(local.hold());
    if (layers.length > 0) this.#keep(this.#host.images.holdLayers(layers.map(({ diffId }) => diffId)));
  }

  /** One that comes when the job is closed already goes at once. */
  #keep(release: () => void): void {
    if (this.#closing.signal.aborted) release();
    else this.#releases.push(release);
  }

  resolveImage(reference: string, options: ResolveImageOptions): Promise<ResolvedImage> {
    const key = JSON.stringify([reference, options.platform, options.mode]);
    const known = this.#images.get(key);
    if (known) return known;
    const name = options.stepName ?? `[internal] load metadata for ${reference}`;
    const resolving = this.step(name, () => resolveImage(this.#host.images, reference, options, this));
    resolving.catch(() => this.#images.delete(key));
    this.#images.set(key, resolving);
    return resolving;
  }

  async step<T>(name: string, work: (step: ProgressStep) => Promise<T>): Promise<T> {
    const line = new JobVertex({
      digest: digestOf(randomBytes(32)),
      name,
      inputs: [],
      onEvent: (event) => this.#options.onEvent(event),
      clock: this.#host.clock,
    });
    line.start();
    try {
      const result = await work(line);
      line.complete();
      return result;
    } catch (error) {
      line.complete({ error: this.signal.aborted ? "context canceled" : errorMessage(error) });
      throw error;
    }
  }

  warn(warning: Omit<WarningEvent, "kind">): void {
    this.#options.onEvent({ kind: "warning", ...warning });
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(new GantryError("Canceled", "context canceled", { code: "Build.Canceled" }));
    await Promise.allSettled(this.#vertices.values());
    // Those that somebody forgot.
    await Promise.all(this.#trees.map((tree) => tree.release()));
    for (const release of this.#releases.splice(0)) release();
    this.#onClosed();
  }
}

function outputOf(outputs: readonly Ref[], index: number): Ref {
  const ref = outputs[index];
  if (ref) return ref;
  throw new GantryError("InvalidArgument", `operation has no output ${index}`, { code: "Build.Definition" });
}
