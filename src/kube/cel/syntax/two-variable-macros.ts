import type { Expr } from "./ast.ts";
import {
  ACCUMULATOR,
  allFold,
  appended,
  collectingFold,
  existsFold,
  existsOneFold,
  type Fold,
  type Macro,
  type MacroCall,
  MacroProblem,
  receiverMacro,
  variableName,
} from "./macros.ts";

/** The function that `transformMap` and `transformMapEntry` collect with. */
export const MAP_INSERT = "cel.@mapInsert";

function variablesOf(args: Expr[]): [string, string] {
  const message = "argument must be a simple name";
  const [first, second] = [args[0]!, args[1]!];
  for (const arg of [first, second]) if (arg.kind !== "ident") throw new MacroProblem(arg.offset, message);
  if (first.kind === "ident" && second.kind === "ident" && first.name === second.name)
    throw new MacroProblem(second.offset, `duplicate variable name: ${first.name}`);
  return [variableName(first, message), variableName(second, message)];
}

function macro(makeFold: (call: MacroCall, keyVariable: string) => Fold): Macro["expand"] {
  return (call) => {
    const [variable, secondVariable] = variablesOf(call.args);
    const parts = makeFold(call, variable);
    return call.make.comprehension(call.offset, { range: call.target!, variable, secondVariable, ...parts });
  };
}

const filterOf = ({ args }: MacroCall) => (args.length === 4 ? args[2] : undefined);
const transformOf = ({ args }: MacroCall) => args.at(-1)!;
const accumulated = ({ make, offset }: MacroCall) => make.ident(offset, ACCUMULATOR);

const transformList = macro((call) =>
  collectingFold(call, call.make.list(call.offset, []), appended(call, transformOf(call)), filterOf(call)),
);

const transformMap = macro((call, keyVariable) => {
  const { make, offset } = call;
  const key = make.ident(offset, keyVariable);
  const added = make.call(offset, MAP_INSERT, accumulated(call), key, transformOf(call));
  return collectingFold(call, make.map(offset, []), added, filterOf(call));
});

const transformMapEntry = macro((call) => {
  const { make, offset } = call;
  const added = make.call(offset, MAP_INSERT, accumulated(call), transformOf(call));
  return collectingFold(call, make.map(offset, []), added, filterOf(call));
});

/** Macros over index and element, or key and value. */
export const TWO_VARIABLE_MACROS: Macro[] = [
  receiverMacro(
    "all",
    3,
    macro((call) => allFold(call, call.args[2]!)),
  ),
  receiverMacro(
    "exists",
    3,
    macro((call) => existsFold(call, call.args[2]!)),
  ),
  ...["existsOne", "exists_one"].map((name) =>
    receiverMacro(
      name,
      3,
      macro((call) => existsOneFold(call, call.args[2]!)),
    ),
  ),
  receiverMacro("transformList", 3, transformList),
  receiverMacro("transformList", 4, transformList),
  receiverMacro("transformMap", 3, transformMap),
  receiverMacro("transformMap", 4, transformMap),
  receiverMacro("transformMapEntry", 3, transformMapEntry),
  receiverMacro("transformMapEntry", 4, transformMapEntry),
];
