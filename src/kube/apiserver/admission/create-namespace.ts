import type { Clock } from "../../../base/index.ts";
import { isStatusError, type Namespace, namespaces, type ObjectMeta } from "../../api/index.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { fillSystemFields } from "../verbs/object-metadata.ts";

/** Makes a namespace as a client would that names it and nothing more; one that is there stays as it is. */
export async function createNamespace(
  { objects, clock }: { objects: ObjectStore; clock: Clock },
  name: string,
): Promise<void> {
  const { group, version, kind, resource } = namespaces;
  const namespace = {
    apiVersion: version,
    kind,
    metadata: { name } as ObjectMeta,
    spec: {},
  } satisfies Namespace;
  const info = { isResource: true as const, verb: "create", path: "", group, version, resource };
  namespaces.defaults?.(namespace);
  fillSystemFields(namespaces, namespace, info, clock.nowMs());
  namespaces.prepareForCreate?.(namespace);
  try {
    await objects.create(namespaces, namespace);
  } catch (error) {
    if (!isStatusError(error, "AlreadyExists")) throw error;
  }
}
