import { jsonEquals } from "../../../formats/index.ts";
import type { JsonSchema } from "../custom/json-schema.ts";
import type {
  ApiextensionsV1WebhookClientConfig,
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
  SelectableField,
} from "../generated/types.ts";

export interface SchemaHolder {
  openAPIV3Schema?: JsonSchema;
}

export interface InternalVersion {
  name: string;
  served: boolean;
  storage: boolean;
  deprecated?: boolean;
  deprecationWarning?: string;
  schema?: SchemaHolder | undefined;
  subresources?: CustomResourceSubresources | undefined;
  additionalPrinterColumns?: CustomResourceColumnDefinition[] | undefined;
  selectableFields?: SelectableField[] | undefined;
}

export interface InternalConversion {
  strategy: string;
  webhookClientConfig?: ApiextensionsV1WebhookClientConfig | undefined;
  conversionReviewVersions: readonly string[];
}

/**
 * A definition's spec as upstream validates it (apiextensions' internal type): what all versions have alike stands once, in
 * `validation` and the other fields of the spec, which is where its errors are told.
 */
export interface InternalSpec {
  group: string;
  /** Name of the first version. */
  version: string;
  names: CustomResourceDefinitionNames;
  scope: string;
  /** Null: none were given. */
  versions: readonly InternalVersion[] | null;
  validation?: SchemaHolder | undefined;
  subresources?: CustomResourceSubresources | undefined;
  additionalPrinterColumns?: CustomResourceColumnDefinition[] | undefined;
  selectableFields?: SelectableField[] | undefined;
  conversion?: InternalConversion | undefined;
  preserveUnknownFields: boolean;
}

const SHARED = {
  schema: "validation",
  subresources: "subresources",
  additionalPrinterColumns: "additionalPrinterColumns",
  selectableFields: "selectableFields",
} as const;

export function internalSpec({ spec }: CustomResourceDefinition): InternalSpec {
  const versions = spec.versions as InternalVersion[] | null;
  const { group, names, scope, preserveUnknownFields = false } = spec;
  const out: InternalSpec = {
    group,
    version: versions?.[0]?.name ?? "",
    names,
    scope,
    versions: versions?.map((version) => ({ ...version })) ?? null,
    conversion: internalConversion(spec.conversion),
    preserveUnknownFields,
  };
  for (const [field, shared] of Object.entries(SHARED) as [keyof typeof SHARED, "validation"][]) {
    const first = out.versions?.[0]?.[field];
    if (first === undefined || !out.versions!.every((version) => jsonEquals(version[field], first))) continue;
    out[shared] = first as SchemaHolder;
    for (const version of out.versions!) delete version[field];
  }
  return out;
}

function internalConversion(
  conversion: CustomResourceDefinition["spec"]["conversion"],
): InternalConversion | undefined {
  if (conversion === undefined) return undefined;
  const { strategy, webhook } = conversion;
  return {
    strategy,
    webhookClientConfig: webhook?.clientConfig,
    conversionReviewVersions: webhook?.conversionReviewVersions ?? [],
  };
}

/** All schemas of a spec. */
export function schemasOf({ validation, versions }: InternalSpec): JsonSchema[] {
  return [validation, ...(versions ?? []).map((version) => version.schema)].flatMap((holder) =>
    holder?.openAPIV3Schema === undefined ? [] : [holder.openAPIV3Schema],
  );
}

/** The schema of one version, shared or its own. */
export function schemaOfVersion(
  definition: CustomResourceDefinition,
  name: string,
): SchemaHolder | undefined {
  const versions: CustomResourceDefinitionVersion[] = definition.spec.versions ?? [];
  return versions.find((version) => version.name === name)?.schema as SchemaHolder | undefined;
}
