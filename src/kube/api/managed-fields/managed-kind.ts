import { apiVersionOf } from "../api-version.ts";
import { modelOf } from "../models.ts";
import { zeroObject } from "../structure.ts";
import type { GroupVersionKind } from "../types.ts";
import type { FieldFilter } from "./field-filter.ts";
import type { MergeSchema } from "./merge-schema.ts";
import { modelSchema } from "./model-schema.ts";
import { singleVersion, type Versions } from "./versions.ts";

/** What managing fields has to know of a kind in the version of a request. */
export interface ManagedKind extends GroupVersionKind {
  apiVersion: string;
  schema: MergeSchema;
  versions: Versions;
  /** What an object is before it is created, as the decoder would make it of `{}`. */
  empty: unknown;
  /**
   * Whether stored objects may not fit the schema (a definition can change under its custom objects): they are held
   * against it before they are looked at.
   */
  mayMisfit: boolean;
  /** What nobody can own through this resource or subresource, by API version. */
  filterFor: (apiVersion: string) => FieldFilter | undefined;
}

const builtIn = new Map<string, ManagedKind>();

/** A built-in kind, without a filter; `{ ...managedKind(kind), filterFor }` where there is one. */
export function managedKind(kind: GroupVersionKind & { model: string }): ManagedKind {
  const known = builtIn.get(kind.model);
  if (known !== undefined) return known;
  const apiVersion = apiVersionOf(kind);
  const schema = modelSchema(kind.model);
  const made: ManagedKind = {
    group: kind.group,
    version: kind.version,
    kind: kind.kind,
    apiVersion,
    schema,
    versions: singleVersion(apiVersion, schema),
    empty: zeroObject(modelOf(kind.model)),
    mayMisfit: false,
    filterFor: () => undefined,
  };
  builtIn.set(kind.model, made);
  return made;
}
