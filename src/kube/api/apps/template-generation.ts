import type { DaemonSet } from "../generated/types.ts";

/** Where apps/v1 shows the generation of a daemon set's template, which is a field of the spec inside upstream. */
export const TEMPLATE_GENERATION = "deprecated.daemonset.template.generation";

export function templateGeneration({ metadata }: DaemonSet): number {
  return Number(metadata.annotations?.[TEMPLATE_GENERATION] ?? 0) || 0;
}

export function setTemplateGeneration({ metadata }: DaemonSet, generation: number): void {
  metadata.annotations = { ...metadata.annotations, [TEMPLATE_GENERATION]: String(generation) };
}
