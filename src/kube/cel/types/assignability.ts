import { type CelKind, CelType, DYN, isDynamic, isDynamicOrError, isExactType } from "./cel-type.ts";
import type { TypeMapping } from "./type-mapping.ts";

// The rules of cel-go's type checker (checker/types.go), which unify type parameters as they go.

/** Tries to unify two lists of types. Answers the mapping with what was learnt, or undefined where they do not agree. */
export function unifyAll(
  mapping: TypeMapping,
  left: readonly CelType[],
  right: readonly CelType[],
): TypeMapping | undefined {
  const learnt = mapping.copy();
  return areAssignable(learnt, left, right) ? learnt : undefined;
}

/** Replaces type parameters by what they stand for; `free` says what is left of those that stand for nothing. */
export function substitute(mapping: TypeMapping, type: CelType, free: "keep" | "dyn"): CelType {
  const found = mapping.find(type);
  if (found !== undefined) return substitute(mapping, found, free);
  if (type.kind === "typeParam") return free === "dyn" ? DYN : type;
  if (type.parameters.length === 0) return type;
  return new CelType(
    type.kind,
    type.name,
    type.parameters.map((parameter) => substitute(mapping, parameter, free)),
  );
}

/** The less specific one of two types that agree. */
export function mostGeneral(left: CelType, right: CelType): CelType {
  return isEqualOrLessSpecific(left, right) ? left : right;
}

function isEqualOrLessSpecific(left: CelType, right: CelType): boolean {
  if (isDynamic(left) || left.kind === "typeParam") return true;
  if (isDynamic(right) || right.kind === "typeParam") return false;
  if (left.kind !== right.kind) return false;
  if (left.kind === "type") return true;
  if (left.kind !== "opaque" && left.kind !== "list" && left.kind !== "map") return isExactType(left, right);
  if (left.name !== right.name || left.parameters.length !== right.parameters.length) return false;
  return left.parameters.every((parameter, at) => isEqualOrLessSpecific(parameter, right.parameters[at]!));
}

/** Kinds for which null is an allowed value. */
const NULLABLE = new Set<CelKind>(["opaque", "struct", "any", "duration", "timestamp", "null"]);

function isAssignable(mapping: TypeMapping, left: CelType, right: CelType): boolean {
  if (right.kind === "typeParam") {
    const { isValid, hasSubstitute } = trySubstitute(mapping, left, right);
    if (isValid) return true;
    if (hasSubstitute) return false;
  }
  if (left.kind === "typeParam") return trySubstitute(mapping, right, left).isValid;
  if (isDynamicOrError(left) || isDynamicOrError(right)) return true;
  if (left.kind === "null") return NULLABLE.has(right.kind);
  if (right.kind === "null") return NULLABLE.has(left.kind);
  if (left.kind === "type") return right.kind === "type";
  if (left.kind !== right.kind || left.name !== right.name) return false;
  return areAssignable(mapping, left.parameters, right.parameters);
}

function areAssignable(mapping: TypeMapping, left: readonly CelType[], right: readonly CelType[]): boolean {
  return left.length === right.length && left.every((type, at) => isAssignable(mapping, type, right[at]!));
}

function trySubstitute(
  mapping: TypeMapping,
  type: CelType,
  parameter: CelType,
): { isValid: boolean; hasSubstitute: boolean } {
  if (isExactType(type, parameter)) return { isValid: true, hasSubstitute: true };
  const known = mapping.find(parameter);
  if (known === undefined) {
    const isFree = isNotReferencedIn(mapping, parameter, type);
    if (isFree) mapping.add(parameter, type);
    return { isValid: isFree, hasSubstitute: false };
  }
  if (isExactType(type, known)) return { isValid: true, hasSubstitute: true };
  if (!isAssignable(mapping, type, known)) return { isValid: false, hasSubstitute: true };
  const general = mostGeneral(type, known);
  if (isNotReferencedIn(mapping, parameter, general)) mapping.add(parameter, general);
  return { isValid: true, hasSubstitute: true };
}

/** A type must not stand for something that contains it. */
function isNotReferencedIn(mapping: TypeMapping, type: CelType, within: CelType): boolean {
  if (isExactType(type, within)) return false;
  if (within.kind === "typeParam") {
    const known = mapping.find(within);
    return known === undefined || isNotReferencedIn(mapping, type, known);
  }
  return within.parameters.every((parameter) => isNotReferencedIn(mapping, type, parameter));
}
