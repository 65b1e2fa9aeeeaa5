import type { CelType } from "../types/cel-type.ts";
import type { CelValue, Result } from "../values/value.ts";
import type { AuthorizationCheck, AuthorizationDecision } from "./authorization.ts";

/** What an evaluation offers to functions that need more than their arguments. */
export interface CallContext {
  /** The authorizer's answer; where it is not known yet, the evaluation ends here and begins anew once it is. */
  authorize(check: AuthorizationCheck): AuthorizationDecision;
}

/** For what needs no authorizer: constants, expressions of places that have none. */
export const NO_AUTHORIZER: CallContext = {
  authorize: () => ({ allowed: false, reason: "", error: "there is no authorizer here" }),
};

export type Implementation = (args: readonly CelValue[], context: CallContext) => Result;

/** One signature of a function; its id is cel-go's, by which costs are known. */
export interface CelOverload {
  id: string;
  /** `x.f(y)`; the receiver is the first argument. */
  isMember: boolean;
  args: readonly CelType[];
  result: CelType;
  evaluate?: Implementation;
}

export interface CelFunction {
  name: string;
  overloads: readonly CelOverload[];
  /** One implementation for all overloads, which looks at the values it is given. */
  evaluate?: Implementation;
}

export function overload(
  id: string,
  args: readonly CelType[],
  result: CelType,
  evaluate?: Implementation,
): CelOverload {
  return { id, isMember: false, args, result, evaluate };
}

export function memberOverload(
  id: string,
  args: readonly CelType[],
  result: CelType,
  evaluate?: Implementation,
): CelOverload {
  return { id, isMember: true, args, result, evaluate };
}

export function fn(name: string, overloads: readonly CelOverload[], evaluate?: Implementation): CelFunction {
  return { name, overloads, evaluate };
}

/** The functions of several libraries by name; overloads of one name add up in order. */
export function mergeFunctions(libraries: Iterable<readonly CelFunction[]>): Map<string, CelFunction> {
  const merged = new Map<string, CelFunction>();
  for (const library of libraries) {
    for (const declared of library) {
      const known = merged.get(declared.name);
      if (known === undefined) merged.set(declared.name, declared);
      else merged.set(declared.name, withOverloads(known, declared));
    }
  }
  return merged;
}

function withOverloads(known: CelFunction, added: CelFunction): CelFunction {
  const overloads = new Map([...known.overloads, ...added.overloads].map((one) => [one.id, one]));
  const evaluate = known.evaluate ?? added.evaluate;
  return { name: known.name, overloads: [...overloads.values()], evaluate };
}
