import { lengthDelimited, varint } from "../../../formats/index.ts";
import type { Schema } from "./schemas.ts";
import type { Swagger, SwaggerOperation, SwaggerParameter } from "./swagger.ts";

/**
 * The OpenAPI 2 document in protobuf, message `openapi.v2.Document` of github.com/google/gnostic-models. The numbers are
 * the fields' numbers there.
 */
export function encodeSwagger({ swagger, info, paths, definitions }: Swagger): Buffer {
  return message(
    text(1, swagger),
    nested(2, text(1, info.title), text(2, info.version)),
    nested(
      8,
      ...Object.entries(paths).map(([path, item]) =>
        nested(
          2,
          text(1, path),
          nested(2, ...Object.entries(item).map(([method, one]) => operation(method, one))),
        ),
      ),
    ),
    nested(
      9,
      ...Object.entries(definitions).map(([name, schema]) =>
        nested(1, text(1, name), nested(2, schemaFields(schema))),
      ),
    ),
  );
}

const METHOD_NUMBERS: Record<string, number> = {
  get: 2,
  put: 3,
  post: 4,
  delete: 5,
  options: 6,
  head: 7,
  patch: 8,
};

function operation(method: string, one: SwaggerOperation): Buffer {
  return nested(
    METHOD_NUMBERS[method]!,
    text(3, one.description),
    text(5, one.operationId),
    ...(one.produces ?? []).map((type) => text(6, type)),
    ...(one.consumes ?? []).map((type) => text(7, type)),
    ...(one.parameters ?? []).map((parameter) => nested(8, nested(1, parameterFields(parameter)))),
    nested(
      9,
      ...Object.entries(one.responses ?? {}).map(([code, { description, schema }]) =>
        nested(
          1,
          text(1, code),
          nested(
            2,
            nested(1, text(1, description), ...(schema ? [nested(2, nested(1, schemaFields(schema)))] : [])),
          ),
        ),
      ),
    ),
    ...vendorExtensions(13, one as unknown as Schema),
  );
}

/** The field of a NonBodyParameter in which one that is not in the body stands. */
const PLACE_NUMBERS: Record<string, number> = { header: 1, formData: 2, query: 3, path: 4 };

function parameterFields({ name, in: place, type, description, required, schema }: SwaggerParameter): Buffer {
  const isRequired = required ? [flag(1)] : [];
  if (schema)
    return nested(
      1,
      text(1, description),
      text(2, name),
      text(3, "body"),
      ...(required ? [flag(4)] : []),
      nested(5, schemaFields(schema)),
    );
  const common = [text(2, place), text(3, description), text(4, name)];
  if (place === "path") return nested(2, nested(4, flag(1), ...common, text(5, type), flag(19)));
  if (place === "header") return nested(2, nested(1, ...isRequired, ...common, text(5, type), flag(19)));
  const number = PLACE_NUMBERS[place] ?? PLACE_NUMBERS.query!;
  return nested(2, nested(number, ...isRequired, ...common, text(6, type), flag(20)));
}

function schemaFields(schema: Schema): Buffer {
  const { $ref, format, description, type, items, additionalProperties, properties, required, ...more } =
    schema as {
      $ref?: string;
      format?: string;
      title?: string;
      description?: string;
      default?: unknown;
      pattern?: string;
      enum?: unknown[];
      type?: string;
      items?: Schema;
      allOf?: Schema[];
      additionalProperties?: Schema | boolean;
      properties?: Record<string, Schema>;
      required?: string[];
    };
  return message(
    text(1, $ref),
    text(2, format),
    text(3, more.title),
    text(4, description),
    ...(more.default === undefined ? [] : [nested(5, yaml(more.default))]),
    text(13, more.pattern),
    ...(required ?? []).map((name) => text(19, name)),
    ...(more.enum ?? []).map((value) => nested(20, yaml(value))),
    ...additional(additionalProperties),
    ...(type ? [nested(22, text(1, type))] : []),
    ...(items ? [nested(23, nested(1, schemaFields(items)))] : []),
    ...(more.allOf ?? []).map((one) => nested(24, schemaFields(one))),
    ...(properties
      ? [
          nested(
            25,
            ...Object.entries(properties).map(([name, one]) =>
              nested(1, text(1, name), nested(2, schemaFields(one))),
            ),
          ),
        ]
      : []),
    ...vendorExtensions(31, schema),
  );
}

/** AdditionalPropertiesItem: a schema, or whether there may be any. */
function additional(value: Schema | boolean | undefined): Buffer[] {
  if (value === undefined) return [];
  if (typeof value !== "boolean") return [nested(21, nested(1, schemaFields(value)))];
  return [nested(21, value ? flag(2) : Buffer.alloc(0))];
}

/** `x-…` values stand as YAML, of which JSON is a part. */
function vendorExtensions(number: number, value: Schema): Buffer[] {
  return Object.entries(value)
    .filter(([name]) => name.startsWith("x-"))
    .map(([name, extension]) => nested(number, text(1, name), nested(2, yaml(extension))));
}

/** The fields of a message Any. */
const yaml = (value: unknown) => text(2, `${JSON.stringify(value)}\n`);
const message = (...fields: Buffer[]) => Buffer.concat(fields);
const nested = (number: number, ...fields: Buffer[]) => lengthDelimited(number, Buffer.concat(fields));
const text = (number: number, value: string | undefined) =>
  value === undefined ? Buffer.alloc(0) : lengthDelimited(number, Buffer.from(value));
const flag = (number: number) => Buffer.concat([varint(number << 3), varint(1)]);
