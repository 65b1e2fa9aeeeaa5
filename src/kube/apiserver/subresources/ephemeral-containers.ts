import { jsonEquals } from "../../../formats/index.ts";
import { type FieldError, type KubeObject, statusInvalid } from "../../api/index.ts";
import type { Answer, ResourceCall, ServerContext } from "../server-context.ts";
import { applyPatch } from "../verbs/patch-object.ts";
import { getObject } from "../verbs/read-objects.ts";
import { requireUpdate, updateObject } from "../verbs/write-object.ts";

interface Named {
  name: string;
}

/** `pods/NAME/ephemeralcontainers` (`kubectl debug`): adds containers to a pod that runs; nothing else changes. */
export async function updateEphemeralContainers(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const { kind, info } = call;
  if (info.verb === "get") return { form: "object", kind, object: await getObject(context, call), code: 200 };
  const decoded = info.verb === "update" ? requireUpdate(call) : undefined;
  const { object } = await updateObject(context, call, (current) => {
    const sent = decoded ?? applyPatch(call, kind, current.object);
    const next = current.mutableCopy();
    next.spec.ephemeralContainers = structuredClone(sent.spec?.ephemeralContainers ?? []);
    if (next.spec.ephemeralContainers.length === 0) delete next.spec.ephemeralContainers;
    // Whoever sends a version means the pod as it was then.
    next.metadata.resourceVersion = sent.metadata.resourceVersion;
    kind.defaults?.(next);
    refuseChanges(call, next, current.object);
    return next;
  });
  return { form: "object", kind, object, code: 200 };
}

/** Those that are there stay as they are (validation.ValidatePodEphemeralContainersUpdate). */
function refuseChanges({ kind, info }: ResourceCall, next: KubeObject, previous: KubeObject): void {
  const sent = new Map<string, Named>();
  for (const one of (next.spec.ephemeralContainers ?? []) as Named[]) sent.set(one.name, one);
  const errors: FieldError[] = [];
  const refuse = (name: string, what: string) =>
    errors.push({
      type: "FieldValueForbidden",
      field: "spec.ephemeralContainers",
      message: `Forbidden: existing ephemeral containers ${JSON.stringify(name)} may not be ${what}\n`,
    });
  for (const old of (previous.spec.ephemeralContainers ?? []) as Named[]) {
    const now = sent.get(old.name);
    if (!now) refuse(old.name, "removed");
    else if (!jsonEquals(now, old)) refuse(old.name, "changed");
  }
  if (errors.length > 0) throw statusInvalid(kind, info.name!, errors);
}
