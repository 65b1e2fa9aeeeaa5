import { cloneJson, setOwn } from "../../formats/index.ts";
import type { FieldError } from "./types.ts";

/** A member that was given without anything in it: `[]` or `{}`. */
export interface EmptyMember {
  /** `spec.containers[0].env` */
  path: string;
  isList: boolean;
}

/** Of a pod, what its strategy sets to nil or builds anew as the feature (DynamicResourceAllocation, ImageVolume) is off. */
const OF_DISABLED_FEATURES = /\bspec\.(?:volumes|resourceClaims)$|\.resources\.claims$/;

const noted = new WeakMap<object, readonly EmptyMember[]>();
const NONE: readonly EmptyMember[] = [];

/**
 * What is read of a body lacks its empty members, as they are not kept. Yet upstream tells empty from nil until an object is
 * stored: in what it prints of it, and where it asks by reflect whether something is set.
 */
export function noteEmpties(object: object, members: readonly EmptyMember[]): void {
  const told = members.filter(({ path }) => !OF_DISABLED_FEATURES.test(path));
  if (told.length > 0) noted.set(object, told);
}

/** What was noted of an object that came from `checkStructure`; of copies nothing is known. */
export function emptiesOf(object: object): readonly EmptyMember[] {
  return noted.get(object) ?? NONE;
}

/** The object with the members; itself where there are none, else a copy. */
export function withEmpties<T extends object>(object: T, members: readonly EmptyMember[]): T {
  if (members.length === 0) return object;
  const copy = cloneJson(object);
  for (const { path, isList } of members) {
    const names = path.split(/[.[\]]+/).filter(Boolean);
    const last = names.pop()!;
    const parent = names.reduce(ownMember, copy as unknown);
    if (isObject(parent) && ownMember(parent, last) == null) setOwn(parent, last, isList ? [] : {});
  }
  return copy;
}

/** Never what is inherited: a key of a map may read as any path. */
function ownMember(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** The errors in the words in which the same ones were found of the object with its empty members. */
export function inWordsOf(errors: readonly FieldError[], detailed: readonly FieldError[]): FieldError[] {
  const left = [...detailed];
  return errors.map((error) => {
    const at = left.findIndex(({ type, field }) => type === error.type && field === error.field);
    return at < 0 ? error : left.splice(at, 1)[0]!;
  });
}
