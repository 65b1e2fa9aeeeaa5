import type { CelFunction, CelOverload } from "../functions/declaration.ts";
import { OPERATOR } from "../syntax/ast.ts";
import { substitute } from "../types/assignability.ts";
import {
  BOOL,
  type CelType,
  DYN,
  formatType,
  isDynamic,
  isExactType,
  opaqueType,
  typeParam,
} from "../types/cel-type.ts";
import { TypeMapping } from "../types/type-mapping.ts";
import type { Declarations } from "./environment-types.ts";

/** The part of the checker that unifies types. */
interface Unifier {
  newVariable(): CelType;
  unify(left: readonly CelType[], right: readonly CelType[]): boolean;
  substitute(type: CelType): CelType;
}

export interface Resolution {
  type: CelType;
  overloads: string[];
  /** Arguments of `&&` and `||` that are no bool. */
  mismatches: { index: number; type: CelType }[];
}

const ORDERINGS = new Set<string>([
  OPERATOR.less,
  OPERATOR.lessEquals,
  OPERATOR.greater,
  OPERATOR.greaterEquals,
]);

/** Finds the overloads of a function that take arguments of given types. */
export class OverloadResolver {
  readonly #declarations: Declarations;
  readonly #unifier: Unifier;

  constructor(declarations: Declarations, unifier: Unifier) {
    this.#declarations = declarations;
    this.#unifier = unifier;
  }

  /** All overloads that match, and the type that they answer: dyn where they do not agree. Undefined where none matches. */
  resolve(declared: CelFunction, args: readonly CelType[], isMember: boolean): Resolution | undefined {
    if (declared.name === OPERATOR.and || declared.name === OPERATOR.or) return this.#logic(declared, args);
    const overloads: string[] = [];
    let type: CelType | undefined;
    for (const overload of declared.overloads) {
      if (overload.isMember !== isMember || !this.#isEnabled(declared, overload)) continue;
      const result = this.#match(overload, args);
      if (result === undefined) continue;
      overloads.push(overload.id);
      if (type === undefined) type = result;
      else if (!isDynamic(type) && !isExactType(result, type)) type = DYN;
    }
    return type && { type, overloads, mismatches: [] };
  }

  #logic(declared: CelFunction, args: readonly CelType[]): Resolution {
    const mismatches = [...args.entries()]
      .filter(([, type]) => !this.#unifier.unify([type], [BOOL]))
      .map(([index, type]) => ({ index, type }));
    return { type: BOOL, overloads: [declared.overloads[0]!.id], mismatches };
  }

  #isEnabled(declared: CelFunction, { args }: CelOverload): boolean {
    if (this.#declarations.crossTypeComparisons || !ORDERINGS.has(declared.name)) return true;
    return isExactType(args[0]!, args[1]!);
  }

  #match(overload: CelOverload, args: readonly CelType[]): CelType | undefined {
    const fresh = this.#withFreshVariables(overload);
    const [result, ...parameters] = fresh.parameters as [CelType, ...CelType[]];
    return this.#unifier.unify(args, parameters) ? this.#unifier.substitute(result) : undefined;
  }

  #withFreshVariables({ args, result }: CelOverload): CelType {
    const signature = opaqueType("function", [result, ...args]);
    const names = new Set<string>();
    collectParams(signature, names);
    if (names.size === 0) return signature;
    const mapping = new TypeMapping();
    for (const name of names) mapping.add(typeParam(name), this.#unifier.newVariable());
    return substitute(mapping, signature, "keep");
  }
}

function collectParams(type: CelType, names: Set<string>): void {
  if (type.kind === "typeParam") names.add(type.name);
  for (const parameter of type.parameters) collectParams(parameter, names);
}

/** `(int, string)`, or `string.(int)` of a member. */
export function formatCall(types: readonly CelType[], isMember: boolean): string {
  const [target, rest] = isMember ? [types[0], types.slice(1)] : [undefined, types];
  const list = `(${rest.map(formatType).join(", ")})`;
  return target === undefined ? list : `${formatType(target)}.${list}`;
}
