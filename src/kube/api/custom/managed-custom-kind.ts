import { apiVersionOf } from "../api-version.ts";
import type { ManagedKind } from "../managed-fields/managed-kind.ts";
import type { MergeSchema } from "../managed-fields/merge-schema.ts";
import type { KubeObject } from "../types.ts";
import { withApiVersion } from "./conversion.ts";
import type { CustomKind } from "./custom-kind.ts";
import { customMergeSchema } from "./custom-merge-schema.ts";
import type { StructuralSchema } from "./structural-schema.ts";

/**
 * A custom kind as whoever manages its fields knows it. Managers that wrote in another version own the fields of the same
 * names: objects are not sent through a webhook for that.
 */
export function managedCustomKind(
  kind: CustomKind,
  schemas: ReadonlyMap<string, StructuralSchema>,
): ManagedKind {
  const merged = new Map<string, MergeSchema>();
  const schemaAt = (apiVersion: string) => {
    const schema = schemas.get(apiVersion);
    if (!schema) return undefined;
    const known = merged.get(apiVersion) ?? customMergeSchema(schema);
    merged.set(apiVersion, known);
    return known;
  };
  const apiVersion = apiVersionOf(kind);
  return {
    group: kind.group,
    version: kind.version,
    kind: kind.kind,
    apiVersion,
    get schema() {
      return schemaAt(apiVersion)!;
    },
    versions: { schemaAt, convert: (object, _, to) => withApiVersion(object as KubeObject, to) },
    empty: { apiVersion, kind: kind.kind, metadata: {} },
    mayMisfit: true,
    filterFor: () => undefined,
  };
}
