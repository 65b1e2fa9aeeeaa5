import { cloneJson } from "../../../formats/index.ts";
import type { Answer, ResourceCall, ServerContext } from "../server-context.ts";
import { appliedTo } from "../verbs/apply-configuration.ts";
import { managedKindOf } from "../verbs/manage-fields.ts";
import { applyPatch } from "../verbs/patch-object.ts";
import { getObject } from "../verbs/read-objects.ts";
import { requireUpdate } from "../verbs/request-body.ts";
import { updateObject } from "../verbs/update-object.ts";

/** A subresource that carries the whole object (`status`): reads it, writes only its own part of it. */
export async function handlePartOfObject(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const { kind, info } = call;
  if (info.verb === "get") return { form: "object", kind, object: await getObject(context, call), code: 200 };
  const sent = info.verb === "update" ? requireUpdate(call) : undefined;
  const { object } = await updateObject(
    context,
    call,
    ({ object: live }) => {
      if (sent) return cloneJson(sent);
      if (call.patchType !== "apply") return applyPatch(call, kind, live);
      return appliedTo(context, call, {
        kind,
        managed: managedKindOf(context.kinds, kind, info.subresource),
        live,
      });
    },
    { sent },
  );
  return { form: "object", kind, object, code: 200 };
}
