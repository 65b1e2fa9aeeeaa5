import type { JsonSchema } from "../custom/json-schema.ts";
import { GoLiteral, goStringList } from "../field-error.ts";
import type { ValidationRule } from "../generated/types.ts";
import { goUnstructured } from "../go-unstructured.ts";
import { goPointer, goStruct } from "../go-value.ts";
import type { InternalVersion } from "./internal-spec.ts";

type Kind = "text" | "flag" | "texts" | "json" | "schemas" | "map" | "rules" | (string & { pointer?: true });

/** The fields of upstream's JSONSchemaProps in their order: Go's name, ours, and what it is; other types are pointers. */
export const SCHEMA_FIELDS: readonly (readonly [goName: string, field: keyof JsonSchema, kind: Kind])[] = [
  ["ID", "id", "text"],
  ["Schema", "$schema", "text"],
  ["Ref", "$ref", "string"],
  ["Description", "description", "text"],
  ["Type", "type", "text"],
  ["Nullable", "nullable", "flag"],
  ["Format", "format", "text"],
  ["Title", "title", "text"],
  ["Default", "default", "apiextensions.JSON"],
  ["Maximum", "maximum", "float64"],
  ["ExclusiveMaximum", "exclusiveMaximum", "flag"],
  ["Minimum", "minimum", "float64"],
  ["ExclusiveMinimum", "exclusiveMinimum", "flag"],
  ["MaxLength", "maxLength", "int64"],
  ["MinLength", "minLength", "int64"],
  ["Pattern", "pattern", "text"],
  ["MaxItems", "maxItems", "int64"],
  ["MinItems", "minItems", "int64"],
  ["UniqueItems", "uniqueItems", "flag"],
  ["MultipleOf", "multipleOf", "float64"],
  ["Enum", "enum", "json"],
  ["MaxProperties", "maxProperties", "int64"],
  ["MinProperties", "minProperties", "int64"],
  ["Required", "required", "texts"],
  ["Items", "items", "apiextensions.JSONSchemaPropsOrArray"],
  ["AllOf", "allOf", "schemas"],
  ["OneOf", "oneOf", "schemas"],
  ["AnyOf", "anyOf", "schemas"],
  ["Not", "not", "apiextensions.JSONSchemaProps"],
  ["Properties", "properties", "map"],
  ["AdditionalProperties", "additionalProperties", "apiextensions.JSONSchemaPropsOrBool"],
  ["PatternProperties", "patternProperties", "map"],
  ["Dependencies", "dependencies", "map"],
  ["AdditionalItems", "additionalItems", "apiextensions.JSONSchemaPropsOrBool"],
  ["Definitions", "definitions", "map"],
  ["ExternalDocs", "externalDocs", "apiextensions.ExternalDocumentation"],
  ["Example", "example", "apiextensions.JSON"],
  ["XPreserveUnknownFields", "x-kubernetes-preserve-unknown-fields", "bool"],
  ["XEmbeddedResource", "x-kubernetes-embedded-resource", "flag"],
  ["XIntOrString", "x-kubernetes-int-or-string", "flag"],
  ["XListMapKeys", "x-kubernetes-list-map-keys", "texts"],
  ["XListType", "x-kubernetes-list-type", "string"],
  ["XMapType", "x-kubernetes-map-type", "string"],
  ["XValidations", "x-kubernetes-validations", "rules"],
];

const MAP_TYPES: Record<string, string> = {
  Dependencies: "apiextensions.JSONSchemaDependencies",
  Definitions: "apiextensions.JSONSchemaDefinitions",
};

/** A schema as Go's `%#v` prints apiextensions.JSONSchemaProps. */
export function goSchema(schema: JsonSchema): GoLiteral {
  const fields = SCHEMA_FIELDS.map(([goName, field, kind]) => [goName, goField(schema[field], kind, goName)]);
  return goStruct("apiextensions.JSONSchemaProps", Object.fromEntries(fields));
}

function goField(value: unknown, kind: Kind, goName: string): string | boolean | GoLiteral {
  switch (kind) {
    case "text":
      return (value as string | undefined) ?? "";
    case "flag":
      return (value as boolean | undefined) ?? false;
    case "texts":
      return new GoLiteral(goStringList(value as string[] | undefined));
    case "json":
      return goList("apiextensions.JSON", (value as unknown[] | undefined)?.map(jsonText));
    case "schemas":
      return goList("apiextensions.JSONSchemaProps", (value as JsonSchema[] | undefined)?.map(schemaText));
    case "map":
      return goMap(
        MAP_TYPES[goName] ?? "map[string]apiextensions.JSONSchemaProps",
        value as Record<string, JsonSchema>,
      );
    case "rules":
      return goRules(value as ValidationRule[] | undefined);
    default:
      return goPointer(kind, value);
  }
}

const schemaText = (schema: JsonSchema) => goSchema(schema).text;

function jsonText(value: unknown): string {
  const shown = goUnstructured(value);
  if (shown instanceof GoLiteral) return shown.text;
  return shown === null ? "apiextensions.JSON(nil)" : JSON.stringify(shown);
}

function goList(type: string, items: readonly string[] | undefined): GoLiteral {
  return new GoLiteral(items === undefined ? `[]${type}(nil)` : `[]${type}{${items.join(", ")}}`);
}

function goMap(type: string, map: Record<string, JsonSchema> | undefined): GoLiteral {
  if (map === undefined) return new GoLiteral(`${type}(nil)`);
  const pairs = Object.keys(map)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${schemaText(map[key]!)}`);
  return new GoLiteral(`${type}{${pairs.join(", ")}}`);
}

function goRules(rules: readonly ValidationRule[] | undefined): GoLiteral {
  if (rules === undefined) return new GoLiteral("apiextensions.ValidationRules(nil)");
  return new GoLiteral(`apiextensions.ValidationRules{${rules.map((rule) => goRule(rule).text).join(", ")}}`);
}

export function goRule(rule: ValidationRule): GoLiteral {
  return goStruct("apiextensions.ValidationRule", {
    Rule: rule.rule,
    Message: rule.message ?? "",
    MessageExpression: rule.messageExpression ?? "",
    Reason: goPointer("apiextensions.FieldValueErrorReason", rule.reason),
    FieldPath: rule.fieldPath ?? "",
    OptionalOldSelf: goPointer("bool", rule.optionalOldSelf),
  });
}

/** All versions of a definition; null: none were given. */
export function goVersions(versions: readonly InternalVersion[] | null): GoLiteral {
  const type = "apiextensions.CustomResourceDefinitionVersion";
  return goList(
    type,
    versions?.map(
      (version) =>
        goStruct(type, {
          Name: version.name,
          Served: version.served,
          Storage: version.storage,
          Deprecated: version.deprecated ?? false,
          DeprecationWarning: goPointer("string", version.deprecationWarning),
          Schema: goPointer("apiextensions.CustomResourceValidation", version.schema),
          Subresources: goPointer("apiextensions.CustomResourceSubresources", version.subresources),
          AdditionalPrinterColumns: goColumns(version.additionalPrinterColumns),
          SelectableFields: goSelectableFields(version.selectableFields),
        }).text,
    ),
  );
}

function goColumns(columns: InternalVersion["additionalPrinterColumns"]): GoLiteral {
  const type = "apiextensions.CustomResourceColumnDefinition";
  return goList(
    type,
    columns?.map(
      ({ name, type: columnType, format = "", description = "", priority = 0, jsonPath }) =>
        goStruct(type, {
          Name: name,
          Type: columnType,
          Format: format,
          Description: description,
          Priority: priority,
          JSONPath: jsonPath,
        }).text,
    ),
  );
}

function goSelectableFields(fields: InternalVersion["selectableFields"]): GoLiteral {
  const type = "apiextensions.SelectableField";
  return goList(
    type,
    fields?.map(({ jsonPath }) => goStruct(type, { JSONPath: jsonPath }).text),
  );
}
