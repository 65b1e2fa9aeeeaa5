import { isDns1123Label } from "../../../formats/index.ts";
import { warningsOfPod } from "../core/pod/warnings.ts";
import type { PodTemplateSpec } from "../generated/types.ts";
import type { KubeObject } from "../types.ts";

interface HasTemplate extends KubeObject {
  spec: { template?: PodTemplateSpec };
}

/** What a controller of pods that is taken is warned of; an update only where it changed what is wanted. */
export function warningsOfController({ metadata, spec }: HasTemplate, previous?: HasTemplate): string[] {
  if (previous && previous.metadata.generation === metadata.generation) return [];
  const template = spec.template?.spec ? { ...spec.template, spec: spec.template.spec } : undefined;
  const ofTemplate = template ? warningsOfPod(template, "spec.template") : [];
  const problems = previous ? [] : isDns1123Label(metadata.name);
  if (problems.length === 0) return ofTemplate;
  const why = `this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${problems.join(" ")}]`;
  return [`metadata.name: ${why}`, ...ofTemplate];
}
