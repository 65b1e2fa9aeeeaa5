import { apiVersionOf } from "../api-version.ts";
import { deprecationWarning, servedVersions, storageVersion } from "../apiextensions/versions.ts";
import type { CustomResourceDefinition } from "../generated/types.ts";
import type { KindConversion, KindDefinition, KubeObject } from "../types.ts";
import { type CustomKind, customKind } from "./custom-kind.ts";
import { managedCustomKind } from "./managed-custom-kind.ts";
import { customOpenApi } from "./open-api.ts";

/** Objects of a definition in another of its versions, in their order. */
export type ConvertObjects = (objects: readonly KubeObject[], apiVersion: string) => Promise<KubeObject[]>;

export interface CustomKindsOptions {
  convert: ConvertObjects;
  /** Objects that were written later stand in the store as the schemas want them. */
  sinceRevision: number;
}

/** The kinds that an established definition serves, that of the storage version first. */
export function customKinds(
  definition: CustomResourceDefinition,
  { convert, sinceRevision }: CustomKindsOptions,
): KindDefinition[] {
  const { group } = definition.spec;
  const { name, resourceVersion } = definition.metadata;
  const stored = storageVersion(definition)!;
  const storedVersion = apiVersionOf({ group, version: stored.name });
  const versions = servedVersions(definition);
  const ordered = [...versions].sort((a, b) => Number(b === stored) - Number(a === stored));
  const isTerminating = definition.metadata.deletionTimestamp !== undefined;
  const kinds = ordered.map((version): CustomKind => {
    const kind = customKind(definition, version);
    const deprecation = deprecationWarning(definition, version);
    return {
      ...kind,
      openApi: (openApi) => customOpenApi(definition, version, openApi),
      ...(deprecation === undefined ? {} : { deprecation }),
      ...(isTerminating ? { isTerminating } : {}),
      definedBy: { name, revision: Number(resourceVersion), sinceRevision },
      conversion: conversionOf(kind, { convert, sinceRevision, storedVersion }),
    };
  });
  const schemas = new Map(kinds.map((kind) => [apiVersionOf(kind), kind.schema]));
  return kinds.map((kind) => ({ ...kind, managed: managedCustomKind(kind, schemas) }));
}

function conversionOf(
  kind: CustomKind,
  { convert, sinceRevision, storedVersion }: CustomKindsOptions & { storedVersion: string },
): KindConversion {
  const apiVersion = apiVersionOf(kind);
  // The stored form begins with kind and apiVersion.
  const start = Buffer.from(`${JSON.stringify({ kind: kind.kind, apiVersion }).slice(0, -1)},`);
  return {
    isShown: ({ revision, bytes }) =>
      revision > sinceRevision && bytes.subarray(0, start.length).equals(start),
    show: async (objects) => {
      const shown = await convert(objects, apiVersion);
      // What is in the store is shared and frozen.
      return shown.map((object) => kind.readStored(structuredClone(object)));
    },
    store: async (object) => {
      if (object.apiVersion === storedVersion) return object;
      const [stored] = await convert([object], storedVersion);
      return stored!;
    },
  };
}
