import { difference, type FieldSet, fieldSetOfPaths } from "./field-set.ts";
import { fieldElement } from "./path-element.ts";

const STRIPPED = [
  "apiVersion",
  "kind",
  "metadata",
  "metadata.name",
  "metadata.namespace",
  "metadata.creationTimestamp",
  "metadata.selfLink",
  "metadata.uid",
  "metadata.clusterName",
  "metadata.generation",
  "metadata.managedFields",
  "metadata.resourceVersion",
];
const strippedSet = fieldSetOfPaths(STRIPPED.map((path) => path.split(".").map(fieldElement)));

/** The set without what names an object and what the server sets: nobody owns that. */
export const stripMeta = (set: FieldSet): FieldSet => difference(set, strippedSet);
