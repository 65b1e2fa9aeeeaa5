import { errorMessage } from "../../../base/index.ts";
import { parseFieldSelector, parseLabelSelector } from "../../../formats/index.ts";
import { apiVersionOf, type KindDefinition, type KubeObject, statusBadRequest } from "../../api/index.ts";

/** Whether an object is one of those that a list or watch asks for. */
export type ObjectFilter = (object: KubeObject) => boolean;

/** The selectors of a request as one function; undefined when everything matches. `name` comes from a path. */
export function parseFilter(
  kind: KindDefinition,
  query: { labelSelector?: string; fieldSelector?: string },
  name?: string,
): ObjectFilter | undefined {
  const filters: ObjectFilter[] = [];
  if (name !== undefined) filters.push((object) => object.metadata.name === name);
  if (query.labelSelector) filters.push(labelFilter(query.labelSelector));
  if (query.fieldSelector) filters.push(fieldFilter(kind, query.fieldSelector));
  if (filters.length === 0) return undefined;
  return filters.length === 1 ? filters[0] : (object) => filters.every((filter) => filter(object));
}

function labelFilter(text: string): ObjectFilter {
  const selector = orBadRequest(() => parseLabelSelector(text));
  return (object) => selector.matches(object.metadata.labels);
}

function fieldFilter(kind: KindDefinition, text: string): ObjectFilter {
  const selector = orBadRequest(() => parseFieldSelector(text));
  const known = fieldsOf(kind, blankOf(kind));
  for (const { field } of selector.requirements) {
    if (Object.hasOwn(known, field)) continue;
    throw statusBadRequest(
      kind.selectableFields
        ? `field label not supported: ${field}`
        : `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
    );
  }
  return (object) => {
    const fields = fieldsOf(kind, object);
    return selector.matches((field) => fields[field]);
  };
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
