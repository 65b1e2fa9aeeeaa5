import type { IssueList } from "./issue.ts";
import { type Token, tokensOf } from "./lexer.ts";
import type { Source } from "./source.ts";

/** The text cannot be read further; why is already reported. */
export class ParseAbandoned extends Error {}

const EXPR_START_SYMBOLS = ["[", "{", "(", ".", "-", "!", "true", "false", "null"];
const EXPR_START_KINDS = ["NUM_FLOAT", "NUM_INT", "NUM_UINT", "STRING", "BYTES", "IDENTIFIER"];
/** The grammar's order, in which ANTLR lists what it expected. */
const SYMBOL_ORDER = ["[", "]", "{", "}", "(", ")", ".", ",", "-", "!", "?", ":", "true", "false", "null"];

/** What goes on with a complete operand. */
const OPERATORS = [
  "==",
  "!=",
  "in",
  "<",
  "<=",
  ">=",
  ">",
  "&&",
  "||",
  "[",
  ".",
  "-",
  "?",
  "+",
  "*",
  "/",
  "%",
];

/** Tokens with one of look-ahead, and ANTLR's sentences for what does not fit: a token too much is skipped, one that is missing is imagined, anything else ends the parse. */
export class TokenStream {
  readonly #tokens: Token[];
  readonly #issues: IssueList;
  readonly #source: Source;
  /** What may end the constructs around the current token, the innermost last. */
  readonly #terminators: (readonly string[])[] = [["<EOF>"]];
  #at = 0;

  constructor(source: Source, issues: IssueList) {
    this.#source = source;
    this.#tokens = tokensOf(source, issues);
    this.#issues = issues;
  }

  get current(): Token {
    return this.#tokens[this.#at]!;
  }

  get #next(): Token {
    return this.#tokens[Math.min(this.#at + 1, this.#tokens.length - 1)]!;
  }

  advance(): Token {
    const token = this.current;
    if (token.kind !== "EOF") this.#at++;
    return token;
  }

  back(): void {
    this.#at--;
  }

  is(symbol: string): boolean {
    return isSymbol(this.current, symbol);
  }

  nextIsNumber(): boolean {
    return this.#next.kind === "NUM_INT" || this.#next.kind === "NUM_FLOAT";
  }

  take(symbol: string): Token | undefined {
    return this.is(symbol) ? this.advance() : undefined;
  }

  takeAny(symbols: Record<string, unknown>): Token | undefined {
    return this.current.kind === "symbol" && this.current.text in symbols ? this.advance() : undefined;
  }

  /** Parses what stands within a construct that the terminators end. */
  within<T>(terminators: readonly string[], parse: () => T): T {
    this.#terminators.push(terminators);
    const parsed = parse();
    this.#terminators.pop();
    return parsed;
  }

  /** Takes a comma; answers whether an element follows it. */
  takeSeparator(close: string): boolean {
    const ends = (token: Token) => isSymbol(token, ",") || isSymbol(token, close);
    if (!ends(this.current)) this.#unexpected(`{'${close}', ','}`, ends);
    if (!this.is(",") || !(startsExpr(this.#next) || isSymbol(this.#next, "?"))) return false;
    this.advance();
    return true;
  }

  expect(symbol: string): Token {
    if (this.is(symbol)) return this.advance();
    if (isSymbol(this.#next, symbol)) {
      this.#report(`extraneous input '${this.current.text}' expecting '${symbol}'`);
      this.advance();
      return this.advance();
    }
    if (!this.#mayFollow(symbol))
      this.#abandon(`mismatched input '${this.current.text}' expecting '${symbol}'`);
    this.#report(`missing '${symbol}' at '${this.current.text}'`);
    return this.current;
  }

  /** Whether the current token would fit behind the symbol that is missing. */
  #mayFollow(symbol: string): boolean {
    if (symbol === ":") return startsExpr(this.current);
    const { kind, text } = this.current;
    if (kind !== "symbol" && kind !== "EOF") return false;
    return OPERATORS.includes(text) || this.#terminators.at(-1)!.includes(text);
  }

  expectEnd(): void {
    if (this.current.kind === "EOF") return;
    const what = this.#next.kind === "EOF" ? "extraneous" : "mismatched";
    this.#abandon(`${what} input '${this.current.text}' expecting <EOF>`);
  }

  /** An expression begins here; `alternatives` are the signs that would do as well. */
  expectExprStart(alternatives: readonly string[] = []): void {
    if (startsExpr(this.current)) return;
    this.#unexpected(
      exprStart(alternatives),
      (token) => startsExpr(token) || (token.kind === "symbol" && alternatives.includes(token.text)),
    );
  }

  /** Nothing that a sign could stand before. */
  expectOperand(sign: Token): void {
    if (startsExpr(this.current)) return;
    if (sign.text === "-") this.#noAlternative(sign);
    this.#abandon(`extraneous input '${this.current.text}' expecting ${exprStart([])}`);
  }

  /** A name after a dot, or after `.?`. */
  expectFieldName(dot: Token, allowed: "fields" | "optional-fields" | "identifiers" = "fields"): Token {
    const { kind, text } = this.current;
    if (kind === "IDENTIFIER" || (kind === "ESC_IDENTIFIER" && allowed !== "identifiers"))
      return this.advance();
    if (allowed === "optional-fields") {
      this.#unexpected("{IDENTIFIER, ESC_IDENTIFIER}", isFieldName);
      return this.advance();
    }
    if (["true", "false", "null"].includes(text))
      this.#abandon(`mismatched input '${text}' expecting IDENTIFIER`);
    return this.#noAlternative(dot);
  }

  expectStructField(): Token {
    if (!isFieldName(this.current)) {
      const ends = (token: Token) => isSymbol(token, "}") || isSymbol(token, ",");
      this.#unexpected(
        "{'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}",
        (token) => isFieldName(token) || ends(token),
      );
      if (!isFieldName(this.current)) throw new ParseAbandoned();
    }
    return this.advance();
  }

  #noAlternative(from: Token): never {
    const { kind, offset, text } = this.current;
    const end = kind === "EOF" ? from.offset + 1 : offset + Array.from(text).length;
    const written = this.#source.characters.slice(from.offset, end).join("");
    return this.#abandon(`no viable alternative at input '${written}'`);
  }

  /** One token too much is skipped where what follows it fits; otherwise the parse ends. */
  #unexpected(expected: string, fits: (token: Token) => boolean): void {
    if (!fits(this.#next)) this.#abandon(`mismatched input '${this.current.text}' expecting ${expected}`);
    this.#report(`extraneous input '${this.current.text}' expecting ${expected}`);
    this.advance();
  }

  #report(message: string): void {
    this.#issues.report(this.current.offset, `Syntax error: ${message}`);
  }

  #abandon(message: string): never {
    this.#report(message);
    throw new ParseAbandoned();
  }
}

function isSymbol(token: Token, symbol: string): boolean {
  return token.kind === "symbol" && token.text === symbol;
}

function isFieldName(token: Token): boolean {
  return token.kind === "IDENTIFIER" || token.kind === "ESC_IDENTIFIER";
}

/** What may begin an expression, as ANTLR lists it. */
function exprStart(alternatives: readonly string[]): string {
  const symbols = new Set([...EXPR_START_SYMBOLS, ...alternatives]);
  const quoted = SYMBOL_ORDER.filter((symbol) => symbols.has(symbol)).map((symbol) => `'${symbol}'`);
  return `{${[...quoted, ...EXPR_START_KINDS].join(", ")}}`;
}

function startsExpr(token: Token): boolean {
  if (token.kind === "symbol") return EXPR_START_SYMBOLS.includes(token.text);
  return EXPR_START_KINDS.includes(token.kind);
}
