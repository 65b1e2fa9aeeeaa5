import { statusConflict, statusInvalid, validateNamespaceFinalizer } from "../../api/index.ts";
import type { Answer, ResourceCall, ServerContext } from "../server-context.ts";
import { requireUpdate, updateObject } from "../verbs/write-object.ts";

/** `namespaces/NAME/finalize`: changes `spec.finalizers`; the namespace goes when none is left. */
export async function finalizeNamespace(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const { kind } = call;
  const sent = requireUpdate(call);
  const finalizers: string[] = sent.spec?.finalizers ?? [];
  const errors = finalizers.flatMap((one, index) =>
    validateNamespaceFinalizer(one, `spec.finalizers[${index}]`),
  );
  const { object } = await updateObject(context, call, (current) => {
    const wanted = sent.metadata.resourceVersion;
    if (wanted && wanted !== String(current.revision)) throw statusConflict(kind, call.info.name!);
    const next = current.mutableCopy();
    if (errors.length > 0) throw statusInvalid(kind, call.info.name!, errors);
    next.spec = { ...next.spec, finalizers };
    if (next.spec.finalizers.length === 0) delete next.spec.finalizers;
    return next;
  });
  return { form: "object", kind, object, code: 200 };
}
