import { GantryError } from "../../../base/index.ts";
import { protobuf } from "../../../formats/index.ts";
import {
  type Definition,
  DefinitionBuilder,
  digestOf as digestOfBytes,
  type LlbOutput,
  type Location,
  messages,
  type OutgoingMetadata,
  type OutgoingOp,
} from "../../llb/index.ts";
import type { LineRange, SourceMap } from "./source-map.ts";

/**
 * A result in the making. Operations become bytes only when the whole build is known: which files of the context are needed is
 * said by the last stage as well as by the first.
 */
export type GraphNode = OperationNode | DeferredNode | ImportedNode;

export interface OperationNode {
  kind: "operation";
  inputs: readonly GraphNode[];
  /** `inputs` are where those of the node are found, in their order. */
  make(inputs: readonly LlbOutput[]): OutgoingOp;
  metadata: OutgoingMetadata;
  lines: LineRange | undefined;
}

/** Stands for another node that is known later. */
export interface DeferredNode {
  kind: "deferred";
  target: GraphNode | undefined;
}

/** The result of a definition that somebody else made. */
export interface ImportedNode {
  kind: "imported";
  definition: Definition;
}

/** More is no build, but a way to fill the memory. */
const MAX_DEFINITION_BYTES = 64 * 1024 * 1024;

export function deferred(): DeferredNode {
  return { kind: "deferred", target: undefined };
}

/** The inputs of an operation, each once, by number. */
export class InputList {
  readonly all: LlbOutput[] = [];

  /** -1 for an input that is none (`scratch`). */
  numberOf(output: LlbOutput | undefined): number {
    if (!output) return -1;
    const known = this.all.findIndex(
      ({ digest, index }) => digest === output.digest && index === output.index,
    );
    return known >= 0 ? known : this.all.push(output) - 1;
  }
}

/** The definition of a node's result. `source` is the text that the nodes' lines are those of. */
export function definitionOf(root: GraphNode, source?: SourceMap): Definition {
  const builder = new DefinitionBuilder();
  const sourceIndex = source ? builder.addSource(source.info) : 0;
  const done = new Map<GraphNode, LlbOutput>();
  let sizeBytes = 0;
  const stack: GraphNode[] = [root];
  while (stack.length > 0) {
    const node = stack.at(-1)!;
    const missing = done.has(node) ? [] : needsOf(node).filter((need) => !done.has(need));
    if (missing.length > 0) {
      stack.push(...missing);
      continue;
    }
    stack.pop();
    if (done.has(node)) continue;
    if (node.kind === "deferred") done.set(node, done.get(node.target!)!);
    else if (node.kind === "imported") done.set(node, importInto(builder, node.definition));
    else {
      const op = node.make(node.inputs.map((input) => done.get(input)!));
      sizeBytes += sizeOf(op);
      if (sizeBytes > MAX_DEFINITION_BYTES) throw tooLarge();
      done.set(node, builder.add(op, node.metadata, locationsOf(node.lines, sourceIndex, source)));
    }
  }
  return builder.definitionOf(done.get(root)!);
}

/** Digest of the operation whose output a definition is. */
export function resultDigest(definition: Definition): string {
  return protobuf.decode(messages.Op, definition.def.at(-1)!).inputs[0]!.digest;
}

function needsOf(node: GraphNode): readonly GraphNode[] {
  if (node.kind === "operation") return node.inputs;
  return node.kind === "deferred" ? [node.target!] : [];
}

function tooLarge(): GantryError {
  return new GantryError("ResourceExhausted", "the build's definition is too large", {
    code: "Dockerfile.Definition",
    details: { limitBytes: MAX_DEFINITION_BYTES },
  });
}

/** Roughly: what can grow without bound. */
function sizeOf(op: OutgoingOp): number {
  const meta = op.exec?.meta;
  let size = 256;
  for (const text of [...(meta?.env ?? []), ...(meta?.args ?? [])]) size += text.length;
  for (const { copy, mkfile } of op.file?.actions ?? [])
    size += 128 + (mkfile?.data?.length ?? 0) + 16 * (copy?.excludePatterns?.length ?? 0);
  return size;
}

/** Adds the operations of a definition; their digests follow how they are written here. */
function importInto(builder: DefinitionBuilder, definition: Definition): LlbOutput {
  const outputs = new Map<string, string>();
  let last: LlbOutput | undefined;
  for (const bytes of definition.def) {
    const op = protobuf.decode(messages.Op, bytes);
    const inputs = op.inputs.map(({ digest, index }) => ({ digest: outputs.get(digest) ?? digest, index }));
    const isEnd = !op.exec && !op.source && !op.file && !op.build && !op.merge && !op.diff;
    if (isEnd) {
      last = inputs[0];
      continue;
    }
    const original = digestOfBytes(bytes);
    const added = builder.add({ ...op, inputs }, definition.metadata[original] ?? {});
    outputs.set(original, added.digest);
    last = added;
  }
  if (!last) throw new GantryError("InvalidArgument", "invalid empty definition");
  return last;
}

function locationsOf(
  range: LineRange | undefined,
  sourceIndex: number,
  source: SourceMap | undefined,
): Location[] {
  return range && source ? [{ sourceIndex, ranges: source.ranges(range) }] : [];
}
