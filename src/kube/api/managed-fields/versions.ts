import type { MergeSchema } from "./merge-schema.ts";

/** The API versions of a kind: managers own fields in the paths of the version that they wrote in. */
export interface Versions {
  /** Undefined for a version that is not known (any more): its managers are forgotten. */
  schemaAt(apiVersion: string): MergeSchema | undefined;
  /** The object in another known version; the very same where they are one. */
  convert(object: unknown, from: string, to: string): unknown;
}

/** A kind with one version, or whose other versions nobody wrote in. */
export function singleVersion(apiVersion: string, schema: MergeSchema): Versions {
  return {
    schemaAt: (version) => (version === apiVersion ? schema : undefined),
    convert: (object) => object,
  };
}
