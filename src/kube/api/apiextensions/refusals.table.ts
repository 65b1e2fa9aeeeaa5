import type { JsonSchema } from "../custom/json-schema.ts";

/** A schema of the field `spec.a`, and what upstream says of the definition that has it; nothing: it is taken. */
export type SchemaRefusal = readonly [schema: JsonSchema, ...errors: string[]];

const STRUCTURAL_TYPE = "Forbidden: must be empty to be structural";
const text = { type: "string" };
const SIMPLIFY =
  "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)";
const CONTRIBUTED =
  "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema";

/** Paths are seen from the field. */
export const SCHEMA_REFUSALS: readonly SchemaRefusal[] = [
  [{ type: "string" }],
  [{ nullable: true }, "Required type: Required value: must not be empty for specified object fields"],
  [{ type: "array" }, "Required items: Required value: must be specified"],
  [
    { type: "array", items: [text, text] },
    "Forbidden items: Forbidden: items must be a schema object and not an array",
  ],
  [
    { type: "array", items: {} },
    "Required items.type: Required value: must not be empty for specified array items",
  ],
  [
    { type: "array", items: text, additionalItems: true },
    "Forbidden additionalItems: Forbidden: additionalItems is not supported",
  ],
  [
    { type: "object", patternProperties: { x: text } },
    "Forbidden patternProperties: Forbidden: patternProperties is not supported",
  ],
  [
    { type: "array", items: text, uniqueItems: true },
    "Forbidden uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
  ],
  [
    { type: "odd" },
    'NotSupported type: Unsupported value: "odd": supported values: "array", "boolean", "integer", "number", "object", "string"',
  ],
  [{ type: "object", additionalProperties: false }],
  [
    { type: "object", properties: { x: text }, additionalProperties: text },
    "Forbidden additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive",
  ],
  [
    { type: "object", properties: { x: text }, anyOf: [{ properties: { x: { description: "d" } } }] },
    `Forbidden anyOf[0].properties[x].description: ${STRUCTURAL_TYPE}`,
  ],
  // What is not in the structure is found at the root only.
  [{ type: "object", anyOf: [{ properties: { y: { minLength: 1 } } }] }],
  [
    { "x-kubernetes-int-or-string": true, anyOf: [{ type: "string" }, { type: "integer" }] },
    `Forbidden anyOf[0].type: ${STRUCTURAL_TYPE}`,
    `Forbidden anyOf[1].type: ${STRUCTURAL_TYPE}`,
  ],
  [{ "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, { type: "string" }] }],
  [
    {
      "x-kubernetes-int-or-string": true,
      allOf: [{ anyOf: [{ type: "integer" }, { type: "string" }] }, { minimum: 1 }],
    },
  ],
  [
    { type: "object", "x-kubernetes-embedded-resource": true },
    "Required properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields",
  ],
  [{ type: "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true }],
  [
    { type: "object", "x-kubernetes-preserve-unknown-fields": false },
    "Invalid x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined",
  ],
  [
    { type: "string", pattern: "[a" },
    'Invalid pattern: Invalid value: "[a": must be a valid regular expression, but isn\'t: error parsing regexp: missing closing ]: `[a`',
  ],
  // Odd, and taken.
  [{ type: "integer", minimum: 5, maximum: 1, multipleOf: 0 }],
  [{ type: "string", enum: ["a", "a"], format: "odd" }],
  [{ type: "string", enum: [1, 2] }],
  [{ type: "object", required: ["x"] }],
  [
    { type: "array", items: { type: "object", properties: { n: text } }, "x-kubernetes-list-type": "map" },
    "Required x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map",
  ],
  [
    {
      type: "array",
      items: { type: "object", properties: { n: text } },
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["n"],
    },
    "Required items.properties[n].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property",
  ],
  [
    {
      type: "array",
      items: { type: "object", required: ["n"], properties: { n: { type: "object" } } },
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["n"],
    },
    'Invalid items.properties[n].type: Invalid value: "object": must be a scalar type if parent array\'s x-kubernetes-list-type is map',
  ],
  [
    { type: "object", "x-kubernetes-list-type": "set" },
    'Invalid type: Invalid value: "object": must be array if x-kubernetes-list-type is specified',
  ],
  [
    { type: "array", items: { type: "object", properties: { x: text } }, "x-kubernetes-list-type": "set" },
    'Invalid items.x-kubernetes-map-type: Invalid value: "null": must be atomic as item of a list with x-kubernetes-list-type=set',
  ],
  [
    { type: "string", "x-kubernetes-map-type": "atomic" },
    'Invalid type: Invalid value: "string": must be object if x-kubernetes-map-type is specified',
  ],
  [
    { type: "object", properties: { x: text }, default: { y: "1" } },
    'Invalid default: Invalid value: map[string]interface {}{"y":"1"}: must not have unknown fields',
  ],
  [
    { type: "object", required: ["x"], properties: { x: text }, default: {} },
    "Required default.x: Required value",
  ],
  [
    { type: "integer", minimum: 3, default: 1 },
    "Invalid default: Invalid value: 1:  in body should be greater than or equal to 3",
  ],
  [
    {
      type: "object",
      "x-kubernetes-embedded-resource": true,
      properties: { metadata: { type: "object", default: { labels: { a: 1 } } } },
    },
    'Invalid properties[metadata].default: Invalid value: map[string]interface {}{"labels":map[string]interface {}{"a":1}}: must result in valid metadata: metadata: Invalid value: map[string]interface {}{"labels":map[string]interface {}{"a":1}}: json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string',
  ],
  [
    { type: "string", "x-kubernetes-validations": [{ rule: " " }] },
    "Required x-kubernetes-validations[0].rule: Required value: rule is not specified",
  ],
  [
    { type: "string", "x-kubernetes-validations": [{ rule: "self\n==''" }] },
    "Required x-kubernetes-validations[0].message: Required value: message must be specified if rule contains line breaks",
  ],
  [
    { type: "string", "x-kubernetes-validations": [{ rule: "self == ''", reason: "Odd", fieldPath: ".x" }] },
    'NotSupported x-kubernetes-validations[0].reason: Unsupported value: "Odd": supported values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"',
    'Invalid x-kubernetes-validations[0].fieldPath: Invalid value: ".x": fieldPath must be a valid path',
  ],
  [{ type: "string", maxLength: 9, "x-kubernetes-validations": [{ rule: "self.startsWith('a')" }] }],
  [
    { type: "string", "x-kubernetes-validations": [{ rule: "self.size()" }] },
    'Invalid x-kubernetes-validations[0].rule: Invalid value: apiextensions.ValidationRule{Rule:"self.size()", Message:"", MessageExpression:"", Reason:(*apiextensions.FieldValueErrorReason)(nil), FieldPath:"", OptionalOldSelf:(*bool)(nil)}: cel expression must evaluate to a bool',
  ],
  [
    { type: "integer", "x-kubernetes-validations": [{ rule: "self > 'a'" }] },
    "Invalid x-kubernetes-validations[0].rule: Invalid value: apiextensions.ValidationRule{Rule:\"self > 'a'\", Message:\"\", MessageExpression:\"\", Reason:(*apiextensions.FieldValueErrorReason)(nil), FieldPath:\"\", OptionalOldSelf:(*bool)(nil)}: compilation failed: ERROR: <input>:1:6: found no matching overload for '_>_' applied to '(int, string)'\n | self > 'a'\n | .....^",
  ],
  [
    { type: "integer", "x-kubernetes-validations": [{ rule: "self > 1", messageExpression: "self" }] },
    'Invalid x-kubernetes-validations[0].messageExpression: Invalid value: apiextensions.ValidationRule{Rule:"self > 1", Message:"", MessageExpression:"self", Reason:(*apiextensions.FieldValueErrorReason)(nil), FieldPath:"", OptionalOldSelf:(*bool)(nil)}: messageExpression must evaluate to a string',
  ],
  [
    { type: "array", items: { type: "string", "x-kubernetes-validations": [{ rule: "self == oldSelf" }] } },
    `Forbidden items.x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x ${SIMPLIFY}`,
    'Invalid items.x-kubernetes-validations[0].rule: Invalid value: "self == oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within spec.validation.openAPIV3Schema.properties[spec].properties[a]',
    `Forbidden items.x-kubernetes-validations[0].rule: Forbidden: ${CONTRIBUTED}`,
    `Forbidden spec.validation.openAPIV3Schema: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x ${SIMPLIFY}`,
  ],
  [
    { type: "integer", "x-kubernetes-validations": [{ rule: "self > 1", optionalOldSelf: true }] },
    "Invalid x-kubernetes-validations[0].optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule",
  ],
  [
    { type: "integer", default: 1, "x-kubernetes-validations": [{ rule: "self > 1" }] },
    'Invalid default: Invalid value: "integer": failed rule: self > 1',
  ],
];
