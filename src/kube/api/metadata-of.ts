import type { KindDefinition, KubeObject } from "./types.ts";

/** An object's metadata where they are shown without the rest of it. */
export function metadataOf(
  { annotationsOfFields: hidden }: Pick<KindDefinition, "annotationsOfFields">,
  { metadata }: KubeObject,
): KubeObject["metadata"] {
  if (!hidden?.some((name) => metadata.annotations?.[name] !== undefined)) return metadata;
  const left = Object.entries(metadata.annotations!).filter(([name]) => !hidden.includes(name));
  const { annotations: _, ...others } = metadata;
  return left.length > 0 ? { ...others, annotations: Object.fromEntries(left) } : others;
}
