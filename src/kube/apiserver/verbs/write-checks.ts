import { type FieldError, type KubeObject, statusInvalid, type WriteContext } from "../../api/index.ts";
import type { ResourceCall, ServerContext } from "../server-context.ts";

export function refuseInvalid({ kind }: ResourceCall, object: KubeObject, errors: FieldError[]): void {
  if (errors.length === 0) return;
  // Told of the kind that is stored; custom objects say themselves what they are.
  const of = {
    group: kind.storedAs?.group ?? kind.group,
    kind: kind.readStructure ? object.kind : kind.kind,
  };
  throw statusInvalid(of, object.metadata.name ?? "", errors);
}

/** A write that is tried again says the same again. */
export function warn(call: ResourceCall, warnings: readonly string[]): void {
  for (const warning of new Set(warnings)) if (!call.warnings.includes(warning)) call.warnings.push(warning);
}

export function writeContext(context: ServerContext, { user }: ResourceCall): WriteContext {
  return { user, nowMs: context.clock.nowMs(), warnings: [] };
}
