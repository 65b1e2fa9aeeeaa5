import { invalidArgument } from "../../base/index.ts";
import { protobuf } from "../../formats/index.ts";
import { type Definition, digestOf, messages, type Op, type OpMetadata } from "../llb/index.ts";
import { operationName } from "./operation-name.ts";
import type { FailedOperation } from "./types.ts";

/** An operation of a definition, its inputs found. */
export interface Vertex {
  digest: string;
  op: Op;
  inputs: readonly VertexOutput[];
  metadata: OpMetadata | undefined;
  /** What progress calls it. */
  name: string;
  locations: FailedOperation["locations"];
}

export interface VertexOutput {
  vertex: Vertex;
  index: number;
}

const MAX_OPERATIONS = 50_000;
const MAX_INPUTS = 10_000;

/**
 * Reads a definition; returns its result, undefined for one that says nothing (an empty tree). Whatever the bytes are: InvalidArgument
 * if they make no graph. An operation knows its inputs by the digests of their bytes, so there can be no circle.
 */
export function readGraph(definition: Definition): VertexOutput | undefined {
  const { def } = definition;
  if (def.length === 0) return undefined;
  if (def.length > MAX_OPERATIONS) throw invalid(`more than ${MAX_OPERATIONS} operations`);
  const vertices = new Map<string, Vertex>();
  let last: Op | undefined;
  for (const bytes of def) {
    const op = readOp(bytes);
    const digest = digestOf(bytes);
    last = op;
    if (operationKinds(op) === 0) continue;
    vertices.set(digest, vertexOf(definition, vertices, op, digest));
  }
  const [result, ...more] = last?.inputs ?? [];
  if (!last || operationKinds(last) !== 0 || !result || more.length > 0)
    throw invalid("the last operation has to be the result");
  return outputOf(vertices, result);
}

/** What one vertex needs, inputs first. Not by recursion: a definition is as deep as its author likes. */
export function neededBy(last: Vertex): Vertex[] {
  const needed: Vertex[] = [];
  const seen = new Set<Vertex>();
  const stack: { vertex: Vertex; next: number }[] = [{ vertex: last, next: 0 }];
  seen.add(last);
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const input = top.vertex.inputs[top.next++]?.vertex;
    if (!input) {
      needed.push(top.vertex);
      stack.pop();
    } else if (!seen.has(input)) {
      seen.add(input);
      stack.push({ vertex: input, next: 0 });
    }
  }
  return needed;
}

function readOp(bytes: Uint8Array): Op {
  try {
    return protobuf.decode(messages.Op, bytes);
  } catch (error) {
    throw invalidArgument("failed to parse llb proto op", { code: "Build.Definition", cause: error });
  }
}

function operationKinds({ exec, source, file, build, merge, diff }: Op): number {
  return [exec, source, file, build, merge, diff].filter(Boolean).length;
}

function vertexOf(
  { metadata, source }: Definition,
  vertices: ReadonlyMap<string, Vertex>,
  op: Op,
  digest: string,
): Vertex {
  if (operationKinds(op) > 1) throw invalid("an operation of several kinds");
  if (op.inputs.length > MAX_INPUTS) throw invalid(`more than ${MAX_INPUTS} inputs`);
  const own = Object.hasOwn(metadata, digest) ? metadata[digest] : undefined;
  const places = Object.hasOwn(source?.locations ?? {}, digest) ? source!.locations[digest]! : undefined;
  const infos = source?.infos ?? [];
  return {
    digest,
    op,
    inputs: op.inputs.map((input) => outputOf(vertices, input)),
    metadata: own,
    name: operationName(op, own),
    locations: (places?.locations ?? []).flatMap(({ sourceIndex, ranges }) => {
      const info = infos[sourceIndex];
      return info ? [{ info, ranges }] : [];
    }),
  };
}

function outputOf(
  vertices: ReadonlyMap<string, Vertex>,
  { digest, index }: { digest: string; index: number },
): VertexOutput {
  const vertex = vertices.get(digest);
  if (!vertex) throw invalid(`input ${digest} is not defined before it is used`);
  if (!Number.isSafeInteger(index) || index < 0) throw invalid(`invalid output ${index} of ${digest}`);
  return { vertex, index };
}

function invalid(reason: string) {
  return invalidArgument(`invalid LLB definition: ${reason}`, { code: "Build.Definition" });
}
