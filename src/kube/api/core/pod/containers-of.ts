import type { Container, EphemeralContainer, PodSpec } from "../../generated/types.ts";

/** All containers of a pod with their paths, in the order in which upstream visits them. */
export function containersOf(spec: PodSpec, path: string): [Container | EphemeralContainer, string][] {
  return (["initContainers", "containers", "ephemeralContainers"] as const).flatMap((list) =>
    (spec[list] ?? []).map((container, index): [Container | EphemeralContainer, string] => [
      container,
      `${path}.${list}[${index}]`,
    ]),
  );
}
