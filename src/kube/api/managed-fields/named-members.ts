import { asMember, type FieldSet, withNodes } from "./field-set.ts";
import type { MergeSchema } from "./merge-schema.ts";
import { fieldName, isField, isKey, type PathElement } from "./path-element.ts";

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
