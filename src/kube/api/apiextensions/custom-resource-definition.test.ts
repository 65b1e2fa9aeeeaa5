import { describe, expect, it } from "vitest";
import { applyMergePatch, cloneJson } from "../../../formats/index.ts";
import type { JsonSchema } from "../custom/json-schema.ts";
import { definitionOf } from "../custom/testing/definition.ts";
import { validateObjectMeta } from "../meta/object-meta.ts";
import { createdFrom, type Refusal, refusalsOnCreate, refusalsOnUpdate, rows } from "../testing/refusals.ts";
import { customResourceDefinitions as kind } from "./custom-resource-definition.ts";
import { SCHEMA_REFUSALS } from "./refusals.table.ts";

const rootOf = (a: JsonSchema): JsonSchema => ({
  type: "object",
  properties: { spec: { type: "object", properties: { a } } },
});
const FIELD = "spec.validation.openAPIV3Schema.properties[spec].properties[a]";

describe("a definition's schema", () => {
  it.each(SCHEMA_REFUSALS.map(([schema, ...errors]) => [JSON.stringify(schema), schema, errors] as const))(
    "%s",
    (_, schema, errors) => {
      const told = refusalsOnCreate(kind, definitionOf(rootOf(schema)), {});
      expect(told.map((error) => error.replace(` ${FIELD}.`, " "))).toEqual(errors);
    },
  );

  it.each<[JsonSchema, ...string[]]>([
    [
      { type: "string" },
      'Invalid spec.validation.openAPIV3Schema.type: Invalid value: "string": must be object at the root',
    ],
    [
      { type: "object", nullable: true },
      "Forbidden spec.validation.openAPIV3Schema.nullable: Forbidden: nullable cannot be true at the root",
    ],
    [
      { type: "object", additionalProperties: true },
      "Forbidden spec.validation.openAPIV3Schema.additionalProperties: Forbidden: must not be used at the root",
    ],
    [
      {
        type: "object",
        properties: { metadata: { type: "object", properties: { name: { type: "string", pattern: "^a" } } } },
      },
    ],
    [
      {
        type: "object",
        properties: { metadata: { type: "object", properties: { labels: { type: "object" } } } },
      },
      "Forbidden spec.validation.openAPIV3Schema.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified",
    ],
    [
      { type: "object", properties: { metadata: { type: "object", default: {} } } },
      "Forbidden spec.validation.openAPIV3Schema.properties[metadata].default: Forbidden: must not be set in top-level metadata",
    ],
    [
      { type: "object", $schema: "x" },
      "Invalid spec.validation.openAPIV3Schema: Invalid value: \"\": OpenAPIV3Schema 'schema' is not supported",
    ],
    [
      { type: "object", anyOf: [{ properties: { y: { minLength: 1 } } }] },
      "Required spec.validation.openAPIV3Schema.properties[y]: Required value: because it is defined in spec.validation.openAPIV3Schema.anyOf[0].properties[y]",
    ],
  ])("at the root %j", (schema, ...errors) => {
    expect(refusalsOnCreate(kind, definitionOf(schema), {})).toEqual(errors);
  });

  it("says little at the root where the status is validated by itself", () => {
    const [error] = refusalsOnCreate(
      kind,
      definitionOf({ type: "object", maxProperties: 5 }, { subresources: { status: {} } }),
      {},
    );
    expect(error).toMatch(
      /^Invalid spec\.validation\.openAPIV3Schema: Invalid value: apiextensions\.JSONSchemaProps\{ID:"", .*MaxProperties:\(\*int64\)\(0x.*: only \[Description Type .* XValidations\] fields are allowed at the root of the schema if the status subresource is enabled$/,
    );
  });
});

const base = definitionOf({ type: "object" });
const versions = (...list: object[]) => ({ spec: { versions: list } });
const v1 = base.spec.versions[0]!;
const LABEL =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

const CREATE: Refusal[] = [
  [{}],
  [
    { spec: { scope: "X" } },
    'NotSupported spec.scope: Unsupported value: "X": supported values: "Cluster", "Namespaced"',
  ],
  [{ spec: { scope: "" } }, "Required spec.scope: Required value"],
  [
    { spec: { group: "v" } },
    'Invalid spec.group: Invalid value: "v": should be a domain with at least one dot',
  ],
  [{ spec: { names: { singular: "QQ" } } }, `Invalid spec.names.singular: Invalid value: "QQ": ${LABEL}`],
  [
    { spec: { names: { shortNames: ["A"] } } },
    `Invalid spec.names.shortNames[0]: Invalid value: "A": ${LABEL}`,
  ],
  [
    { spec: { names: { listKind: "Widget" } } },
    'Invalid spec.names.listKind: Invalid value: "Widget": kind and listKind may not be the same',
  ],
  [
    versions({ ...v1, storage: false }),
    'Invalid spec.versions: Invalid value: []apiextensions.CustomResourceDefinitionVersion{apiextensions.CustomResourceDefinitionVersion{Name:"v1", Served:true, Storage:false, Deprecated:false, DeprecationWarning:(*string)(nil), Schema:(*apiextensions.CustomResourceValidation)(nil), Subresources:(*apiextensions.CustomResourceSubresources)(nil), AdditionalPrinterColumns:[]apiextensions.CustomResourceColumnDefinition(nil), SelectableFields:[]apiextensions.SelectableField(nil)}}: must have exactly one version marked as storage version',
    "Invalid status.storedVersions: Invalid value: []string(nil): must have at least one stored version",
  ],
  [
    versions({ ...v1, name: "V_" }),
    `Invalid spec.versions[0].name: Invalid value: "V_": ${LABEL}`,
    `Invalid spec.version: Invalid value: "V_": ${LABEL}`,
  ],
  [
    versions({ ...v1, schema: null }),
    "Required spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required",
  ],
  [
    versions({ ...v1, deprecationWarning: "x" }),
    'Invalid spec.versions[0].deprecationWarning: Invalid value: "x": can only be set for deprecated versions',
  ],
  [
    versions({ ...v1, deprecated: true, deprecationWarning: "a\nb" }),
    'Invalid spec.versions[0].deprecationWarning: Invalid value: "a\\nb": must only contain printable UTF-8 characters; non-printable character found at index 1',
  ],
  [
    versions({
      ...v1,
      subresources: {
        scale: {
          specReplicasPath: "spec.r",
          statusReplicasPath: ".spec.x",
          labelSelectorPath: ".metadata.x",
        },
      },
    }),
    'Invalid spec.subresources.scale.specReplicasPath: Invalid value: "spec.r": must be a simple json path starting with .',
    'Invalid spec.subresources.scale.statusReplicasPath: Invalid value: ".spec.x": should be a json path under .status',
    'Invalid spec.subresources.scale.labelSelectorPath: Invalid value: ".metadata.x": should be a json path under either .spec or .status',
  ],
  [
    versions({ ...v1, additionalPrinterColumns: [{ name: "", type: "odd", format: "odd", jsonPath: "x" }] }),
    "Required spec.additionalPrinterColumns[0].name: Required value",
    'Invalid spec.additionalPrinterColumns[0].type: Invalid value: "odd": must be one of boolean,date,integer,number,string',
    'Invalid spec.additionalPrinterColumns[0].format: Invalid value: "odd": must be one of byte,date,date-time,double,float,int32,int64,password',
    'Invalid spec.additionalPrinterColumns[0].JSONPath: Invalid value: "x": must be a simple json path starting with .',
  ],
  [
    versions({
      ...v1,
      selectableFields: [{ jsonPath: ".spec.x" }, { jsonPath: "x" }, { jsonPath: ".a[0]" }],
    }),
    'Invalid spec.selectableFields[0].jsonPath: Invalid value: ".spec.x": is an invalid path: does not refer to a valid field',
    'Invalid spec.selectableFields[1].jsonPath: Invalid value: "x": is an invalid path: expected [ or . but got: x',
    'Invalid spec.selectableFields[2].jsonPath: Invalid value: ".a[0]": is an invalid path: does not refer to a valid field',
  ],
  [
    { spec: { conversion: { strategy: "Webhook" } } },
    "Required spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook",
    "Required spec.conversion.conversionReviewVersions: Required value",
  ],
  [
    {
      spec: {
        conversion: {
          strategy: "Webhook",
          webhook: { conversionReviewVersions: ["v2", "v2"], clientConfig: { url: "http://u@h/?q" } },
        },
      },
    },
    "Invalid spec.conversion.webhookClientConfig.url: Invalid value: \"http\": 'https' is the only allowed URL scheme; desired format: https://host[/path]",
    'Invalid spec.conversion.webhookClientConfig.url: Invalid value: "u": user information is not permitted in the URL',
    'Invalid spec.conversion.webhookClientConfig.url: Invalid value: "q": query parameters are not permitted in the URL',
    'Invalid spec.conversion.conversionReviewVersions[1]: Invalid value: "v2": duplicate version',
    'Invalid spec.conversion.conversionReviewVersions: Invalid value: []string{"v2", "v2"}: must include at least one of v1, v1beta1',
  ],
  [
    { spec: { preserveUnknownFields: true } },
    "Invalid spec.preserveUnknownFields: Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead",
  ],
  [
    { spec: { group: "example.k8s.io" } },
    'Required metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
  ],
  [
    {
      spec: { group: "example.k8s.io" },
      metadata: { annotations: { "api-approved.kubernetes.io": "unapproved" } },
    },
  ],
];

/** The definition is established: what its objects are stored by stays. */
const UPDATE: Refusal[] = [
  [{}],
  [{ spec: { scope: "Cluster" } }, 'Invalid spec.scope: Invalid value: "Cluster": field is immutable'],
  [
    { spec: { names: { kind: "Other" } } },
    'Invalid spec.names.kind: Invalid value: "Other": field is immutable',
  ],
  [{ spec: { group: "other.com" } }, 'Invalid spec.group: Invalid value: "other.com": field is immutable'],
  [
    versions({ ...v1, name: "v2" }),
    'Invalid status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions',
  ],
];

describe("a definition", () => {
  it.each(rows(CREATE))("created with $title", ({ change, errors }) => {
    expect(refusalsOnCreate(kind, base, change)).toEqual(errors);
  });

  it.each(rows(UPDATE))("once established, updated to $title", ({ change, errors }) => {
    const established = cloneJson(base);
    established.status!.conditions = [{ type: "Established", status: "True" }];
    const previous = { ...established, metadata: { ...established.metadata, generation: 1 } };
    const next = applyMergePatch(structuredClone(previous), change) as typeof previous;
    kind.defaults!(next);
    kind.prepareForUpdate!(next, previous);
    expect(
      kind.validate!(next, previous).map(
        ({ type, field, message }) => `${type.replace("FieldValue", "")} ${field}: ${message}`,
      ),
    ).toEqual(errors);
  });

  it("is named after its resource", () => {
    const errors = validateObjectMeta({ ...base, metadata: { name: "x.example.com" } }, kind);
    expect(errors.map(({ message }) => message)).toEqual([
      'Invalid value: "x.example.com": must be spec.names.plural+"."+spec.group',
    ]);
  });

  it("is made with names, a strategy and the version it is stored in", () => {
    const bare = {
      spec: { names: { singular: null, listKind: null }, conversion: null },
      status: { acceptedNames: { plural: "x" } },
    };
    expect(createdFrom(kind, base, bare)).toMatchObject({
      spec: { names: { singular: "widget", listKind: "WidgetList" }, conversion: { strategy: "None" } },
      status: { conditions: null, acceptedNames: { plural: "", kind: "" }, storedVersions: ["v1"] },
    });
  });

  it("may go on to break a rule that it broke before", () => {
    const schema: JsonSchema = rootOf({
      type: "array",
      items: { type: "object", properties: { x: { type: "string" } } },
      "x-kubernetes-list-type": "set",
    });
    const stored = definitionOf(schema);
    expect(refusalsOnCreate(kind, stored, {})).toHaveLength(1);
    expect(refusalsOnUpdate(kind, stored, { spec: { names: { shortNames: ["w"] } } })).toEqual([]);
  });
});
