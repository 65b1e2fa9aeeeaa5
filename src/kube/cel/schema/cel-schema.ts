/** The part of an OpenAPI schema, as JSON, that types of the language come from. References are resolved already. */
export interface CelSchema {
  type?: string | string[];
  format?: string;
  nullable?: boolean;
  items?: CelSchema;
  properties?: Readonly<Record<string, CelSchema>>;
  additionalProperties?: CelSchema | boolean;
  required?: readonly string[];
  enum?: readonly unknown[];
  default?: unknown;
  maxLength?: number;
  maxItems?: number;
  maxProperties?: number;
  "x-kubernetes-int-or-string"?: boolean;
  "x-kubernetes-embedded-resource"?: boolean;
  "x-kubernetes-preserve-unknown-fields"?: boolean;
  "x-kubernetes-list-type"?: string;
  "x-kubernetes-list-map-keys"?: readonly string[];
}

export function schemaType({ type }: CelSchema): string {
  return (typeof type === "string" ? type : type?.[0]) ?? "";
}

export function isIntOrString(schema: CelSchema): boolean {
  return schema["x-kubernetes-int-or-string"] === true || schema.format === "int-or-string";
}

export const isEmbeddedResource = (schema: CelSchema): boolean =>
  schema["x-kubernetes-embedded-resource"] === true;

/** The schema of a map's values, where there is one. */
export function valueSchema({ additionalProperties }: CelSchema): CelSchema | undefined {
  return typeof additionalProperties === "object" ? additionalProperties : undefined;
}

const STRING_SCHEMA: CelSchema = { type: "string" };

/** Adds kind, apiVersion and the names in metadata, which the root of a resource always has. */
export function withTypeAndObjectMeta(schema: CelSchema): CelSchema {
  const { kind, apiVersion, metadata } = schema.properties ?? {};
  const isString = (property: CelSchema | undefined) =>
    property !== undefined && schemaType(property) === "string";
  const hasMeta =
    metadata !== undefined &&
    schemaType(metadata) === "object" &&
    isString(metadata.properties?.name) &&
    isString(metadata.properties?.generateName);
  if (isString(kind) && isString(apiVersion) && hasMeta) return schema;
  return {
    ...schema,
    properties: {
      ...schema.properties,
      kind: STRING_SCHEMA,
      apiVersion: STRING_SCHEMA,
      metadata: { type: "object", properties: { name: STRING_SCHEMA, generateName: STRING_SCHEMA } },
    },
  };
}
