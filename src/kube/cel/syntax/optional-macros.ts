import { type Expr, OPERATOR } from "./ast.ts";
import { type Macro, type MacroCall, receiverMacro, variableName } from "./macros.ts";

/** The value of an optional bound to a variable: a comprehension over nothing. */
function bound({ make, offset, target, args }: MacroCall, name: string): Expr {
  const variable = variableName(args[0]!, `${name}() variable name must be a simple identifier`);
  return make.comprehension(offset, {
    range: make.list(offset, []),
    variable: "#unused",
    secondVariable: undefined,
    accumulator: variable,
    init: make.memberCall(offset, "value", make.copy(target!)),
    condition: make.literal(offset, false),
    step: make.ident(offset, variable),
    result: args[1]!,
  });
}

function whenPresent({ make, offset, target }: MacroCall, result: Expr): Expr {
  const isPresent = make.memberCall(offset, "hasValue", target!);
  return make.call(offset, OPERATOR.conditional, isPresent, result, make.call(offset, "optional.none"));
}

/** Macros over the value of an optional. */
export const OPTIONAL_MACROS: Macro[] = [
  receiverMacro("optMap", 2, (call) =>
    whenPresent(call, call.make.call(call.offset, "optional.of", bound(call, "optMap"))),
  ),
  receiverMacro("optFlatMap", 2, (call) => whenPresent(call, bound(call, "optFlatMap"))),
];
