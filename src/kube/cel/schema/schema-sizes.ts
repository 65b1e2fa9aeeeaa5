import type { EstimatedNode, SizeEstimator } from "../cost/estimated-node.ts";
import type { DeclType } from "./decl-type.ts";

/** Knows sizes by what the schema of the root variable (`self`) allows. */
export function schemaSizes(root: DeclType): SizeEstimator {
  return ({ path }: EstimatedNode) => {
    if (path.length === 0) return undefined;
    const decl = path.slice(1).reduce<DeclType | undefined>((at, name) => at && step(at, name), root);
    return decl && { min: 0, max: decl.maxElements };
  };
}

function step(decl: DeclType, name: string): DeclType | undefined {
  if (name === "@items" || name === "@values") return decl.element;
  return name === "@keys" ? decl.key : decl.fields?.get(name);
}
