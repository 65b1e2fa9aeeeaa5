import { findModel, type Model, type ModelField, modelOf } from "../models.ts";
import {
  deducedSchema,
  type MergeKey,
  type MergeList,
  type MergeMap,
  type MergeSchema,
  type ScalarType,
  untypedSchema,
} from "./merge-schema.ts";

const SCALARS: Record<string, ScalarType> = {
  s: "string",
  y: "string",
  b: "boolean",
  i: "numeric",
  l: "numeric",
  d: "numeric",
};

/** Defaults of list keys that are not required; a required key's default is its zero value. */
const KEY_DEFAULTS: Record<string, string> = {
  "ContainerPort.protocol": "TCP",
  "ServicePort.protocol": "TCP",
  "LocalObjectReference.name": "",
};

const scalarPlaces = new Map<ScalarType, MergeSchema>();
const modelPlaces = new Map<string, MergeSchema>();

/** How objects of a built-in definition merge; `io.k8s.api.core.v1.Pod`. */
export function modelSchema(name: string): MergeSchema {
  return modelPlace(name, modelOf(name).isAtomic);
}

function modelPlace(name: string, isAtomic: boolean): MergeSchema {
  const key = isAtomic ? `${name} atomic` : name;
  let place = modelPlaces.get(key);
  if (place === undefined) {
    const model = findModel(name);
    // A definition without fields takes any (schemaconv parseObject).
    const isOpen = model === undefined || model.fields.size === 0;
    place = { map: isOpen ? mapOf(isAtomic, deducedSchema) : new ModelMap(model, isAtomic) };
    modelPlaces.set(key, place);
  }
  return place;
}

/** The fields of a definition, each read when it is first asked for: definitions refer to one another in circles. */
class ModelMap implements MergeMap {
  readonly isAtomic: boolean;
  readonly hasFields = true;
  private readonly model: Model;
  private readonly places = new Map<string, MergeSchema>();

  constructor(model: Model, isAtomic: boolean) {
    this.model = model;
    this.isAtomic = isAtomic;
  }

  field(name: string): MergeSchema | undefined {
    const known = this.places.get(name);
    if (known !== undefined) return known;
    const field = this.model.fields.get(name);
    if (field === undefined) return undefined;
    const place = placeOfField(field, this.model);
    this.places.set(name, place);
    return place;
  }
}

function placeOfField(field: ModelField, owner: Model): MergeSchema {
  const element = placeOfValue(field, owner);
  if (field.isList) return { list: listOf(field, element) };
  if (field.isMap) return { map: mapOf(field.mapType === "atomic", element) };
  return element;
}

function mapOf(isAtomic: boolean, element: MergeSchema): MergeMap {
  return { isAtomic, hasFields: false, field: () => undefined, element };
}

/** What upstream's list types say; where none is given, the patch strategy (kube-openapi schemaconv). */
function listOf(field: ModelField, element: MergeSchema): MergeList {
  if (field.listType === "set") return { isAtomic: false, keys: [], element };
  if (field.listType === "map") return { isAtomic: false, keys: keysOf(field, field.listMapKeys!), element };
  if (field.listType === "atomic" || field.patchMergeKey === undefined)
    return { isAtomic: true, keys: [], element };
  const names = field.patchMergeKey === "" ? [] : [field.patchMergeKey];
  return { isAtomic: false, keys: keysOf(field, names), element };
}

function keysOf(field: ModelField, names: readonly string[]): MergeKey[] {
  const { name: definition, fields } = modelOf(field.definition);
  const short = definition.slice(definition.lastIndexOf(".") + 1);
  return names.map((name) => {
    const key = fields.get(name);
    const zero = key?.required ? (key.code === "s" ? "" : 0) : undefined;
    return { name, default: KEY_DEFAULTS[`${short}.${name}`] ?? zero };
  });
}

function placeOfValue(field: ModelField, owner: Model): MergeSchema {
  switch (field.code) {
    case "m":
      return modelPlace(field.definition, isAtomicAt(field));
    case "*s":
      return { list: { isAtomic: true, keys: [], element: scalarPlace("string") } };
    case "f":
    // A schema or something else in its place: the definition says nothing of what it is.
    case "A":
    case "B":
    case "S":
      return deducedSchema;
    case "r":
      // Any JSON of a schema is known by its value; a runtime.RawExtension is one value.
      return owner.name.endsWith(".JSONSchemaProps") ? deducedSchema : untypedSchema;
    default:
      return scalarPlace(SCALARS[field.code] ?? "untyped");
  }
}

/** A field may say otherwise than the definition that it refers to. */
function isAtomicAt(field: ModelField): boolean {
  const isReference = !field.isList && !field.isMap;
  if (isReference && field.mapType !== undefined) return field.mapType === "atomic";
  return findModel(field.definition)?.isAtomic === true;
}

function scalarPlace(scalar: ScalarType): MergeSchema {
  let place = scalarPlaces.get(scalar);
  if (place === undefined) {
    place = { scalar };
    scalarPlaces.set(scalar, place);
  }
  return place;
}
