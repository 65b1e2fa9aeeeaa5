import { describeModel, findModel, type KindDefinition, type ModelField } from "../../api/index.ts";

export type Schema = Record<string, unknown>;

const META = "io.k8s.apimachinery.pkg.apis.meta.v1";
const SCHEMA_OR = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOr";

/** Types that are written as a scalar in JSON although they are definitions of their own. */
const SCALARS: Record<string, { name: string; schema: Schema }> = {
  q: {
    name: "io.k8s.apimachinery.pkg.api.resource.Quantity",
    schema: {
      description:
        "A number with an optional suffix: binary (Ki, Mi, Gi, Ti, Pi, Ei), decimal (n, u, m, k, M, G, T, P, E) or an exponent.",
      oneOf: [{ type: "string" }, { type: "number" }],
    },
  },
  t: {
    name: `${META}.Time`,
    schema: {
      description: "A point in time in RFC 3339 form, to the second.",
      type: "string",
      format: "date-time",
    },
  },
  u: {
    name: `${META}.MicroTime`,
    schema: {
      description: "A point in time in RFC 3339 form, to the microsecond.",
      type: "string",
      format: "date-time",
    },
  },
  n: {
    name: `${META}.Duration`,
    schema: { description: "A length of time as Go writes it.", type: "string" },
  },
  x: {
    name: "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
    schema: {
      description: "A number, or a text that names one.",
      format: "int-or-string",
      oneOf: [{ type: "integer" }, { type: "string" }],
    },
  },
  r: {
    name: "io.k8s.apimachinery.pkg.runtime.RawExtension",
    schema: { description: "Any object.", type: "object" },
  },
  f: {
    name: `${META}.FieldsV1`,
    schema: { description: "A set of fields in the form of a trie.", type: "object" },
  },
  A: { name: `${SCHEMA_OR}Array`, schema: { description: "A schema, or a list of schemas." } },
  B: { name: `${SCHEMA_OR}Bool`, schema: { description: "A schema, or true or false." } },
  S: { name: `${SCHEMA_OR}StringArray`, schema: { description: "A schema, or a list of strings." } },
};

const PLAIN: Record<string, Schema> = {
  s: { type: "string" },
  b: { type: "boolean" },
  i: { type: "integer", format: "int32" },
  l: { type: "integer", format: "int64" },
  d: { type: "number", format: "double" },
  y: { type: "string", format: "byte" },
  "*s": { type: "array", items: { type: "string" } },
};

/** Schemas of the kinds, their lists and everything inside them, by definition name. */
export class SchemaCollector {
  readonly schemas = new Map<string, Schema>();
  readonly #refPrefix: string;
  /** OpenAPI 2 has no `oneOf`, and allows nothing beside `$ref`. */
  readonly #isV2: boolean;

  constructor(version: 2 | 3) {
    this.#isV2 = version === 2;
    this.#refPrefix = this.#isV2 ? "#/definitions/" : "#/components/schemas/";
  }

  ref(name: string): Schema {
    return { $ref: this.#refPrefix + name };
  }

  addKind(kind: KindDefinition): void {
    const own = kind.openApi?.(this.#isV2 ? 2 : 3);
    if (own) {
      this.schemas.set(kind.model, own.schema);
      this.schemas.set(`${kind.model}List`, own.listSchema);
      this.#add(`${META}.ObjectMeta`);
      this.#add(`${META}.ListMeta`);
      return;
    }
    this.#add(kind.model);
    Object.assign(this.schemas.get(kind.model)!, gvkExtension([kind]));
  }

  addList(kind: KindDefinition): string {
    const name = `${kind.model}List`;
    this.#add(name);
    Object.assign(this.schemas.get(name)!, gvkExtension([{ ...kind, kind: `${kind.kind}List` }]));
    return name;
  }

  addModel(name: string): void {
    this.#add(name);
  }

  #add(name: string): void {
    if (this.schemas.has(name)) return;
    const schema: Schema = { type: "object" };
    this.schemas.set(name, schema);
    const description = describeModel(name);
    if (description) schema.description = description;
    const properties: Record<string, Schema> = {};
    const required: string[] = [];
    // A type without fields has no model.
    for (const field of findModel(name)?.fields.values() ?? []) {
      properties[field.name] = this.#property(name, field);
      if (field.required) required.push(field.name);
    }
    if (Object.keys(properties).length > 0) schema.properties = properties;
    if (required.length > 0) schema.required = required;
  }

  #property(model: string, field: ModelField): Schema {
    const value = this.#value(field);
    const schema = field.isList
      ? { type: "array", items: this.#inside(value) }
      : field.isMap
        ? { type: "object", additionalProperties: this.#inside(value) }
        : this.#describable(value);
    const description =
      describeModel(model, field.name) ?? (field.definition ? describeModel(field.definition) : undefined);
    return { ...(description ? { description } : {}), ...schema, ...extensions(field) };
  }

  #value(field: ModelField): Schema {
    if (field.code === "m") {
      this.#add(field.definition);
      return this.ref(field.definition);
    }
    const plain = PLAIN[field.code];
    if (plain) return plain;
    const { name, schema } = SCALARS[field.code]!;
    if (!this.schemas.has(name)) this.schemas.set(name, this.#isV2 ? withoutOneOf(schema) : schema);
    return this.ref(name);
  }

  /** A reference cannot have a description beside it in version 3. */
  #describable(value: Schema): Schema {
    return value.$ref === undefined || this.#isV2 ? value : { allOf: [value], default: {} };
  }

  #inside(value: Schema): Schema {
    return value.$ref === undefined || this.#isV2 ? value : { allOf: [value], default: {} };
  }
}

function withoutOneOf({ oneOf, ...rest }: Schema): Schema {
  return oneOf === undefined ? rest : { ...rest, type: "string" };
}

function extensions({ listType, listMapKeys, mapType, patchMergeKey, retainKeys }: ModelField): Schema {
  const strategies = [
    ...(patchMergeKey === undefined ? [] : ["merge"]),
    ...(retainKeys ? ["retainKeys"] : []),
  ];
  return {
    ...(listMapKeys ? { "x-kubernetes-list-map-keys": listMapKeys } : {}),
    ...(listType ? { "x-kubernetes-list-type": listType } : {}),
    ...(mapType ? { "x-kubernetes-map-type": mapType } : {}),
    ...(patchMergeKey ? { "x-kubernetes-patch-merge-key": patchMergeKey } : {}),
    ...(strategies.length > 0 ? { "x-kubernetes-patch-strategy": strategies.join(",") } : {}),
  };
}

export function gvkExtension(kinds: readonly { group: string; version: string; kind: string }[]): Schema {
  const entries = kinds.map(({ group, version, kind }) => ({ group, kind, version }));
  return { "x-kubernetes-group-version-kind": entries };
}

/** `io.k8s.api.apps.v1` -> `appsV1`: how operations of a group are named. */
export function operationPrefix({ group, version }: { group: string; version: string }): string {
  const name =
    group === ""
      ? "core"
      : group.replace(/\.k8s\.io$/, "").replace(/\.(.)/g, (_, c: string) => c.toUpperCase());
  return name.charAt(0).toUpperCase() + name.slice(1) + version.charAt(0).toUpperCase() + version.slice(1);
}
