import { type FieldSet, LEAF, withNodes } from "./field-set.ts";
import { deducedSchema, type MergeMap, type MergeSchema } from "./merge-schema.ts";
import { fieldName, isField } from "./path-element.ts";

/**
 * Brings a set in line with a schema whose lists or maps became atomic since it was written: who owned parts of one owns
 * the whole (ReconcileFieldSetWithSchema). The very same set where there is nothing to do.
 */
export function reconcileSet(set: FieldSet, schema: MergeSchema): FieldSet {
  if (set.elements.length === 0) return set;
  if (schema.map) return reconcileMap(set, schema.map);
  if (schema.scalar || !schema.list) return set;
  if (schema.list.isAtomic) return LEAF;
  const { element } = schema.list;
  return withNodes(set, (node) => reconcileSet(node, element));
}

function reconcileMap(set: FieldSet, map: MergeMap): FieldSet {
  if (isDeduced(map)) return set;
  if (map.isAtomic) return LEAF;
  return withNodes(set, (node, step) => {
    const place = isField(step) ? (map.field(fieldName(step)) ?? map.element) : map.element;
    return place === undefined ? node : reconcileSet(node, place);
  });
}

/** Types that are only known from their values do not change. */
const isDeduced = (map: MergeMap) => map.element === deducedSchema && !map.hasFields;
