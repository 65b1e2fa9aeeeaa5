import { createHash } from "node:crypto";
import { protobuf } from "../../formats/index.ts";
import * as messages from "./messages.ts";
import type { Definition, Location, OutgoingMetadata, OutgoingOp, SourceInfo } from "./types.ts";

/** An output of an operation: what other operations take as input. */
export interface LlbOutput {
  /** Digest of the operation's bytes. */
  digest: string;
  index: number;
}

/** Gathers operations into a definition. An operation that is added twice stands in it once. */
export class DefinitionBuilder {
  readonly #ops = new Map<string, { bytes: Buffer; inputs: readonly string[] }>();
  readonly #metadata = new Map<string, OutgoingMetadata>();
  readonly #locations = new Map<string, Location[]>();
  readonly #infos: SourceInfo[] = [];

  /** `op.inputs` are outputs of operations that were added before. */
  add(op: OutgoingOp, metadata: OutgoingMetadata = {}, locations: readonly Location[] = []): LlbOutput {
    const bytes = protobuf.encode(messages.Op, op);
    const digest = digestOf(bytes);
    if (!this.#ops.has(digest)) {
      this.#ops.set(digest, { bytes, inputs: (op.inputs ?? []).map((input) => input.digest ?? "") });
      this.#metadata.set(digest, metadata);
    }
    // Two instructions may ask for the same: it comes of both.
    if (locations.length > 0)
      this.#locations.set(digest, [...(this.#locations.get(digest) ?? []), ...locations]);
    return { digest, index: 0 };
  }

  /** A source text that locations speak of; returns its number. */
  addSource(info: SourceInfo): number {
    return this.#infos.push(info) - 1;
  }

  /** The definition of one output: what it needs and nothing else, inputs before those who take them. */
  definitionOf(output: LlbOutput): Definition {
    const needed: string[] = [];
    const seen = new Set<string>();
    // Not by recursion: a definition is as deep as its author likes.
    const stack = [output.digest];
    while (stack.length > 0) {
      const digest = stack.at(-1)!;
      const missing = seen.has(digest)
        ? []
        : this.#ops.get(digest)!.inputs.filter((input) => !seen.has(input));
      if (missing.length > 0) {
        stack.push(...missing.toReversed());
        continue;
      }
      stack.pop();
      if (seen.has(digest)) continue;
      seen.add(digest);
      needed.push(digest);
    }
    const end = protobuf.encode(messages.Op, { inputs: [output] });
    const definition = {
      def: [...needed.map((digest) => this.#ops.get(digest)!.bytes), end],
      metadata: Object.fromEntries(needed.map((digest) => [digest, this.#metadata.get(digest)!])),
      source: {
        locations: Object.fromEntries(
          needed
            .filter((digest) => this.#locations.has(digest))
            .map((digest) => [digest, { locations: this.#locations.get(digest)! }]),
        ),
        infos: this.#infos,
      },
    };
    // As every receiver sees it: whole, with defaults.
    return protobuf.decode(messages.Definition, protobuf.encode(messages.Definition, definition));
  }
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
