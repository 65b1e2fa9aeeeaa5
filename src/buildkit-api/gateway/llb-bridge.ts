import { GantryError, newHexId, notFound, notImplemented } from "../../base/index.ts";
import type { BuildTree, llb, ResolvedImage, ResolveImageOptions } from "../../build/index.ts";
import type { protobuf } from "../../formats/index.ts";
import type { Platform } from "../../formats/oci-types.ts";
import { GrpcError } from "../grpc/index.ts";
import type * as messages from "../messages/gateway-messages.ts";
import { LazyRef } from "./lazy-ref.ts";
import { type FrontendContext, runFrontend } from "./run-frontend.ts";
import { metadataOf, outcomeFrom, type SolveOutcome } from "./solve-outcome.ts";

type Received<M extends { request: unknown }> = protobuf.Message<M["request"]>;
type Answer<M extends { response: unknown }> = protobuf.Outgoing<M["response"]>;

const MAX_REFS = 10_000;

/** A build whose frontend runs at the client: it asks for pieces, and says in the end what the result is. */
export class LlbBridge {
  readonly #context: FrontendContext;
  readonly #inputs: Readonly<Record<string, llb.Definition>>;
  readonly #refs = new Map<string, LazyRef>();
  readonly #returned = Promise.withResolvers<SolveOutcome>();

  constructor(context: FrontendContext, inputs: Readonly<Record<string, llb.Definition>>) {
    this.#context = context;
    this.#inputs = inputs;
    // Nobody may be waiting yet when the client gives up.
    this.#returned.promise.catch(() => {});
  }

  /** What the client's frontend returns. */
  outcome(): Promise<SolveOutcome> {
    const { signal } = this.#context.job;
    const onAbort = () => this.#returned.reject(new GantryError("Canceled", "context canceled"));
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    return this.#returned.promise;
  }

  async release(): Promise<void> {
    await Promise.all([...this.#refs.values()].map((ref) => ref.release()));
  }

  async solve(
    request: Received<typeof messages.SOLVE_BRIDGE>,
  ): Promise<Answer<typeof messages.SOLVE_BRIDGE>> {
    if (request.sourcePolicies.length > 0) throw notImplemented("source policies are not supported");
    const outcome = await this.#outcomeOf(request);
    const ids = outcome.outputs.map(({ ref }) => (ref ? this.#keep(ref) : ""));
    if (request.evaluate) await Promise.all(outcome.outputs.map(({ ref }) => ref?.tree()));
    const metadata = metadataOf(outcome);
    const told = (at: number) => ({ id: ids[at]!, def: outcome.outputs[at]!.ref?.definition });
    if (outcome.isMultiPlatform) {
      if (!request.allowResultReturn) throw notImplemented("solve did not return default result");
      const refs = outcome.outputs.map(({ platformId }, at) => [platformId, told(at)]);
      return { result: { refs: { refs: Object.fromEntries(refs) }, metadata } };
    }
    const ref = ids.length > 0 ? told(0) : { id: "" };
    if (request.final) this.#returned.resolve(outcome);
    return {
      ref: request.allowResultReturn ? "" : ref.id,
      result: request.allowResultArrayRef ? { ref, metadata } : { refDeprecated: ref.id, metadata },
    };
  }

  async readFile({ ref, filePath, range }: Received<typeof messages.READ_FILE>): Promise<Buffer> {
    const tree = await this.#tree(ref);
    const wanted = range && (range.offset !== 0 || range.length !== 0) ? range : undefined;
    return tree.readFile(filePath, wanted);
  }

  async readDirectory({ ref, dirPath, includePattern }: Received<typeof messages.READ_DIR>) {
    const tree = await this.#tree(ref);
    return tree.readDirectory(dirPath, includePattern === "" ? undefined : includePattern);
  }

  async stat({ ref, path }: Received<typeof messages.STAT_FILE>) {
    return (await this.#tree(ref)).stat(path);
  }

  async evaluate(ref: string): Promise<void> {
    await this.#tree(ref);
  }

  inputs(): Readonly<Record<string, llb.Definition>> {
    return this.#inputs;
  }

  resolveImage(reference: string, options: ResolveImageOptions): Promise<ResolvedImage> {
    return this.#context.job.resolveImage(reference, options);
  }

  get platform(): Platform {
    return this.#context.buildPlatform;
  }

  warn(warning: Received<typeof messages.WARN>): void {
    this.#context.job.warn({
      vertex: warning.digest,
      level: warning.level,
      short: Buffer.from(warning.short).toString(),
      detail: warning.detail.map((line) => Buffer.from(line).toString()),
      url: warning.url,
      info: warning.info,
      ranges: warning.ranges,
    });
  }

  return({ result, error }: Received<typeof messages.RETURN>): void {
    if (error) {
      this.#returned.reject(new GrpcError(error.code, error.message, error.details));
      return;
    }
    const metadata = result?.metadata ?? {};
    const byPlatform = result?.refs
      ? Object.entries(result.refs.refs).map(([key, { id }]) => [key, this.#find(id)])
      : result?.refsDeprecated &&
        Object.entries(result.refsDeprecated.refs).map(([key, id]) => [key, this.#find(id)]);
    const refs = byPlatform
      ? { byPlatform: Object.fromEntries(byPlatform) as Record<string, LazyRef | undefined> }
      : { single: this.#find(result?.ref?.id ?? result?.refDeprecated ?? "") };
    this.#returned.resolve(outcomeFrom(metadata, refs, this.platform));
  }

  async #outcomeOf(request: Received<typeof messages.SOLVE_BRIDGE>): Promise<SolveOutcome> {
    if (request.frontend !== "") {
      if (request.definition && request.definition.def.length > 0)
        throw new GantryError("InvalidArgument", "cannot solve with both Definition and Frontend specified");
      return runFrontend(this.#context, {
        frontend: request.frontend,
        options: request.frontendOpt,
        inputs: request.frontendInputs,
      });
    }
    const { definition } = request;
    const ref =
      definition && definition.def.length > 0 ? new LazyRef(this.#context.job, definition) : undefined;
    return outcomeFrom({}, { single: ref }, this.platform);
  }

  #keep(ref: LazyRef): string {
    if (this.#refs.size >= MAX_REFS) throw new GantryError("ResourceExhausted", "too many results are held");
    const id = newHexId();
    this.#refs.set(id, ref);
    return id;
  }

  #find(id: string): LazyRef | undefined {
    if (id === "") return undefined;
    const ref = this.#refs.get(id);
    if (!ref) throw notFound(`no such ref: ${id}`);
    return ref;
  }

  async #tree(id: string): Promise<BuildTree> {
    const ref = this.#find(id);
    if (!ref) throw notFound(`empty ref: ${id}`);
    return ref.tree();
  }
}
