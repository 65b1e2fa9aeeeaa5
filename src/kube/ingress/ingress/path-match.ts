import type { RequestMatch } from "../../../reverse-proxy/index.ts";
import type { HTTPIngressPath } from "../../api/index.ts";
import type { IngressSettings } from "../annotations/ingress-settings.ts";
import { patternProblem } from "../pattern.ts";

/**
 * What a path of an Ingress fits; an error's text where its pattern cannot be read. `ImplementationSpecific` is a prefix here.
 * As in ingress-nginx, `use-regex` and `rewrite-target` make patterns of all paths of the Ingress, which may go on after their end.
 */
export function pathMatch(
  { path, pathType }: HTTPIngressPath,
  { useRegex, rewriteTarget }: IngressSettings,
): RequestMatch | { readonly error: string } {
  const value = path || "/";
  if (useRegex || rewriteTarget !== undefined)
    return patternMatch(value, rewriteTarget?.includes("$") ?? false);
  return { path: { type: pathType === "Exact" ? "exact" : "prefix", value } };
}

/** What a rewrite takes from a pattern's groups is found by JavaScript's expressions, which lack some of RE2's. */
function patternMatch(value: string, givesGroups: boolean): RequestMatch | { readonly error: string } {
  const problem = patternProblem(value);
  if (problem !== undefined) return { error: `path ${problem}` };
  if (givesGroups && !isJavaScriptPattern(value))
    return { error: `path ${JSON.stringify(value)} cannot be used with groups in rewrite-target` };
  return { path: { type: "regex", value: `^${value}` } };
}

function isJavaScriptPattern(value: string): boolean {
  try {
    new RegExp(value);
    return true;
  } catch {
    return false;
  }
}
