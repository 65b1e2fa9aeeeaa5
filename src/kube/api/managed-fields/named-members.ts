import { asMember, type FieldSet, withNodes } from "./field-set.ts";
import type { MergeSchema } from "./merge-schema.ts";
import { fieldElement, fieldName, isField, isKey, keyValue, type PathElement } from "./path-element.ts";

/** The set with every declared struct as a member that has members below it (EnsureNamedFieldsAreMembers). */
export function withNamedMembers(set: FieldSet, schema: MergeSchema | undefined): FieldSet {
  return withNodes(set, (node, step) => {
    if (node.elements.length === 0) return node;
    const below = withNamedMembers(node, placeBelow(schema, step));
    return isNamed(schema, step) ? asMember(below) : below;
  });
}

function isNamed(schema: MergeSchema | undefined, step: PathElement): boolean {
  return isField(step) && schema?.map?.field(fieldName(step)) !== undefined;
}

function placeBelow(schema: MergeSchema | undefined, step: PathElement): MergeSchema | undefined {
  if (isField(step)) return schema?.map?.field(fieldName(step)) ?? schema?.map?.element;
  return isKey(step) ? schema?.list?.element : undefined;
}

/** Whether all items in the set would still have their names if nothing but the set were left of them. */
export function holdsItemNames(set: FieldSet, schema: MergeSchema | undefined): boolean {
  return set.nodes.every((node, at) => {
    const step = set.elements[at]!;
    if (isKey(step) && !holdsName(node, step, schema)) return false;
    return node.elements.length === 0 || holdsItemNames(node, placeBelow(schema, step));
  });
}

function holdsName(item: FieldSet, step: PathElement, schema: MergeSchema | undefined): boolean {
  const keys = schema?.list?.keys ?? [];
  return keys.every(
    ({ name, default: preset }) =>
      item.child(fieldElement(name))?.isMember === true ||
      (preset !== undefined && keyValue(step, name) === preset),
  );
}
