import { isGantryError } from "../../base/index.ts";
import { operationDigest, takenContent } from "../cache/operation-keys.ts";
import { digestOf, type Op } from "../llb/index.ts";
import type { Vertex } from "../solver/graph.ts";
import type { Ref } from "../solver/ref.ts";
import type { Workspace } from "../workspace.ts";
import type { CacheItem, CacheLink } from "./cache-chains.ts";

/** One output of one vertex. */
export function outputKey(vertexDigest: string, index: number): string {
  return `${vertexDigest}@${index}`;
}

/** As BuildKit tells outputs of one operation apart (cache/remotecache/v1, outputKey). */
export function outputDigest(op: Op, index: number): string {
  return digestOf(Buffer.from(outputKey(operationDigest(op), index)));
}

export function layersDigest(diffIds: readonly string[]): string {
  return digestOf(Buffer.from(`layers ${diffIds.join()}`));
}

/** Images are known by their layers; of other sources the files count, as they are got anew wherever they are used. */
export function sourceKind({ source }: Op): "image" | "files" | undefined {
  if (!source) return undefined;
  return /^(?:docker-image|oci-layout):\/\//.test(source.identifier) ? "image" : "files";
}

export function outputCount({ exec, file }: Op): number {
  if (exec) return exec.mounts.filter(({ output }) => output >= 0).length;
  return file ? file.actions.filter(({ output }) => output >= 0).length : 1;
}

export interface KnownInput {
  /** By the operations that made it. */
  items: Iterable<CacheItem>;
  /** Undefined: it has not been made. */
  ref: Ref | undefined;
}

/** The ways in which an input of a vertex is known. `root` gives the items of a digest of contents. */
export async function inputLinks(
  { op, inputs }: Vertex,
  index: number,
  { items, ref }: KnownInput,
  root: (digest: string) => Iterable<CacheItem>,
  where: { workspace: Workspace; signal: AbortSignal },
): Promise<CacheLink[]> {
  const links = [...items].map((from) => ({ from, selector: "" }));
  if (!ref) return links;
  const isByFiles = sourceKind(inputs[index]!.vertex.op) === "files";
  let content: string | undefined;
  try {
    content = await takenContent(op, index, ref, isByFiles, where);
  } catch (error) {
    // What is not there is told of by whoever carries the operation out.
    if (!isGantryError(error, "NotFound")) throw error;
  }
  if (content === undefined) return links;
  for (const from of root(digestOf(Buffer.from(`content ${content}`)))) links.push({ from, selector: "" });
  return links;
}
