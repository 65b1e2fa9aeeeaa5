import type { CelType } from "../types/cel-type.ts";
import type { CelError } from "./cel-error.ts";
import type { CelDuration, CelTimestamp } from "./time.ts";
import type { CelUint } from "./uint.ts";

/**
 * A value of the language: int is a bigint, double a number, bytes a Uint8Array; uint, timestamp, duration, lists, maps,
 * optionals and the objects of libraries are classes.
 */
export type CelValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | CelUint
  | CelTimestamp
  | CelDuration
  | CelType
  | CelList
  | CelMap
  | CelOptional
  | CelObject
  | CelUnknownData;

/** What an operation answers. Errors are values: `||`, `&&` and folds go on past them. */
export type Result = CelValue | CelError;

export abstract class CelList {
  abstract readonly size: number;
  /** The element at an index within the list. */
  abstract at(index: number): Result;
  /** `undefined`: elements are compared one by one. */
  equalsList(_other: CelList): boolean | CelError | undefined {
    return undefined;
  }
  /** `undefined`: the elements of one list, then those of the other. */
  plus(_other: CelList): CelList | undefined {
    return undefined;
  }

  *[Symbol.iterator](): Generator<Result> {
    for (let at = 0; at < this.size; at++) yield this.at(at);
  }
}

export abstract class CelMap {
  abstract readonly size: number;
  /** The value of a key; undefined where there is none. A key of a type that keys cannot have is an error. */
  abstract find(key: CelValue): Result | undefined;
  abstract keys(): Iterable<CelValue>;
  /** `undefined`: entries are compared one by one. */
  equalsMap(_other: CelMap): boolean | CelError | undefined {
    return undefined;
  }
}

/** `optional.of(x)` or `optional.none()`. */
export class CelOptional {
  static readonly NONE = new CelOptional(undefined);
  readonly value: CelValue | undefined;

  constructor(value: CelValue | undefined) {
    this.value = value;
  }
}

/** An object that a library gives out: a quantity, a URL, an authorizer. */
export abstract class CelObject {
  abstract readonly type: CelType;
  /** Whether the other, which is of the same type, stands for the same. */
  abstract equals(other: CelObject): boolean;
  /** What `size` of it counts for costs; 1 where it has none. */
  get costSize(): number | undefined {
    return undefined;
  }
  /** The length of the pattern that it checks texts with, if it does. */
  get patternSize(): number | undefined {
    return undefined;
  }
  /** Whether it counts as a zero value (`optional.ofNonZeroValue`). */
  get isZero(): boolean {
    return false;
  }
}

/** Data that the schema says nothing about: it can be compared and nothing else. */
export class CelUnknownData {
  readonly data: unknown;

  constructor(data: unknown) {
    this.data = data;
  }
}
