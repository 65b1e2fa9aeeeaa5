import { type Expr, OPERATOR } from "./ast.ts";
import type { ExprFactory } from "./expr-factory.ts";

/** The variable that a comprehension collects in; no expression can name it. */
export const ACCUMULATOR = "@result";
const OLD_ACCUMULATOR = "__result__";

/** Where a macro's argument does not fit: what is said, and where. */
export class MacroProblem extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

export interface MacroCall {
  make: ExprFactory;
  /** The place of the call, which all nodes made for it share. */
  offset: number;
  target: Expr | undefined;
  args: Expr[];
}

/** Replaces a call while the expression is parsed. */
export interface Macro {
  name: string;
  isReceiver: boolean;
  argCount: number;
  expand(call: MacroCall): Expr;
}

export function receiverMacro(name: string, argCount: number, expand: Macro["expand"]): Macro {
  return { name, isReceiver: true, argCount, expand };
}

/** The name of an argument that must be a variable. */
export function variableName(arg: Expr, message: string): string {
  if (arg.kind !== "ident") throw new MacroProblem(arg.offset, message);
  if (arg.name === ACCUMULATOR || arg.name === OLD_ACCUMULATOR)
    throw new MacroProblem(arg.offset, "iteration variable overwrites accumulator variable");
  return arg.name;
}

/** What a quantifier (all, exists, exists_one) starts with, goes on while, does and answers. */
export type Fold = Pick<
  Extract<Expr, { kind: "comprehension" }>,
  "accumulator" | "init" | "condition" | "step" | "result"
>;

export function allFold({ make, offset }: MacroCall, predicate: Expr): Fold {
  const accumulated = () => make.ident(offset, ACCUMULATOR);
  return {
    accumulator: ACCUMULATOR,
    init: make.literal(offset, true),
    condition: make.call(offset, OPERATOR.notStrictlyFalse, accumulated()),
    step: make.call(offset, OPERATOR.and, accumulated(), predicate),
    result: accumulated(),
  };
}

export function existsFold({ make, offset }: MacroCall, predicate: Expr): Fold {
  const accumulated = () => make.ident(offset, ACCUMULATOR);
  const isUnset = make.call(offset, OPERATOR.not, accumulated());
  return {
    accumulator: ACCUMULATOR,
    init: make.literal(offset, false),
    condition: make.call(offset, OPERATOR.notStrictlyFalse, isUnset),
    step: make.call(offset, OPERATOR.or, accumulated(), predicate),
    result: accumulated(),
  };
}

export function existsOneFold({ make, offset }: MacroCall, predicate: Expr): Fold {
  const accumulated = () => make.ident(offset, ACCUMULATOR);
  const increased = make.call(offset, OPERATOR.add, accumulated(), make.literal(offset, 1n));
  return {
    accumulator: ACCUMULATOR,
    init: make.literal(offset, 0n),
    condition: make.literal(offset, true),
    step: make.call(offset, OPERATOR.conditional, predicate, increased, accumulated()),
    result: make.call(offset, OPERATOR.equals, accumulated(), make.literal(offset, 1n)),
  };
}

/** Collects into what starts empty; `filter` says which elements count. */
export function collectingFold(call: MacroCall, init: Expr, added: Expr, filter: Expr | undefined): Fold {
  const { make, offset } = call;
  const accumulated = () => make.ident(offset, ACCUMULATOR);
  const step =
    filter === undefined ? added : make.call(offset, OPERATOR.conditional, filter, added, accumulated());
  const condition = make.literal(offset, true);
  return { accumulator: ACCUMULATOR, init, condition, step, result: accumulated() };
}

/** `@result + [element]` */
export function appended({ make, offset }: MacroCall, element: Expr): Expr {
  return make.call(offset, OPERATOR.add, make.ident(offset, ACCUMULATOR), make.list(offset, [element]));
}

function fold(call: MacroCall, variable: string, parts: Fold): Expr {
  return call.make.comprehension(call.offset, {
    range: call.target!,
    variable,
    secondVariable: undefined,
    ...parts,
  });
}

const NOT_A_SIMPLE_NAME = "argument must be a simple name";
const NOT_AN_IDENTIFIER = "argument is not an identifier";

function quantifier(makeFold: (call: MacroCall, predicate: Expr) => Fold): Macro["expand"] {
  return (call) => {
    const variable = variableName(call.args[0]!, NOT_A_SIMPLE_NAME);
    return fold(call, variable, makeFold(call, call.args[1]!));
  };
}

function expandMap(call: MacroCall): Expr {
  const variable = variableName(call.args[0]!, NOT_AN_IDENTIFIER);
  const filter = call.args.length === 3 ? call.args[1] : undefined;
  const added = appended(call, call.args.at(-1)!);
  return fold(call, variable, collectingFold(call, call.make.list(call.offset, []), added, filter));
}

function expandFilter(call: MacroCall): Expr {
  const variable = variableName(call.args[0]!, NOT_AN_IDENTIFIER);
  const added = appended(call, call.args[0]!);
  return fold(call, variable, collectingFold(call, call.make.list(call.offset, []), added, call.args[1]));
}

function expandHas({ make, offset, args }: MacroCall): Expr {
  const arg = args[0]!;
  if (arg.kind !== "select") throw new MacroProblem(arg.offset, "invalid argument to has() macro");
  return make.presenceTest(offset, arg.operand, arg.field);
}

/** The macros of the language itself. */
export const STANDARD_MACROS: Macro[] = [
  { name: "has", isReceiver: false, argCount: 1, expand: expandHas },
  receiverMacro("all", 2, quantifier(allFold)),
  receiverMacro("exists", 2, quantifier(existsFold)),
  receiverMacro("exists_one", 2, quantifier(existsOneFold)),
  receiverMacro("map", 2, expandMap),
  receiverMacro("map", 3, expandMap),
  receiverMacro("filter", 2, expandFilter),
];
