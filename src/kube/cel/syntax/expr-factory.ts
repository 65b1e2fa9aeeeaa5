import type { ComprehensionExpr, Expr, LiteralValue, MapEntry, StructField } from "./ast.ts";

/** Makes the nodes of one expression, each with an identity of its own. */
export class ExprFactory {
  #nextId = 1;

  id(): number {
    return this.#nextId++;
  }

  literal(offset: number, value: LiteralValue): Expr {
    return { kind: "literal", id: this.id(), offset, value };
  }

  ident(offset: number, name: string): Expr {
    return { kind: "ident", id: this.id(), offset, name };
  }

  select(offset: number, operand: Expr, field: string): Expr {
    return { kind: "select", id: this.id(), offset, operand, field, testOnly: false };
  }

  presenceTest(offset: number, operand: Expr, field: string): Expr {
    return { kind: "select", id: this.id(), offset, operand, field, testOnly: true };
  }

  call(offset: number, name: string, ...args: Expr[]): Expr {
    return { kind: "call", id: this.id(), offset, function: name, target: undefined, args };
  }

  memberCall(offset: number, name: string, target: Expr, ...args: Expr[]): Expr {
    return { kind: "call", id: this.id(), offset, function: name, target, args };
  }

  list(offset: number, elements: Expr[], optionals: Set<number> = new Set()): Expr {
    return { kind: "list", id: this.id(), offset, elements, optionals };
  }

  map(offset: number, entries: MapEntry[]): Expr {
    return { kind: "map", id: this.id(), offset, entries };
  }

  struct(offset: number, typeName: string, fields: StructField[]): Expr {
    return { kind: "struct", id: this.id(), offset, typeName, fields };
  }

  comprehension(offset: number, fold: Omit<ComprehensionExpr, "kind" | "id" | "offset">): Expr {
    return { kind: "comprehension", id: this.id(), offset, ...fold };
  }

  /** The same expression with identities of its own, for macros that use an argument twice. */
  copy(expr: Expr): Expr {
    const id = this.id();
    switch (expr.kind) {
      case "literal":
      case "ident":
        return { ...expr, id };
      case "select":
        return { ...expr, id, operand: this.copy(expr.operand) };
      case "call": {
        const args = expr.args.map((arg) => this.copy(arg));
        return { ...expr, id, args, target: expr.target && this.copy(expr.target) };
      }
      case "list":
        return { ...expr, id, elements: expr.elements.map((element) => this.copy(element)) };
      case "map":
        return { ...expr, id, entries: expr.entries.map((entry) => this.#copyEntry(entry)) };
      case "struct":
        return { ...expr, id, fields: expr.fields.map((field) => this.#copyField(field)) };
      case "comprehension":
        return this.#copyComprehension(expr, id);
    }
  }

  #copyEntry(entry: MapEntry): MapEntry {
    return { ...entry, id: this.id(), key: this.copy(entry.key), value: this.copy(entry.value) };
  }

  #copyField(field: StructField): StructField {
    return { ...field, id: this.id(), value: this.copy(field.value) };
  }

  #copyComprehension(expr: ComprehensionExpr, id: number): Expr {
    const parts = { range: this.copy(expr.range), init: this.copy(expr.init) };
    const loop = { condition: this.copy(expr.condition), step: this.copy(expr.step) };
    return { ...expr, id, ...parts, ...loop, result: this.copy(expr.result) };
  }
}
