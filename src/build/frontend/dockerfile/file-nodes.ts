import { Buffer } from "node:buffer";
import type { LlbOutput, OutgoingMetadata, OutgoingOp } from "../../llb/index.ts";
import { type GraphNode, InputList, type OperationNode } from "./graph.ts";
import { ownerOf } from "./owner.ts";
import { cleanAbsolute } from "./paths.ts";
import type { LineRange } from "./source-map.ts";

type Action = NonNullable<NonNullable<OutgoingOp["file"]>["actions"]>[number];
type FileCopy = NonNullable<Action["copy"]>;

/** One source of a copy. */
export interface CopyItem {
  /** Undefined: nothing is in it. */
  node: GraphNode | undefined;
  copy: FileCopy;
}

export interface CopyNodeOptions {
  /** Onto which the files go; undefined: onto nothing. */
  base: GraphNode | undefined;
  /** `user:group`; empty for none. */
  owner: string;
  lines: LineRange;
  metadata: OutgoingMetadata;
  /** --link: the files are a layer of their own that is put on top. */
  link?: { name: string; id: string };
}

export function copyNode(items: readonly CopyItem[], options: CopyNodeOptions): GraphNode {
  const { base, link } = options;
  if (!link || !base) return plainCopy(items, options);
  const name = options.metadata.description!["llb.customname"]!;
  const copied = plainCopy(items, {
    ...options,
    base: undefined,
    metadata: { ...options.metadata, progressGroup: { id: link.id, name, weak: true } },
  });
  return {
    kind: "operation",
    inputs: [base, copied],
    make: (inputs) => ({ inputs, merge: { inputs: inputs.map((_, input) => ({ input })) } }),
    metadata: {
      ...options.metadata,
      description: { "llb.customname": link.name },
      progressGroup: { id: link.id, name, weak: false },
    },
    lines: options.lines,
  };
}

function plainCopy(
  items: readonly CopyItem[],
  { base, owner, lines, metadata }: CopyNodeOptions,
): OperationNode {
  const nodes = [base, ...items.map(({ node }) => node)];
  return {
    kind: "operation",
    inputs: nodes.filter((node) => node !== undefined),
    make: (outputs) => {
      const inputs = new InputList();
      const [first, ...sources] = numbersOf(nodes, outputs, inputs);
      const actions = items.map(
        ({ copy }, index): Action => ({
          // The first goes onto the base, each further one onto the one before.
          input: index === 0 ? first! : inputs.all.length + index - 1,
          secondaryInput: sources[index]!,
          output: index === items.length - 1 ? 0 : -1,
          copy: { ...copy, ...(owner === "" ? {} : { owner: ownerOf(owner, first!) }) },
        }),
      );
      return { inputs: inputs.all, file: { actions } };
    },
    metadata,
    lines,
  };
}

/** Numbers of nodes among the inputs; -1 for those that are none. */
export function numbersOf(
  nodes: readonly (GraphNode | undefined)[],
  outputs: readonly LlbOutput[],
  inputs: InputList,
): number[] {
  let next = 0;
  return nodes.map((node) => inputs.numberOf(node && outputs[next++]));
}

/** A tree of one file: a here-document. */
export function inlineFileNode(path: string, content: string, mode: number): OperationNode {
  const data = Buffer.from(content);
  return {
    kind: "operation",
    inputs: [],
    make: () => ({
      file: {
        actions: [
          {
            input: -1,
            secondaryInput: -1,
            output: 0,
            mkfile: { path: cleanAbsolute(path), mode, data, timestamp: -1 },
          },
        ],
      },
    }),
    metadata: { description: { "llb.customname": "[internal] preparing inline document" } },
    lines: undefined,
  };
}
