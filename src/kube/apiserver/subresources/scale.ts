import { cloneJson } from "../../../formats/index.ts";
import {
  apiVersionOf,
  fieldElement,
  type KindDefinition,
  type KubeObject,
  kindByGvk,
  type ManagedFieldsEntry,
  parentManagers,
  type ReplicasPaths,
  scaleManagers,
  statusConflict,
  statusInvalid,
} from "../../api/index.ts";
import { StoredObject } from "../objects/stored-object.ts";
import type { Answer, ResourceCall, ServerContext } from "../server-context.ts";
import { appliedTo } from "../verbs/apply-configuration.ts";
import { managedKindOf, withFieldManagers } from "../verbs/manage-fields.ts";
import { uidMismatch } from "../verbs/object-metadata.ts";
import { applyPatch } from "../verbs/patch-object.ts";
import { getObject } from "../verbs/read-objects.ts";
import { requireUpdate } from "../verbs/request-body.ts";
import { type ShownAs, updateObject } from "../verbs/update-object.ts";

const scaleKind = () => kindByGvk("autoscaling", "v1", "Scale")!;

/** `/scale`: the number of replicas as an object of its own, the same for all kinds that have it. */
export async function handleScale(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const kind = scaleKind();
  if (call.info.verb === "get") {
    const object = await getObject(context, call);
    return { form: "object", kind, object: scaleOf(call.kind, object), code: 200 };
  }
  const sent = call.info.verb === "update" ? requireUpdate(call, kind) : undefined;
  const { object } = await updateObject(
    context,
    call,
    (current) => {
      const scale = nextScale(context, call, current, sent);
      const next = scaled(call.kind, current, scale);
      const { metadata } = next;
      metadata.managedFields = parentManagers(
        managersOf(metadata),
        managersOf(scale.metadata),
        replicasPaths(call.kind),
        apiVersionOf(call.kind),
      );
      if (metadata.managedFields.length === 0) delete metadata.managedFields;
      return next;
    },
    { sent, isManaged: true, shownAs: shownAsScale(call.kind) },
  );
  return { form: "object", kind, object: scaleOf(call.kind, object), code: 200 };
}

function shownAsScale(of: KindDefinition): ShownAs {
  return {
    kind: scaleKind(),
    show: (object) => scaleOf(of, object),
    take: (object, scale) => write(object, of.scale!.specReplicas, scale.spec?.replicas ?? 0),
  };
}

/** The scale that is wanted, with the owners of its replicas. */
function nextScale(
  context: ServerContext,
  call: ResourceCall,
  current: StoredObject,
  sent: KubeObject | undefined,
): KubeObject {
  const kind = scaleKind();
  const managed = managedKindOf(context.kinds, kind);
  const shown = scaleOf(call.kind, current);
  const managedFields = scaleManagers(managersOf(current.object.metadata), replicasPaths(call.kind));
  const live = { ...shown, metadata: { ...shown.metadata, managedFields } };
  if (!sent && call.patchType === "apply") return appliedTo(context, call, { kind, managed, live });
  const next = sent ? cloneJson(sent) : applyPatch(call, kind, live);
  return withFieldManagers(context, { ...call, kind }, next, live);
}

const managersOf = ({ managedFields }: KubeObject["metadata"]) =>
  managedFields as ManagedFieldsEntry[] | undefined;

function replicasPaths(kind: KindDefinition): ReplicasPaths {
  return new Map([[apiVersionOf(kind), segments(kind.scale!.specReplicas).map(fieldElement)]]);
}

function scaleOf(kind: KindDefinition, scaled: StoredObject | KubeObject): KubeObject {
  const object = scaled instanceof StoredObject ? scaled.object : scaled;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const paths = kind.scale!;
  const selector = paths.labelSelector(object);
  const replicas = Number(read(object, paths.specReplicas) ?? 0);
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    // Go leaves out a 0 here, and writes it in the status.
    spec: replicas === 0 ? {} : { replicas },
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
  if (uid && uid !== current.object.metadata.uid) {
    const of = { group: kind.group, resource: `${kind.resource}/scale` };
    throw statusConflict(of, name, uidMismatch(uid, current.object.metadata.uid));
  }
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
