import { apiVersionOf } from "../api-version.ts";
import type { ManagedKind } from "./managed-kind.ts";
import { deducedSchema, type MergeMap, type MergeSchema } from "./merge-schema.ts";
import { modelSchema } from "./model-schema.ts";
import { singleVersion } from "./versions.ts";

/** A struct of these fields; other keys are taken where `element` says how. */
export function struct(
  fields: Record<string, MergeSchema>,
  marks: Partial<Pick<MergeMap, "isAtomic" | "element">> = {},
): MergeSchema {
  const byName = new Map(Object.entries(fields));
  const hasFields = byName.size > 0;
  return { map: { isAtomic: false, hasFields, field: (name) => byName.get(name), ...marks } };
}

export const text: MergeSchema = { scalar: "string" };
export const number: MergeSchema = { scalar: "numeric" };
const set: MergeSchema = { list: { isAtomic: false, keys: [], element: text } };
const item = struct({ name: text, port: number, v: text, tags: set });

/** One of every way in which a place can merge. */
export const everySchema: MergeSchema = struct({
  apiVersion: text,
  kind: text,
  metadata: modelSchema("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"),
  spec: struct({
    color: text,
    max: number,
    on: { scalar: "boolean" },
    free: { scalar: "untyped" },
    tags: set,
    items: { list: { isAtomic: false, keys: [{ name: "name" }], element: item } },
    ports: {
      list: { isAtomic: false, keys: [{ name: "port" }, { name: "v", default: "TCP" }], element: item },
    },
    args: { list: { isAtomic: true, keys: [], element: text } },
    labels: struct({}, { element: text }),
    whole: struct({ a: text, b: text }, { isAtomic: true }),
    nest: struct({ a: text, deep: struct({ x: text, y: number }) }),
    any: deducedSchema,
  }),
  status: struct({ replicas: number, conditions: set }),
});

const every = { group: "example.com", version: "v1", kind: "Every" };
const apiVersion = apiVersionOf(every);

export const everyKind: ManagedKind = {
  ...every,
  apiVersion,
  schema: everySchema,
  versions: singleVersion(apiVersion, everySchema),
  empty: { metadata: {} },
  mayMisfit: false,
  filterFor: () => undefined,
};
