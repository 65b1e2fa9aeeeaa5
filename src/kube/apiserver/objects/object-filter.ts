import { errorMessage } from "../../../base/index.ts";
import { parseFieldSelector, parseLabelSelector } from "../../../formats/index.ts";
import { apiVersionOf, type KindDefinition, type KubeObject, statusBadRequest } from "../../api/index.ts";
import { placeOfKey } from "./object-keys.ts";
import type { StoredObject } from "./stored-object.ts";

/** Whether an object is one of those that a list or watch asks for. */
export interface ObjectFilter {
  matches(object: StoredObject): boolean;
  /** Whether it looks into the object: what is big is to be loaded before. Name and namespace stand in the key. */
  readonly looksInside: boolean;
}

/** The selectors of a request as one; undefined when everything matches. `name` comes from a path. */
export function parseFilter(
  kind: KindDefinition,
  query: { labelSelector?: string; fieldSelector?: string },
  name?: string,
): ObjectFilter | undefined {
  const filters: ObjectFilter[] = [];
  if (name !== undefined) {
    filters.push({ looksInside: false, matches: (object) => placeOf(object)["metadata.name"] === name });
  }
  if (query.fieldSelector) filters.push(fieldFilter(kind, query.fieldSelector));
  if (query.labelSelector) filters.push(labelFilter(query.labelSelector));
  if (filters.length <= 1) return filters[0];
  return {
    looksInside: filters.some(({ looksInside }) => looksInside),
    matches: (object) => filters.every((filter) => filter.matches(object)),
  };
}

/**
 * Whether what a list or watch looks at is soon there; if not, the object is to be loaded before. Another view of a kind is
 * made of the whole object.
 */
export function isReadyFor(
  kind: KindDefinition,
  filter: ObjectFilter | undefined,
  object: StoredObject,
): boolean {
  if (!object.isReadyAs(kind)) return false;
  return object.isAtHand || (!filter?.looksInside && !kind.storedAs);
}

function labelFilter(text: string): ObjectFilter {
  const selector = orBadRequest(() => parseLabelSelector(text));
  return { looksInside: true, matches: ({ object }) => selector.matches(object.metadata.labels) };
}

const IN_KEY = new Set(["metadata.name", "metadata.namespace"]);

function fieldFilter(kind: KindDefinition, text: string): ObjectFilter {
  const selector = orBadRequest(() => parseFieldSelector(text));
  const known = fieldsOf(kind, blankOf(kind));
  for (const { field } of selector.requirements) {
    if (Object.hasOwn(known, field)) continue;
    const text = kind.unknownFieldText ?? (kind.selectableFields ? notSupportedLabel : notKnownField);
    throw statusBadRequest(text(field));
  }
  const looksInside = selector.requirements.some(({ field }) => !IN_KEY.has(field));
  const valuesOf = looksInside ? (object: StoredObject) => indexedFields(kind, object) : placeOf;
  return {
    looksInside,
    matches: (object) => {
      const fields = valuesOf(object);
      return selector.matches((field) => fields[field]);
    },
  };
}

const notSupportedLabel = (field: string) => `field label not supported: ${field}`;
const notKnownField = (field: string) =>
  `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`;

const indexed = new WeakMap<StoredObject, Record<string, string>>();

/** The values of an object's fields are found once, for all who watch. */
function indexedFields(kind: KindDefinition, object: StoredObject): Record<string, string> {
  let fields = indexed.get(object);
  if (!fields) {
    fields = fieldsOf(kind, object.object);
    indexed.set(object, fields);
  }
  return fields;
}

const places = new WeakMap<StoredObject, Record<string, string>>();

/** Name and namespace, from the key. */
function placeOf(object: StoredObject): Record<string, string> {
  let place = places.get(object);
  if (!place) {
    const { namespace, name } = placeOfKey(object.key);
    place = { "metadata.name": name, "metadata.namespace": namespace };
    places.set(object, place);
  }
  return place;
}

function orBadRequest<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw statusBadRequest(errorMessage(error), error);
  }
}

/** The fields that selectors may name, with their values. */
export function fieldsOf(kind: KindDefinition, object: KubeObject): Record<string, string> {
  const { name, namespace } = object.metadata;
  const fields: Record<string, string> = { "metadata.name": name };
  // Kinds without fields of their own know both; those with some, their namespace where they have one.
  if (kind.namespaced || !kind.selectableFields) fields["metadata.namespace"] = namespace ?? "";
  return kind.selectableFields ? { ...fields, ...kind.selectableFields(object) } : fields;
}

/** An object with nothing in it: asked which fields its kind knows. */
function blankOf(kind: KindDefinition): KubeObject {
  const metadata = { name: "", uid: "", resourceVersion: "", creationTimestamp: null };
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata,
    spec: {},
    status: {},
    involvedObject: {},
    regarding: {},
    source: {},
  };
}
