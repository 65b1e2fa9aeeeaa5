import type { JsonObject } from "../../../formats/index.ts";
import {
  checkStructure,
  type KindDefinition,
  type KubeObject,
  type ManagedKind,
  manageApply,
  statusBadRequest,
  statusConflict,
} from "../../api/index.ts";
import type { ResourceCall, ServerContext } from "../server-context.ts";
import { fieldManagerName } from "./field-manager-name.ts";
import { checkIdentity } from "./object-metadata.ts";

/** What is applied to: an object, or a part of one that is shown as an object of another kind. */
export interface ApplyTarget {
  kind: KindDefinition;
  managed: ManagedKind;
  live: KubeObject | undefined;
}

/** The next state of an object after a server-side apply, with its managers, decoded as a body of its kind would be. */
export function appliedTo(
  context: ServerContext,
  call: ResourceCall,
  { kind, managed, live }: ApplyTarget,
): KubeObject {
  const { info, query } = call;
  const { value, duplicate } = call.body.applied();
  call.audit?.patched(value);
  const config = value === null || value === undefined ? {} : value;
  if (typeof config !== "object" || Array.isArray(config)) {
    throw statusBadRequest(
      `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${Array.isArray(config) ? "array" : typeof config} into Go value of type map[string]interface {}`,
    );
  }
  const merged = manageApply({
    kind: managed,
    live,
    config: config as JsonObject,
    manager: fieldManagerName(call),
    isForced: query.force === true,
    ...(info.subresource === undefined ? {} : { subresource: info.subresource }),
    nowMs: context.clock.nowMs(),
  });
  tellDuplicate(call, duplicate);
  const next = decoded(merged, kind);
  if (!live && next.metadata.uid) {
    throw statusConflict(
      call.kind,
      info.name!,
      `uid mismatch: the provided object specified uid ${next.metadata.uid}, and no existing object was found`,
    );
  }
  checkIdentity(call.kind, next, info);
  return next;
}

function decoded(merged: KubeObject, kind: KindDefinition): KubeObject {
  const { metadata, ...rest } = merged;
  const { managedFields, ...bare } = metadata ?? {};
  const next = checkStructure({ ...rest, metadata: bare }, kind).object;
  if (managedFields !== undefined) next.metadata.managedFields = managedFields;
  return next;
}

function tellDuplicate({ query, warnings }: ResourceCall, duplicate: string | undefined): void {
  if (duplicate === undefined || query.fieldValidation === "Ignore") return;
  if (query.fieldValidation === "Strict") throw statusBadRequest(`error strict decoding YAML: ${duplicate}`);
  if (!warnings.includes(duplicate)) warnings.push(duplicate);
}
