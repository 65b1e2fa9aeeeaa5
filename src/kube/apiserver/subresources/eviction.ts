import { evictions, statusBadRequest } from "../../api/index.ts";
import type { Answer, ResourceCall, ServerContext } from "../server-context.ts";
import { admissionRequest } from "../verbs/admission-request.ts";
import { PlainBody } from "../verbs/decode-object.ts";
import { deleteObject } from "../verbs/delete-objects.ts";
import { requireBody } from "../verbs/request-body.ts";
import { successStatus } from "./success-status.ts";

/** `pods/NAME/eviction` (`kubectl drain`): a delete that a disruption budget may refuse. Nobody counts what budgets cover yet, so none does. */
export async function createEviction(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const eviction = requireBody(call, evictions);
  if (eviction.metadata.name !== call.info.name)
    throw statusBadRequest("name in URL does not match name in Eviction object");
  const admission = admissionRequest(call, "CREATE", { object: eviction, kind: evictions });
  await context.admission.mutate(admission);
  await context.admission.validate(admission);
  const { subresource: _, ...info } = call.info;
  const body = new PlainBody(admission.object!.deleteOptions ?? undefined);
  await deleteObject(context, { ...call, info: { ...info, verb: "delete" }, body });
  return { form: "status", status: successStatus(201) };
}
