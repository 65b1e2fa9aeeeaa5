import { isDns1123Label } from "../../../formats/index.ts";
import { warningsOfTemplate } from "../core/pod/warnings.ts";
import type { PodTemplateSpec } from "../generated/types.ts";
import type { KubeObject } from "../types.ts";

interface HasTemplate extends KubeObject {
  spec: { template?: PodTemplateSpec };
}

/** What a controller of pods that is taken is warned of; an update only where it changed what is wanted. */
export function warningsOfController({ metadata, spec }: HasTemplate, previous?: HasTemplate): string[] {
  if (previous && previous.metadata.generation === metadata.generation) return [];
  return [
    ...(previous ? [] : warningsOfName(metadata.name)),
    ...warningsOfTemplate(spec.template, "spec.template"),
  ];
}

/** Pods and their hosts are named after their controller. */
export function warningsOfName(name: string): string[] {
  const problems = isDns1123Label(name);
  if (problems.length === 0) return [];
  const why = `this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${problems.join(" ")}]`;
  return [`metadata.name: ${why}`];
}
