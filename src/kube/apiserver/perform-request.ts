import { cloneJson } from "../../formats/index.ts";
import { review } from "./reviews/review.ts";
import { methodNotAllowed } from "./routes.ts";
import type { Answer, ResourceCall, ServerContext } from "./server-context.ts";
import { subresourceHandler } from "./subresources/subresources.ts";
import { createObject } from "./verbs/create-object.ts";
import { deleteCollection, deleteObject } from "./verbs/delete-objects.ts";
import { applyPatch } from "./verbs/patch-object.ts";
import { getObject, listObjects } from "./verbs/read-objects.ts";
import { requireBody, requireUpdate } from "./verbs/request-body.ts";
import { updateObject } from "./verbs/update-object.ts";
import { watchObjects } from "./verbs/watch-objects.ts";

/** Does what a decoded request asks for: one verb of one resource. */
export async function performRequest(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const { kind, info } = call;
  if (info.subresource !== undefined) return subresourceHandler(call)(context, call);
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
      return answerWith(
        call,
        (await updateObject(context, call, (current) => applyPatch(call, kind, current.object))).object,
      );
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
  const create = call.kind.allowCreateOnUpdate ? () => createObject(context, call, sent) : undefined;
  const { object, created } = await updateObject(context, call, () => cloneJson(sent), {
    sent,
    create,
  });
  return answerWith(call, object, created ? 201 : 200);
}

function answerWith(
  { kind }: ResourceCall,
  object: Extract<Answer, { form: "object" }>["object"],
  code: 200 | 201 = 200,
): Answer {
  return { form: "object", kind, object, code };
}
