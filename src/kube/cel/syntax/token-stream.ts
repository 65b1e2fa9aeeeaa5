import type { IssueList } from "./issue.ts";
import type { Token } from "./lexer.ts";

/** The text cannot be read further; why is already reported. */
export class ParseAbandoned extends Error {}

const EXPR_START_SYMBOLS = ["[", "{", "(", ".", "-", "!", "true", "false", "null"];
const EXPR_START_KINDS = ["NUM_FLOAT", "NUM_INT", "NUM_UINT", "STRING", "BYTES", "IDENTIFIER"];
/** The grammar's order, in which ANTLR lists what it expected. */
const SYMBOL_ORDER = ["[", "]", "{", "}", "(", ")", ".", ",", "-", "!", "?", ":", "true", "false", "null"];

/** Tokens with one of look-ahead, and ANTLR's sentences for what does not fit: a token too much is skipped, one that is missing is imagined, anything else ends the parse. */
export class TokenStream {
  readonly #tokens: Token[];
  readonly #issues: IssueList;
  #at = 0;

  constructor(tokens: Token[], issues: IssueList) {
    this.#tokens = tokens;
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

  /** Takes a comma; answers whether an element follows it. */
  takeSeparator(close: string): boolean {
    const ends = (token: Token) => isSymbol(token, ",") || isSymbol(token, close);
    if (!ends(this.current)) this.#unexpected(`{'${close}', ','}`, ends);
    if (!this.is(",")) return false;
    if (isSymbol(this.#next, close)) return false;
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
    const mayBeImagined = symbol === ":" ? startsExpr(this.current) : this.current.kind === "EOF";
    if (!mayBeImagined) this.#abandon(`mismatched input '${this.current.text}' expecting '${symbol}'`);
    this.#report(`missing '${symbol}' at '${this.current.text}'`);
    return this.current;
  }

  expectEnd(): void {
    if (this.current.kind === "EOF") return;
    const what = this.#next.kind === "EOF" ? "extraneous" : "mismatched";
    this.#abandon(`${what} input '${this.current.text}' expecting <EOF>`);
  }

  /** An expression begins here; `alternatives` are the signs that would do as well. */
  expectExprStart(alternatives: readonly string[] = []): void {
    if (startsExpr(this.current)) return;
    const symbols = new Set([...EXPR_START_SYMBOLS, ...alternatives]);
    const quoted = SYMBOL_ORDER.filter((symbol) => symbols.has(symbol)).map((symbol) => `'${symbol}'`);
    this.#unexpected(
      `{${[...quoted, ...EXPR_START_KINDS].join(", ")}}`,
      (token) => startsExpr(token) || (token.kind === "symbol" && alternatives.includes(token.text)),
    );
  }

  /** A name after a dot. */
  expectFieldName(dot: Token, allowed: "fields" | "identifiers" = "fields"): Token {
    const { kind, text } = this.current;
    if (kind === "IDENTIFIER" || (kind === "ESC_IDENTIFIER" && allowed === "fields")) return this.advance();
    if (["true", "false", "null"].includes(text))
      this.#abandon(`mismatched input '${text}' expecting IDENTIFIER`);
    return this.#abandon(`no viable alternative at input '${dot.text}${kind === "EOF" ? "" : text}'`);
  }

  expectStructField(): Token {
    const { kind, text } = this.current;
    if (kind === "IDENTIFIER" || kind === "ESC_IDENTIFIER") return this.advance();
    return this.#abandon(`mismatched input '${text}' expecting {'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}`);
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

function startsExpr(token: Token): boolean {
  if (token.kind === "symbol") return EXPR_START_SYMBOLS.includes(token.text);
  return EXPR_START_KINDS.includes(token.kind);
}
