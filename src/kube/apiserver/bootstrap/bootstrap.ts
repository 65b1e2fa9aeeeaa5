import { newUid, rfc3339Seconds } from "../../../base/index.ts";
import type { Store } from "../../../store/types.ts";
import {
  type KindDefinition,
  type KubeObject,
  kindByGvk,
  NODE_LEASE_NAMESPACE,
  parseApiVersion,
} from "../../api/index.ts";
import type { NewObject } from "../../client/types.ts";
import { keyOf } from "../objects/object-keys.ts";
import { encodeForStore } from "../objects/stored-object.ts";
import { newApiServices } from "./api-services.ts";
import { flowControlObjects } from "./flow-control.ts";
import { systemPriorityClasses } from "./priority-classes.ts";
import { bootstrapPolicy } from "./rbac-notation.ts";

export const BOOTSTRAP_NAMESPACES = ["default", "kube-system", "kube-public", NODE_LEASE_NAMESPACE];

/** Keys in one transaction: etcd takes 128 operations, compares and puts each, unless it is told otherwise. */
const BATCH = 100;

/**
 * Writes namespaces, roles, the objects of flow control, priority classes and what says which APIs are served by `kinds`, as far as they are
 * not there yet: new installations in a few transactions, later ones only read.
 */
export async function writeBootstrapObjects(
  store: Store,
  kinds: readonly KindDefinition[],
  nowMs: number,
): Promise<void> {
  const objects = [
    ...BOOTSTRAP_NAMESPACES.map(namespace),
    ...bootstrapPolicy(),
    ...flowControlObjects(rfc3339Seconds(nowMs)),
    ...systemPriorityClasses(),
    ...newApiServices(kinds, rfc3339Seconds(nowMs)),
  ].map((object) => complete(object, nowMs));
  const missing: { key: string; value: Buffer }[] = [];
  for (const { kind, object } of objects) {
    const key = keyOf(kind, object);
    const { item } = await store.get(key);
    if (!item) missing.push({ key, value: encodeForStore(object) });
  }
  for (let at = 0; at < missing.length; at += BATCH) {
    const batch = missing.slice(at, at + BATCH);
    await store.transact({
      compare: batch.map(({ key }) => ({ key, target: "version", operator: "=", value: 0 })),
      success: batch.map(({ key, value }) => ({ type: "put", key, value })),
    });
  }
}

function namespace(name: string): NewObject {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: { "kubernetes.io/metadata.name": name } },
    spec: { finalizers: ["kubernetes"] },
    status: { phase: "Active" },
  };
}

function complete(object: NewObject, nowMs: number): { kind: KindDefinition; object: KubeObject } {
  const { group, version } = parseApiVersion(object.apiVersion);
  const metadata = { ...object.metadata, uid: newUid(), creationTimestamp: rfc3339Seconds(nowMs) };
  return {
    kind: kindByGvk(group, version, object.kind)!,
    object: { ...object, metadata } as unknown as KubeObject,
  };
}
