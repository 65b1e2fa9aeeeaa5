import {
  type KindDefinition,
  type KubeObject,
  kindByGvk,
  statusBadRequest,
  statusConflict,
  statusInvalid,
} from "../../api/index.ts";
import { StoredObject } from "../objects/stored-object.ts";
import type { Answer, ResourceCall, ServerContext } from "../server-context.ts";
import { applyPatch } from "../verbs/patch-object.ts";
import { getObject } from "../verbs/read-objects.ts";
import { updateObject } from "../verbs/write-object.ts";

const scaleKind = () => kindByGvk("autoscaling", "v1", "Scale")!;

/** `/scale`: the number of replicas as an object of its own, the same for all kinds that have it. */
export async function handleScale(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const kind = scaleKind();
  if (call.info.verb === "get") {
    const object = await getObject(context, call);
    return { form: "object", kind, object: scaleOf(call.kind, object), code: 200 };
  }
  const sent = call.info.verb === "update" ? requireScale(call) : undefined;
  const { object } = await updateObject(context, call, (current) => {
    const scale = sent ?? applyPatch(call, kind, scaleOf(call.kind, current));
    return scaled(call.kind, current, scale);
  });
  return { form: "object", kind, object: scaleOf(call.kind, object), code: 200 };
}

function requireScale(call: ResourceCall): KubeObject {
  const scale = call.body.as(scaleKind());
  if (!scale) throw statusBadRequest("a Scale is needed as body");
  return scale;
}

function scaleOf(kind: KindDefinition, scaled: StoredObject | KubeObject): KubeObject {
  const object = scaled instanceof StoredObject ? scaled.object : scaled;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const paths = kind.scale!;
  const selector = paths.labelSelector(object);
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: Number(read(object, paths.specReplicas) ?? 0) },
    status: {
      replicas: Number(read(object, paths.statusReplicas) ?? 0),
      ...(selector === "" ? {} : { selector }),
    },
  };
}

function scaled(kind: KindDefinition, current: StoredObject, scale: KubeObject): KubeObject {
  const { name } = current.object.metadata;
  const { resourceVersion, uid } = scale.metadata ?? {};
  if (resourceVersion && resourceVersion !== String(current.revision)) throw statusConflict(kind, name);
  if (uid && uid !== current.object.metadata.uid) throw statusConflict(kind, name);
  const replicas = scale.spec?.replicas ?? 0;
  if (replicas < 0) {
    const message = `Invalid value: ${replicas}: must be greater than or equal to 0`;
    throw statusInvalid(scaleKind(), name, [{ type: "FieldValueInvalid", field: "spec.replicas", message }]);
  }
  const next = current.mutableCopy();
  write(next, kind.scale!.specReplicas, replicas);
  return next;
}

/** Paths are written `spec.replicas`, with or without a dot before. */
const segments = (path: string) => path.split(".").filter(Boolean);

function read(object: KubeObject, path: string): unknown {
  return segments(path).reduce<unknown>(
    (value, key) => (value as Record<string, unknown> | undefined)?.[key],
    object,
  );
}

function write(object: KubeObject, path: string, value: unknown): void {
  const keys = segments(path);
  const last = keys.pop()!;
  let target: Record<string, unknown> = object;
  for (const key of keys) {
    target[key] ??= {};
    target = target[key] as Record<string, unknown>;
  }
  target[last] = value;
}
