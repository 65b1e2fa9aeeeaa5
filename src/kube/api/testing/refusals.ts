import { applyMergePatch } from "../../../formats/index.ts";
import { emptiesOf, withEmpties } from "../empties.ts";
import { checkStructure } from "../structure.ts";
import type { FieldError, KindDefinition, KubeObject, WriteContext } from "../types.ts";

/** A change to an object that is fine (as a merge patch), and what upstream says of the result; nothing: it is taken. */
export type Refusal = readonly [change: object, ...errors: string[]];

/** A table for `it.each`. */
export const rows = (table: readonly Refusal[]): { title: string; change: object; errors: string[] }[] =>
  table.map(([change, ...errors]) => ({ title: JSON.stringify(change), change, errors }));

const CONTEXT: WriteContext = {
  user: { name: "tester", groups: [] },
  nowMs: Date.parse("2024-01-01T00:00:00Z"),
  warnings: [],
};

function read(kind: KindDefinition, value: unknown): KubeObject {
  const { object } = checkStructure(value, kind);
  kind.defaults?.(object);
  return object;
}

const changed = (base: object, change: object) => applyMergePatch(structuredClone(base), change);
const textOf = ({ type, field, message }: FieldError) =>
  `${type.replace("FieldValue", "")} ${field}: ${message}`;

/** What a create of the changed object is told, without what is wrong with its metadata. */
export function refusalsOnCreate(kind: KindDefinition, base: object, change: object): string[] {
  const object = read(kind, changed(base, change));
  kind.prepareForCreate?.(object);
  return (kind.validate?.(withEmpties(object, emptiesOf(object))) ?? []).map(textOf);
}

export function createdFrom(kind: KindDefinition, base: object, change: object = {}): KubeObject {
  const object = read(kind, changed(base, change));
  kind.prepareForCreate?.(object);
  return object;
}

/** What an update of the stored object to the changed one is told. */
export function refusalsOnUpdate(kind: KindDefinition, base: object, change: object): string[] {
  const previous = createdFrom(kind, base);
  previous.metadata.resourceVersion = "1";
  const next = read(kind, changed(previous, change));
  kind.prepareForUpdate?.(next, previous);
  const validate = () => kind.validate?.(next, previous) ?? [];
  const ofObject = kind.tellsObjectTwice ? [...validate(), ...validate()] : validate();
  const ofChanges = kind.validateUpdate?.(next, previous) ?? [];
  const all = kind.tellsChangesFirst ? [...ofChanges, ...ofObject] : [...ofObject, ...ofChanges];
  return all.map(textOf);
}

/** What a write of the changed status is told. */
export function refusalsOnStatusUpdate(kind: KindDefinition, base: object, change: object): string[] {
  const previous = createdFrom(kind, base);
  previous.metadata.resourceVersion = "1";
  const next = read(kind, changed(previous, change));
  kind.prepareForStatusUpdate?.(next, previous, CONTEXT);
  return (kind.validateStatusUpdate?.(next, previous) ?? []).map(textOf);
}

export function warningsOnCreate(kind: KindDefinition, base: object, change: object): string[] {
  const object = read(kind, changed(base, change));
  const warnings: string[] = [];
  kind.prepareForCreate?.(object, { warnings, user: { name: "", groups: [] }, nowMs: 0 });
  return [...warnings, ...(kind.warnings?.(object) ?? [])];
}

export function warningsOnUpdate(kind: KindDefinition, base: object, change: object): string[] {
  const previous = createdFrom(kind, base);
  const next = read(kind, changed(previous, change));
  kind.prepareForUpdate?.(next, previous);
  return kind.warnings?.(next, previous) ?? [];
}

export function warningsOnStatusUpdate(kind: KindDefinition, base: object, change: object): string[] {
  const previous = createdFrom(kind, base);
  const next = read(kind, changed(previous, change));
  kind.prepareForStatusUpdate?.(next, previous, CONTEXT);
  return kind.statusWarnings?.(next) ?? [];
}
