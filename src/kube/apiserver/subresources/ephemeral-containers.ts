import { jsonEquals } from "../../../formats/index.ts";
import { type FieldError, forbidden, isMirrorPod, type KubeObject } from "../../api/index.ts";
import type { StoredObject } from "../objects/stored-object.ts";
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
  const change = (current: StoredObject) => {
    const sent = decoded ?? applyPatch(call, kind, current.object);
    const next = current.mutableCopy();
    next.spec.ephemeralContainers = structuredClone(sent.spec?.ephemeralContainers ?? []);
    if (next.spec.ephemeralContainers.length === 0) delete next.spec.ephemeralContainers;
    // Whoever sends a version means the pod as it was then.
    next.metadata.resourceVersion = sent.metadata.resourceVersion;
    return next;
  };
  const { object } = await updateObject(context, call, change, { validateUpdate });
  return { form: "object", kind, object, code: 200 };
}

/** Those that are there stay as they are (validation.ValidatePodEphemeralContainersUpdate). */
function validateUpdate(next: KubeObject, previous: KubeObject): FieldError[] {
  if (isMirrorPod(previous)) return [forbidden("", "static pods do not support ephemeral containers")];
  const sent = new Map<string, Named>();
  for (const one of (next.spec.ephemeralContainers ?? []) as Named[]) sent.set(one.name, one);
  return ((previous.spec.ephemeralContainers ?? []) as Named[]).flatMap((old) => {
    const now = sent.get(old.name);
    if (now && jsonEquals(now, old)) return [];
    const what = `existing ephemeral containers ${JSON.stringify(old.name)} may not be ${now ? "changed" : "removed"}\n`;
    return [forbidden("spec.ephemeralContainers", what)];
  });
}
