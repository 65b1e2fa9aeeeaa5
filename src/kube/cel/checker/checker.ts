import {
  type CallExpr,
  type ComprehensionExpr,
  type Expr,
  type ListExpr,
  type LiteralValue,
  type MapExpr,
  OPERATOR,
  qualifiedName,
  type SelectExpr,
  type StructExpr,
} from "../syntax/ast.ts";
import type { IssueList } from "../syntax/issue.ts";
import { mostGeneral, substitute, unifyAll } from "../types/assignability.ts";
import {
  BOOL,
  type CelType,
  DYN,
  ERROR,
  formatType,
  INT,
  isDynamic,
  isDynamicOrError,
  isOptionalType,
  listType,
  mapType,
  objectType,
  optionalType,
  typeParam,
  typeType,
} from "../types/cel-type.ts";
import { TypeMapping } from "../types/type-mapping.ts";
import { typeOf } from "../values/type-of.ts";
import type { CheckedExpr, Reference } from "./checked-expr.ts";
import type { Declarations } from "./environment-types.ts";
import { formatCall, OverloadResolver } from "./overloads.ts";

/** Finds out what all names mean and whether all types agree, by cel-go's rules and in its words. */
export function check(expr: Expr, declarations: Declarations, issues: IssueList): CheckedExpr {
  return new Checker(declarations, issues).run(expr);
}

class Checker {
  readonly #declarations: Declarations;
  readonly #issues: IssueList;
  readonly #types = new Map<number, CelType>();
  readonly #references = new Map<number, Reference>();
  readonly #scopes: Map<string, CelType>[] = [];
  readonly #resolver: OverloadResolver;
  #mapping = new TypeMapping();
  #freeVariables = 0;

  constructor(declarations: Declarations, issues: IssueList) {
    this.#declarations = declarations;
    this.#issues = issues;
    this.#resolver = new OverloadResolver(declarations, {
      newVariable: () => this.#newVariable(),
      unify: (left, right) => this.#unify(left, right),
      substitute: (type) => substitute(this.#mapping, type, "keep"),
    });
  }

  run(expr: Expr): CheckedExpr {
    this.#check(expr);
    const types = new Map<number, CelType>();
    for (const [id, type] of this.#types) types.set(id, substitute(this.#mapping, type, "dyn"));
    return { expr, type: types.get(expr.id) ?? ERROR, types, references: this.#references };
  }

  #check(expr: Expr): CelType {
    const type = this.#typeOf(expr);
    this.#types.set(expr.id, type);
    return type;
  }

  #typeOf(expr: Expr): CelType {
    switch (expr.kind) {
      case "literal":
        return literalType(expr.value);
      case "ident":
        return this.#ident(expr, expr.name);
      case "select":
        return this.#select(expr);
      case "call":
        return this.#call(expr);
      case "list":
        return this.#list(expr);
      case "map":
        return this.#map(expr);
      case "struct":
        return this.#struct(expr);
      case "comprehension":
        return this.#comprehension(expr);
    }
  }

  #report(at: { offset: number }, message: string): void {
    this.#issues.report(at.offset, message);
  }

  #undeclared(at: { offset: number }, name: string): CelType {
    this.#report(at, `undeclared reference to '${name}' (in container '')`);
    return ERROR;
  }

  #mismatch(at: { offset: number }, expected: CelType, found: CelType): CelType {
    this.#report(at, `expected type '${formatType(expected)}' but found '${formatType(found)}'`);
    return ERROR;
  }

  #newVariable(): CelType {
    return typeParam(`_var${this.#freeVariables++}`);
  }

  #unify(left: readonly CelType[], right: readonly CelType[]): boolean {
    const learnt = unifyAll(this.#mapping, left, right);
    if (learnt !== undefined) this.#mapping = learnt;
    return learnt !== undefined;
  }

  #resolved(type: CelType): CelType {
    return substitute(this.#mapping, type, "keep");
  }

  /** What a name means, from the innermost scope outwards; undefined where it means nothing. */
  #lookup(written: string): { type: CelType; reference: Reference } | undefined {
    const name = written.startsWith(".") ? written.slice(1) : written;
    const inScope = this.#scopes.findLast((scope) => scope.has(name))?.get(name);
    const variable = inScope ?? this.#declarations.variables.get(name);
    if (variable !== undefined) return { type: variable, reference: { kind: "variable", name } };
    const { typeNames, structs } = this.#declarations;
    const named = typeNames.get(name) ?? (structs.hasType(name) ? objectType(name) : undefined);
    return named && { type: typeType(named), reference: { kind: "type", type: named } };
  }

  #ident(expr: Expr, name: string): CelType {
    const found = this.#lookup(name);
    if (found === undefined) return this.#undeclared(expr, name);
    this.#references.set(expr.id, found.reference);
    return found.type;
  }

  #select(expr: SelectExpr): CelType {
    const name = qualifiedName(expr);
    const found = name === undefined ? undefined : this.#lookup(name);
    if (found !== undefined) {
      this.#references.set(expr.id, found.reference);
      return found.type;
    }
    const type = this.#field(expr, expr.operand, expr.field, false);
    return expr.testOnly ? BOOL : this.#resolved(type);
  }

  #field(at: Expr, operand: Expr, field: string, optional: boolean): CelType {
    const operandType = this.#resolved(this.#check(operand));
    const isOptional = isOptionalType(operandType);
    const target = isOptional ? operandType.parameters[0]! : operandType;
    const type = this.#fieldOf(at, target, field);
    return isOptional || optional ? optionalType(type) : type;
  }

  #fieldOf(at: Expr, target: CelType, field: string): CelType {
    if (target.kind === "map") return target.parameters[1]!;
    if (target.kind === "struct") return this.#structField(at, target.name, field) ?? ERROR;
    if (target.kind === "typeParam") this.#unify([DYN], [target]);
    else if (!isDynamicOrError(target))
      this.#report(at, `type '${formatType(target)}' does not support field selection`);
    return DYN;
  }

  #structField(at: { offset: number }, typeName: string, field: string): CelType | undefined {
    const { structs } = this.#declarations;
    if (!structs.hasType(typeName)) {
      this.#report(at, `unexpected failed resolution of '${typeName}'`);
      return undefined;
    }
    const type = structs.fieldType(typeName, field);
    if (type === undefined) this.#report(at, `undefined field '${field}'`);
    return type;
  }

  #call(expr: CallExpr): CelType {
    if (expr.function === OPERATOR.optionalSelect) return this.#optionalSelect(expr);
    for (const arg of expr.args) this.#check(arg);
    if (expr.target === undefined) return this.#resolve(expr, expr.function, undefined);
    const prefix = qualifiedName(expr.target);
    const qualified = `${prefix}.${expr.function}`;
    if (prefix !== undefined && this.#function(qualified) !== undefined)
      return this.#resolve(expr, qualified, undefined);
    this.#check(expr.target);
    return this.#resolve(expr, expr.function, expr.target);
  }

  #function(name: string) {
    return this.#declarations.functions.get(name.startsWith(".") ? name.slice(1) : name);
  }

  #optionalSelect(expr: CallExpr): CelType {
    const [operand, field] = expr.args as [Expr, Expr];
    const name = field.kind === "literal" ? String(field.value) : "";
    const type = this.#field(expr, operand, name, true);
    this.#types.set(field.id, literalType(name));
    const overloads = ["select_optional_field"];
    const reference: Reference = { kind: "call", function: expr.function, overloads, hasTarget: false };
    this.#references.set(expr.id, reference);
    return this.#resolved(type);
  }

  #resolve(expr: CallExpr, name: string, target: Expr | undefined): CelType {
    const declared = this.#function(name);
    if (declared === undefined) return this.#undeclared(expr, name);
    const args = target === undefined ? expr.args : [target, ...expr.args];
    const types = args.map((arg) => this.#types.get(arg.id)!);
    const isMember = target !== undefined;
    const resolution = this.#resolver.resolve(declared, types, isMember);
    if (resolution === undefined) {
      const shown = types.map((type) => substitute(this.#mapping, type, "dyn"));
      const applied = formatCall(shown, isMember);
      this.#report(expr, `found no matching overload for '${declared.name}' applied to '${applied}'`);
      return ERROR;
    }
    for (const { index, type } of resolution.mismatches) this.#mismatch(args[index]!, BOOL, type);
    if (resolution.mismatches.length > 0) return ERROR;
    const { overloads } = resolution;
    const reference: Reference = { kind: "call", function: declared.name, overloads, hasTarget: isMember };
    this.#references.set(expr.id, reference);
    return resolution.type;
  }

  /** The type that an element adds to those before it. That all are of one type is checked later (validateLiterals). */
  #joined(previous: CelType | undefined, current: CelType): CelType {
    if (previous === undefined) return current;
    return this.#unify([previous], [current]) ? mostGeneral(previous, current) : DYN;
  }

  /** The type of an element; of one written `?x`, that within the optional. */
  #elementType(element: Expr, optional: boolean): CelType {
    const type = this.#check(element);
    if (!optional) return type;
    if (isOptionalType(type)) return type.parameters[0]!;
    if (!isDynamic(type)) this.#mismatch(element, optionalType(type), type);
    return type;
  }

  #list(expr: ListExpr): CelType {
    let type: CelType | undefined;
    for (const [at, element] of expr.elements.entries())
      type = this.#joined(type, this.#elementType(element, expr.optionals.has(at)));
    return listType(type ?? this.#newVariable());
  }

  #map(expr: MapExpr): CelType {
    let keyType: CelType | undefined;
    let valueType: CelType | undefined;
    for (const { key, value, optional } of expr.entries) {
      keyType = this.#joined(keyType, this.#check(key));
      valueType = this.#joined(valueType, this.#elementType(value, optional));
    }
    return mapType(keyType ?? this.#newVariable(), valueType ?? this.#newVariable());
  }

  #struct(expr: StructExpr): CelType {
    const found = this.#lookup(expr.typeName);
    if (found === undefined) return this.#undeclared(expr, expr.typeName);
    const name = expr.typeName.replace(/^\./, "");
    const type = this.#messageType(expr, name, found.type);
    for (const { value, ...field } of expr.fields) {
      const valueType = this.#elementType(value, field.optional);
      const fieldType = this.#structField(field, name, field.name) ?? ERROR;
      if (this.#unify([fieldType], [valueType])) continue;
      const [wanted, given] = [formatType(fieldType), formatType(valueType)];
      this.#report(
        field,
        `expected type of field '${field.name}' is '${wanted}' but provided type is '${given}'`,
      );
    }
    return type;
  }

  #messageType(expr: StructExpr, name: string, found: CelType): CelType {
    if (found.kind !== "type") {
      this.#report(expr, `'${found.name}' is not a type`);
      return ERROR;
    }
    const type = found.parameters[0]!;
    if (type.kind === "struct") return type;
    this.#report(expr, `'${name}' is not a message type`);
    return ERROR;
  }

  #comprehension(expr: ComprehensionExpr): CelType {
    const rangeType = this.#resolved(this.#check(expr.range));
    const accumulatorType = this.#check(expr.init);
    this.#scopes.push(new Map([[expr.accumulator, accumulatorType]]));
    this.#scopes.push(this.#variablesOf(expr, rangeType));
    this.#assert(expr.condition, BOOL);
    this.#assert(expr.step, accumulatorType);
    this.#scopes.pop();
    const type = this.#check(expr.result);
    this.#scopes.pop();
    return this.#resolved(type);
  }

  #assert(expr: Expr, type: CelType): void {
    const found = this.#check(expr);
    if (!this.#unify([type], [found])) this.#mismatch(expr, type, found);
  }

  #variablesOf(expr: ComprehensionExpr, rangeType: CelType): Map<string, CelType> {
    const [key, value] = this.#iterated(expr, rangeType);
    const { secondVariable } = expr;
    if (secondVariable === undefined)
      return new Map([[expr.variable, rangeType.kind === "list" ? value : key]]);
    return new Map([
      [expr.variable, key],
      [secondVariable, value],
    ]);
  }

  /** The types of index and element, or of key and value. */
  #iterated(expr: ComprehensionExpr, rangeType: CelType): [CelType, CelType] {
    switch (rangeType.kind) {
      case "list":
        return [INT, rangeType.parameters[0]!];
      case "map":
        return [rangeType.parameters[0]!, rangeType.parameters[1]!];
      case "dyn":
      case "error":
      case "typeParam":
        this.#unify([DYN], [rangeType]);
        return [DYN, DYN];
    }
    const message = `expression of type '${formatType(rangeType)}' cannot be range of a comprehension (must be list, map, or dynamic)`;
    this.#report(expr.range, message);
    return [ERROR, ERROR];
  }
}

function literalType(value: LiteralValue): CelType {
  return typeOf(value);
}
