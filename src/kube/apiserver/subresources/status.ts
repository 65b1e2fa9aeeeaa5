import type { Answer, ResourceCall, ServerContext } from "../server-context.ts";
import { applyPatch } from "../verbs/patch-object.ts";
import { getObject } from "../verbs/read-objects.ts";
import { requireBody, updateObject } from "../verbs/write-object.ts";

/** `/status`: reads the whole object, writes its status only. */
export async function handleStatus(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const { kind, info } = call;
  if (info.verb === "get") return { form: "object", kind, object: await getObject(context, call), code: 200 };
  const decoded = info.verb === "update" ? requireBody(call) : undefined;
  const { object } = await updateObject(context, call, (current) =>
    decoded ? structuredClone(decoded) : applyPatch(call, kind, current.object),
  );
  return { form: "object", kind, object, code: 200 };
}
