import { GantryError, invalidArgument, isGantryError, newHexId, notImplemented } from "../../base/index.ts";
import { type OperationKeys, operationKeys } from "../cache/operation-keys.ts";
import type { ResultRecord } from "../cache/result-cache.ts";
import { runExecOperation } from "../operations/exec-operation.ts";
import { runFileOperation } from "../operations/file-operation.ts";
import { diffRefs, mergeRefs } from "../operations/merge-diff.ts";
import type { OperationHost, OperationResult, OperationRun } from "../operations/operation-context.ts";
import type { Vertex } from "./graph.ts";
import type { Ref } from "./ref.ts";

/** Under which keys an operation's result is looked for and kept. */
export interface LookedUp {
  keys: string[];
  found: { record: ResultRecord; release: () => void } | undefined;
}

/** Looks for an operation's result: by what its inputs are, then by what they hold. */
export async function lookUp(
  { op, metadata }: Vertex,
  inputs: readonly Ref[],
  host: OperationHost,
  signal: AbortSignal,
): Promise<LookedUp> {
  const keys = operationKeys(op, inputs, host.workspace);
  if (metadata?.ignoreCache)
    return { keys: [keys.byIdentity ?? (await contentKey(keys, signal))], found: undefined };
  const first = keys.byIdentity === undefined ? undefined : host.results.find([keys.byIdentity]);
  if (first) return { keys: [keys.byIdentity!], found: first };
  const byContent = await contentKey(keys, signal);
  const all = [...(keys.byIdentity === undefined ? [] : [keys.byIdentity]), byContent];
  const found = host.results.find([byContent]);
  if (found) await host.results.addKeys(found.record, all);
  return { keys: all, found };
}

async function contentKey(keys: OperationKeys, signal: AbortSignal): Promise<string> {
  try {
    return await keys.byContent(signal);
  } catch (error) {
    if (!isGantryError(error, "NotFound")) throw error;
    // BuildKit names two ids of its cache there; nobody can look them up.
    const id = () =>
      BigInt(`0x${newHexId().slice(0, 34)}`)
        .toString(36)
        .slice(0, 25);
    throw new GantryError(
      "NotFound",
      `failed to compute cache key: failed to calculate checksum of ref ${id()}::${id()}: ${error.message}`,
      { code: error.code, details: error.details, cause: error },
    );
  }
}

/** Carries out an operation that has inputs, and remembers what came of it under these keys. */
export async function runOperation(
  vertex: Vertex,
  keys: readonly string[] | undefined,
  run: OperationRun,
): Promise<OperationResult> {
  const { op, metadata } = vertex;
  const made = op.exec
    ? await runExecOperation(op.exec, metadata?.linuxResources, run)
    : await runFileOperation(op.file!, run);
  if (!keys) return made;
  try {
    const { release } = await rememberResult(run.host, vertex, keys, run.inputs, made.outputs);
    return { outputs: made.outputs, release };
  } finally {
    made.release();
  }
}

/** Keeps what an operation with these inputs led to; the layers are held until `release`. */
export function rememberResult(
  { results }: Pick<OperationHost, "results">,
  { name }: Vertex,
  keys: readonly string[],
  inputs: readonly Ref[],
  made: readonly Ref[],
): Promise<{ release: () => void }> {
  const before = new Set(inputs.flatMap(({ layers }) => layers.map(({ diffId }) => diffId)));
  const outputs = made.map(({ layers }) => [...layers]);
  const own = new Set(outputs.flat().map(({ diffId }) => diffId));
  return results.put({
    keys: [...keys],
    outputs,
    ownLayers: [...own].filter((diffId) => !before.has(diffId)),
    description: name,
    recordType: "regular",
  });
}

/** Operations that only put layers together; undefined for the others. */
export function combineRefs({ op }: Vertex, inputs: readonly Ref[]): Ref | undefined {
  if (op.merge) return mergeRefs(op.merge, inputs);
  if (op.diff) return diffRefs(op.diff, inputs);
  if (op.build)
    throw notImplemented("building what an input defines is not supported", { code: "Build.BuildOp" });
  if (!op.exec && !op.file) throw invalidArgument("an operation of no kind", { code: "Build.Definition" });
  return undefined;
}
