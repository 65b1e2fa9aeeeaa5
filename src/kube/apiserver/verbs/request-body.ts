import { type KindDefinition, type KubeObject, statusBadRequest } from "../../api/index.ts";
import type { ResourceCall } from "../server-context.ts";
import { checkIdentity } from "./object-metadata.ts";

/** The request's body as an object of its kind. */
export function requireBody(
  { body, kind, audit }: ResourceCall,
  bodyKind: KindDefinition = kind,
): KubeObject {
  const object = body.as(bodyKind);
  if (!object) throw statusBadRequest(`a ${bodyKind.kind} is needed as body`);
  object.metadata ??= {} as KubeObject["metadata"];
  audit?.sent(object, bodyKind);
  return object;
}

/** The body of a PUT: an object of the name in the path. */
export function requireUpdate(call: ResourceCall, bodyKind?: KindDefinition): KubeObject {
  const object = requireBody(call, bodyKind);
  checkIdentity(call.kind, object, call.info);
  return object;
}
