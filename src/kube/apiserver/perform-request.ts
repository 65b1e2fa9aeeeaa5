import { cloneJson } from "../../formats/index.ts";
import { type KubeObject, statusForbidden } from "../api/index.ts";
import { computedAnswer } from "./computed/computed-kinds.ts";
import type { StoredObject } from "./objects/stored-object.ts";
import { review } from "./reviews/review.ts";
import { methodNotAllowed } from "./routes.ts";
import type { Answer, ResourceCall, ServerContext } from "./server-context.ts";
import { subresourceHandler } from "./subresources/subresources.ts";
import { appliedTo } from "./verbs/apply-configuration.ts";
import { createObject } from "./verbs/create-object.ts";
import { deleteCollection, deleteObject } from "./verbs/delete-objects.ts";
import { managedKindOf } from "./verbs/manage-fields.ts";
import { applyPatch } from "./verbs/patch-object.ts";
import { getObject, listObjects } from "./verbs/read-objects.ts";
import { requireBody, requireUpdate } from "./verbs/request-body.ts";
import { updateObject } from "./verbs/update-object.ts";
import { watchObjects } from "./verbs/watch-objects.ts";

/** Does what a decoded request asks for: one verb of one resource. */
export async function performRequest(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const { kind, info } = call;
  const values = await context.metricValues.answer(context, call);
  if (values) return values;
  if (info.subresource !== undefined) return subresourceHandler(call)(context, call);
  const computed = await computedAnswer(context, call);
  if (computed) return computed;
  const asked = await review(context, call);
  if (asked) return asked;
  switch (info.verb) {
    case "get":
      return answerWith(call, await getObject(context, call));
    case "list":
      return { form: "list", kind, list: await listObjects(context, call) };
    case "watch":
      return { form: "watch", kind, watch: await watchObjects(context, call) };
    case "create":
      return answerWith(call, await createObject(context, call, requireBody(call)), 201);
    case "update":
      return update(context, call);
    case "patch":
      return call.patchType === "apply" ? apply(context, call) : patch(context, call);
    case "delete":
      return deleteObject(context, call);
    case "deletecollection":
      return { form: "list", kind, list: await deleteCollection(context, call) };
    default:
      throw methodNotAllowed();
  }
}

async function update(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const sent = requireUpdate(call);
  const create = call.kind.allowCreateOnUpdate ? () => createUnasked(context, call, sent) : undefined;
  const { object, created } = await updateObject(context, call, () => cloneJson(sent), {
    sent,
    create,
  });
  return answerWith(call, object, created ? 201 : 200);
}

async function patch(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const change = (current: StoredObject) => applyPatch(call, call.kind, current.object);
  return answerWith(call, (await updateObject(context, call, change)).object);
}

/** Server-side apply, which also makes what is not there. */
async function apply(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const { kind } = call;
  const managed = managedKindOf(context.kinds, kind);
  const applied = (live: KubeObject | undefined) => appliedTo(context, call, { kind, managed, live });
  const create = () => createUnasked(context, call, applied(undefined));
  const { object, created } = await updateObject(context, call, (current) => applied(current.object), {
    create,
  });
  return answerWith(call, object, created ? 201 : 200);
}

/** A create by a request that is not called so: its sender must be allowed to create, too (handlers.withAuthorization). */
async function createUnasked(context: ServerContext, call: ResourceCall, object: KubeObject) {
  const { user, info, kind } = call;
  const { decision, reason } = await context.authorizer.authorize(user, { ...info, verb: "create" });
  if (decision !== "allow") throw statusForbidden(kind, info.name!, reason ?? "");
  return createObject(context, call, object);
}

function answerWith(
  { kind }: ResourceCall,
  object: Extract<Answer, { form: "object" }>["object"],
  code: 200 | 201 = 200,
): Answer {
  return { form: "object", kind, object, code };
}
