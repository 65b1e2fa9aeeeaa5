import { isQualifiedName } from "../../../formats/index.ts";
import { STANDARD_FINALIZERS } from "../meta/object-meta.ts";
import type { KubeObject } from "../types.ts";

/** Finalizers of custom resources may have any name: of odd ones that are new the client is told. */
export function finalizerWarnings(next: KubeObject, previous?: KubeObject): string[] {
  const known = previous?.metadata.finalizers ?? [];
  const added = (next.metadata.finalizers ?? []).filter((one) => !known.includes(one));
  return [...new Set(added)].sort().flatMap(warningsOf);
}

function warningsOf(finalizer: string): string[] {
  const at = `metadata.finalizers: ${JSON.stringify(finalizer)}`;
  const warnings = isQualifiedName(finalizer).map((why) => `${at}: ${why}`);
  if (finalizer.includes("/") || STANDARD_FINALIZERS.includes(finalizer)) return warnings;
  const how = finalizer.includes(".") ? " including a path (/)" : "";
  const why = `prefer a domain-qualified finalizer name${how} to avoid accidental conflicts with other finalizer writers`;
  return [...warnings, `${at}: ${why}`];
}
