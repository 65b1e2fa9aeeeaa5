import { type CelFunction, fn, memberOverload, overload } from "../functions/declaration.ts";
import { BOOL, type CelType, INT, objectType, STRING } from "../types/cel-type.ts";
import { CelError, isError } from "../values/cel-error.ts";
import { CelObject, type CelValue, type Result } from "../values/value.ts";
import {
  compareSemver,
  parseLooseSemver,
  parseSemver,
  SemverProblem,
  type SemverVersion,
} from "./semver-version.ts";

const SEMVER_TYPE = objectType("kubernetes.Semver");

class CelSemver extends CelObject {
  readonly type = SEMVER_TYPE;
  readonly version: SemverVersion;

  constructor(version: SemverVersion) {
    super();
    this.version = version;
  }

  equals(other: CelObject): boolean {
    return other instanceof CelSemver && compareSemver(this.version, other.version) === 0;
  }
}

function toSemver(text: CelValue, isLoose: CelValue = false): CelSemver | CelError {
  try {
    return new CelSemver(isLoose === true ? parseLooseSemver(text as string) : parseSemver(text as string));
  } catch (error) {
    if (error instanceof SemverProblem) return new CelError(error.message);
    throw error;
  }
}

const isSemver = (text: CelValue, isLoose?: CelValue) => !isError(toSemver(text, isLoose));

function comparison(name: string, id: string, result: CelType, read: (order: number) => Result): CelFunction {
  return fn(name, [
    memberOverload(id, [SEMVER_TYPE, SEMVER_TYPE], result, ([left, right]) =>
      read(compareSemver((left as CelSemver).version, (right as CelSemver).version)),
    ),
  ]);
}

function part(name: "major" | "minor" | "patch"): CelFunction {
  return fn(name, [
    memberOverload(`semver_${name}`, [SEMVER_TYPE], INT, ([value]) =>
      BigInt.asIntN(64, (value as CelSemver).version[name]),
    ),
  ]);
}

/** Kubernetes' functions on semantic versions (from 1.33 on). */
export const SEMVER_FUNCTIONS: CelFunction[] = [
  fn("semver", [
    overload("string_to_semver", [STRING], SEMVER_TYPE, ([text]) => toSemver(text!)),
    overload("string_bool_to_semver", [STRING, BOOL], SEMVER_TYPE, ([text, isLoose]) =>
      toSemver(text!, isLoose),
    ),
  ]),
  fn("isSemver", [
    overload("is_semver_string", [STRING], BOOL, ([text]) => isSemver(text!)),
    overload("is_semver_string_bool", [STRING, BOOL], BOOL, ([text, isLoose]) => isSemver(text!, isLoose)),
  ]),
  comparison("isGreaterThan", "semver_is_greater_than", BOOL, (order) => order > 0),
  comparison("isLessThan", "semver_is_less_than", BOOL, (order) => order < 0),
  comparison("compareTo", "semver_compare_to", INT, (order) => BigInt(order)),
  part("major"),
  part("minor"),
  part("patch"),
];
