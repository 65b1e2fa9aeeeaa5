import type { KubeObject } from "./types.ts";

/** The newest of those that an annotation marks as the default; of several that are as old, the first by name. */
export function defaultClass(
  classes: readonly KubeObject[],
  ...annotations: readonly string[]
): KubeObject | undefined {
  const createdMs = ({ metadata }: KubeObject) => Date.parse(metadata.creationTimestamp ?? "") || 0;
  return classes
    .filter(({ metadata }) => annotations.some((key) => metadata.annotations?.[key] === "true"))
    .sort((a, b) => createdMs(b) - createdMs(a) || (a.metadata.name < b.metadata.name ? -1 : 1))[0];
}
