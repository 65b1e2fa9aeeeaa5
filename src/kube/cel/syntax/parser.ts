import { CelUint } from "../values/uint.ts";
import { type Expr, type LiteralValue, type MapEntry, OPERATOR, type StructField } from "./ast.ts";
import { ExprFactory } from "./expr-factory.ts";
import type { IssueList } from "./issue.ts";
import type { Token } from "./lexer.ts";
import { balancedLogic } from "./logic-tree.ts";
import { type Macro, MacroProblem } from "./macros.ts";
import type { Source } from "./source.ts";
import { unquoteBytes, unquoteString } from "./string-literal.ts";
import { ParseAbandoned, TokenStream } from "./token-stream.ts";

const MAX_CODE_POINTS = 100_000;
const MAX_DEPTH = 250;
const RESERVED = new Set(
  "as break const continue else false for function if import in let loop package namespace null return true var void while".split(
    " ",
  ),
);
const RELATIONS: Record<string, string> = {
  "<": OPERATOR.less,
  "<=": OPERATOR.lessEquals,
  ">": OPERATOR.greater,
  ">=": OPERATOR.greaterEquals,
  "==": OPERATOR.equals,
  "!=": OPERATOR.notEquals,
  in: OPERATOR.in,
};
const SUMS: Record<string, string> = { "+": OPERATOR.add, "-": OPERATOR.subtract };
const PRODUCTS: Record<string, string> = {
  "*": OPERATOR.multiply,
  "/": OPERATOR.divide,
  "%": OPERATOR.modulo,
};
const WORDS: Record<string, LiteralValue> = { true: true, false: false, null: null };
const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;
const UINT_MAX = 2n ** 64n - 1n;

export interface ParserOptions {
  macros: readonly Macro[];
  /** `a.?b`, `a[?b]`, `[?a]` and `{?a: b}` are understood. */
  optionalSyntax: boolean;
}

/** Parses an expression, its macros expanded. What is wrong is reported to `issues`; then the answer is undefined. */
export function parse(source: Source, issues: IssueList, options: ParserOptions): Expr | undefined {
  const size = source.characters.length;
  if (size > MAX_CODE_POINTS) {
    const message = `expression code point size exceeds limit: size: ${size}, limit ${MAX_CODE_POINTS}`;
    issues.report(undefined, message);
    return undefined;
  }
  try {
    const expr = new Parser(new TokenStream(source, issues), issues, options).parse();
    return issues.isEmpty ? expr : undefined;
  } catch (error) {
    if (error instanceof ParseAbandoned) return undefined;
    throw error;
  }
}

class Parser {
  readonly #tokens: TokenStream;
  readonly #issues: IssueList;
  readonly #options: ParserOptions;
  readonly #make = new ExprFactory();
  #depth = 0;

  constructor(tokens: TokenStream, issues: IssueList, options: ParserOptions) {
    this.#tokens = tokens;
    this.#issues = issues;
    this.#options = options;
  }

  parse(): Expr {
    const expr = this.#expr();
    this.#tokens.expectEnd();
    return expr;
  }

  #expr(mayStartWith: readonly string[] = []): Expr {
    this.#enter();
    this.#tokens.expectExprStart(mayStartWith);
    const condition = this.#or();
    const question = this.#tokens.take("?");
    const expr = question === undefined ? condition : this.#conditional(condition, question);
    this.#depth--;
    return expr;
  }

  #conditional(condition: Expr, question: Token): Expr {
    this.#tokens.expectExprStart();
    const whenTrue = this.#tokens.within([":"], () => this.#or());
    this.#tokens.expect(":");
    const whenFalse = this.#expr();
    return this.#call(question.offset, OPERATOR.conditional, [condition, whenTrue, whenFalse]);
  }

  #enter(): void {
    this.#depth++;
    if (this.#depth > MAX_DEPTH) throw this.#tooDeep(`expression recursion limit exceeded: ${MAX_DEPTH}`);
  }

  #tooDeep(message: string): ParseAbandoned {
    this.#issues.report(undefined, message);
    return new ParseAbandoned();
  }

  /** A chain of operators or selections is as deep as it is long. */
  #checkLength(links: number): void {
    if (links > MAX_DEPTH) throw this.#tooDeep("max recursion depth exceeded");
  }

  #or(): Expr {
    return this.#logic("||", OPERATOR.or, () => this.#and());
  }

  #and(): Expr {
    return this.#logic("&&", OPERATOR.and, () => this.#relation());
  }

  #logic(sign: string, operator: string, operand: () => Expr): Expr {
    const terms = [operand()];
    const offsets: number[] = [];
    for (let token = this.#tokens.take(sign); token !== undefined; token = this.#tokens.take(sign)) {
      offsets.push(token.offset);
      this.#tokens.expectExprStart();
      terms.push(operand());
    }
    return balancedLogic(this.#make, operator, terms, offsets);
  }

  #relation(): Expr {
    return this.#leftToRight(RELATIONS, () => this.#sum());
  }

  #sum(): Expr {
    return this.#leftToRight(SUMS, () => this.#product());
  }

  #product(): Expr {
    return this.#leftToRight(PRODUCTS, () => this.#unary());
  }

  #leftToRight(operators: Record<string, string>, operand: () => Expr): Expr {
    let left = operand();
    let links = 0;
    for (let token = this.#tokens.takeAny(operators); token !== undefined; ) {
      this.#checkLength(++links);
      this.#tokens.expectExprStart();
      left = this.#call(token.offset, operators[token.text]!, [left, operand()]);
      token = this.#tokens.takeAny(operators);
    }
    return left;
  }

  #unary(): Expr {
    const isSign = this.#tokens.is("!") || (this.#tokens.is("-") && !this.#tokens.nextIsNumber());
    if (!isSign) return this.#member();
    const sign = this.#tokens.advance();
    let count = 1;
    while (this.#tokens.take(sign.text) !== undefined) count++;
    this.#tokens.expectOperand(sign);
    const operand = this.#member();
    if (count % 2 === 0) return operand;
    return this.#call(sign.offset, sign.text === "!" ? OPERATOR.not : OPERATOR.negate, [operand]);
  }

  #member(): Expr {
    let expr = this.#primary();
    let links = 0;
    for (let next = this.#memberStep(expr); next !== undefined; next = this.#memberStep(expr)) {
      this.#checkLength(++links);
      expr = next;
    }
    return expr;
  }

  #memberStep(operand: Expr): Expr | undefined {
    const dot = this.#tokens.take(".");
    if (dot !== undefined) return this.#afterDot(operand, dot);
    const bracket = this.#tokens.take("[");
    if (bracket !== undefined) return this.#index(operand, bracket);
    const typeName = this.#tokens.is("{") ? messageName(operand) : undefined;
    return typeName === undefined ? undefined : this.#struct(typeName);
  }

  #afterDot(operand: Expr, dot: Token): Expr {
    const isOptional = this.#tokens.take("?") !== undefined;
    if (isOptional && !this.#options.optionalSyntax)
      this.#issues.report(dot.offset, "unsupported syntax '.?'");
    const name = this.#tokens.expectFieldName(dot, isOptional ? "optional-fields" : "fields");
    if (name.kind === "ESC_IDENTIFIER") this.#issues.report(name.offset, "unsupported syntax: '`'");
    if (isOptional) {
      const field = this.#make.literal(name.offset, name.text);
      return this.#call(dot.offset, OPERATOR.optionalSelect, [operand, field]);
    }
    const open = this.#tokens.take("(");
    if (open === undefined) return this.#make.select(dot.offset, operand, name.text);
    return this.#call(open.offset, name.text, this.#args(), operand);
  }

  #index(operand: Expr, bracket: Token): Expr {
    const isOptional = this.#takeOptionalSign(bracket.offset, "unsupported syntax '[?'");
    const index = this.#tokens.within(["]"], () => this.#expr(isOptional ? [] : ["?"]));
    this.#tokens.expect("]");
    return this.#call(bracket.offset, isOptional ? OPERATOR.optionalIndex : OPERATOR.index, [operand, index]);
  }

  #takeOptionalSign(offset: number, problem: string): boolean {
    if (this.#tokens.take("?") === undefined) return false;
    if (!this.#options.optionalSyntax) this.#issues.report(offset, problem);
    return true;
  }

  #args(): Expr[] {
    const args: Expr[] = [];
    if (this.#tokens.take(")") !== undefined) return args;
    this.#tokens.expectExprStart([")"]);
    if (this.#tokens.take(")") !== undefined) return args;
    this.#tokens.within([",", ")"], () => {
      do args.push(this.#expr());
      while (this.#tokens.take(",") !== undefined);
    });
    this.#tokens.expect(")");
    return args;
  }

  #primary(): Expr {
    const token = this.#tokens.current;
    if (this.#tokens.take("(") !== undefined) {
      const expr = this.#tokens.within([")"], () => this.#expr());
      this.#tokens.expect(")");
      return expr;
    }
    if (token.kind === "symbol") {
      if (token.text === "[") return this.#list();
      if (token.text === "{") return this.#map();
      if (token.text === ".") return this.#leadingDot();
    }
    return token.kind === "IDENTIFIER" ? this.#ident("", token.offset) : this.#literal();
  }

  #leadingDot(): Expr {
    const dot = this.#tokens.advance();
    this.#tokens.expectFieldName(dot, "identifiers");
    this.#tokens.back();
    return this.#ident(".", dot.offset);
  }

  #ident(prefix: string, start: number): Expr {
    const token = this.#tokens.advance();
    const name = prefix + token.text;
    if (RESERVED.has(token.text)) this.#issues.report(start, `reserved identifier: ${token.text}`);
    const open = this.#tokens.take("(");
    if (open === undefined) return this.#make.ident(token.offset, name);
    return this.#call(open.offset, name, this.#args());
  }

  #list(): Expr {
    const { offset } = this.#tokens.advance();
    const elements: Expr[] = [];
    const optionals = new Set<number>();
    this.#elements("]", () => {
      const sign = this.#tokens.current.offset;
      const isOptional = this.#takeOptionalSign(sign, "unsupported syntax '?'");
      if (isOptional) optionals.add(elements.length);
      const mayStartWith = elements.length === 0 && !isOptional ? ["]", ",", "?"] : [];
      elements.push(this.#tokens.within([",", "]"], () => this.#expr(mayStartWith)));
    });
    return this.#make.list(offset, elements, optionals);
  }

  /** Elements up to the sign that closes them, with commas between them and perhaps one behind. */
  #elements(close: string, parseElement: () => void): void {
    while (!this.#tokens.is(close) && !this.#tokens.is(",")) {
      parseElement();
      if (!this.#tokens.takeSeparator(close)) break;
    }
    this.#tokens.take(",");
    this.#tokens.expect(close);
  }

  #map(): Expr {
    const { offset } = this.#tokens.advance();
    const entries: MapEntry[] = [];
    this.#elements("}", () => {
      entries.push(this.#mapEntry(entries.length === 0 ? ["}", ",", "?"] : []));
    });
    return this.#make.map(offset, entries);
  }

  #mapEntry(mayStartWith: readonly string[]): MapEntry {
    const sign = this.#tokens.current.offset;
    const optional = this.#takeOptionalSign(sign, "unsupported syntax '?'");
    const key = this.#tokens.within([":"], () => this.#expr(optional ? [] : mayStartWith));
    const { offset } = this.#tokens.expect(":");
    const value = this.#tokens.within([",", "}"], () => this.#expr());
    return { id: this.#make.id(), offset, key, value, optional };
  }

  #struct(typeName: string): Expr {
    const { offset } = this.#tokens.advance();
    const fields: StructField[] = [];
    this.#elements("}", () => fields.push(this.#structField()));
    return this.#make.struct(offset, typeName, fields);
  }

  #structField(): StructField {
    const sign = this.#tokens.current.offset;
    const optional = this.#takeOptionalSign(sign, "unsupported syntax '?'");
    const name = this.#tokens.expectStructField();
    if (name.kind === "ESC_IDENTIFIER") this.#issues.report(name.offset, "unsupported syntax: '`'");
    const { offset } = this.#tokens.expect(":");
    const value = this.#tokens.within([",", "}"], () => this.#expr());
    return { id: this.#make.id(), offset, name: name.text, value, optional };
  }

  #literal(): Expr {
    const first = this.#tokens.advance();
    const isNegative = first.text === "-" && first.kind === "symbol";
    const token = isNegative ? this.#tokens.advance() : first;
    return this.#make.literal(first.offset, this.#literalValue(token, isNegative ? "-" : "", first.offset));
  }

  #literalValue(token: Token, sign: string, offset: number): LiteralValue {
    switch (token.kind) {
      case "NUM_INT": {
        const value = sign === "-" ? -BigInt(token.text) : BigInt(token.text);
        if (value < INT_MIN || value > INT_MAX) this.#issues.report(offset, "invalid int literal");
        return value;
      }
      case "NUM_UINT": {
        const value = BigInt(token.text.slice(0, -1));
        if (value > UINT_MAX) this.#issues.report(offset, "invalid uint literal");
        return new CelUint(value);
      }
      case "NUM_FLOAT": {
        const value = Number(sign + token.text);
        if (!Number.isFinite(value)) this.#issues.report(offset, "invalid double literal");
        return value;
      }
      case "STRING":
        return this.#unquoted(unquoteString(token.text), offset);
      case "BYTES":
        return this.#unquoted(unquoteBytes(token.text), offset);
      default:
        return WORDS[token.text]!;
    }
  }

  #unquoted<T extends LiteralValue>(
    unquoted: { value: T } | { problem: string },
    offset: number,
  ): LiteralValue {
    if ("value" in unquoted) return unquoted.value;
    this.#issues.report(offset, unquoted.problem);
    return "";
  }

  #call(offset: number, name: string, args: Expr[], target?: Expr): Expr {
    const macro = this.#options.macros.findLast(
      (candidate) =>
        candidate.name === name &&
        candidate.argCount === args.length &&
        candidate.isReceiver === (target !== undefined),
    );
    if (macro !== undefined) return this.#expand(macro, offset, args, target);
    return target === undefined
      ? this.#make.call(offset, name, ...args)
      : this.#make.memberCall(offset, name, target, ...args);
  }

  #expand(macro: Macro, offset: number, args: Expr[], target: Expr | undefined): Expr {
    try {
      return macro.expand({ make: this.#make, offset, target, args });
    } catch (error) {
      if (!(error instanceof MacroProblem)) throw error;
      this.#issues.report(error.offset, error.message);
      return this.#make.literal(offset, null);
    }
  }
}

/** The name before `{`, where what stands there is a chain of names. */
function messageName(expr: Expr): string | undefined {
  if (expr.kind === "ident") return expr.name;
  if (expr.kind !== "select") return undefined;
  const prefix = messageName(expr.operand);
  return prefix === undefined ? undefined : `${prefix}.${expr.field}`;
}
