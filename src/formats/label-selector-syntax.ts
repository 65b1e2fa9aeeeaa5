import { GantryError } from "../base/index.ts";
import { isQualifiedName } from "./dns-names.ts";

/** What a part of a selector's text says, before it is checked. */
export interface RequirementText {
  key: string;
  operator: "in" | "notin" | "=" | "!=" | "exists" | "!" | "gt" | "lt";
  values: readonly string[];
}

type Token = { kind: "word" | "symbol" | "end"; text: string };

const TOKEN = /[ \t\r\n]*(?:(==|!=|[=!<>(),])|([^ \t\r\n=!<>(),\0]+))/gy;

const END: Token = { kind: "end", text: "" };

/** A byte 0 ends the text, as upstream's lexer has it. */
function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (const [, symbol, word] of text.matchAll(TOKEN))
    tokens.push(symbol === undefined ? { kind: "word", text: word! } : { kind: "symbol", text: symbol });
  tokens.push(END);
  return tokens;
}

const OPERATORS: Record<string, RequirementText["operator"]> = {
  in: "in",
  notin: "notin",
  "=": "=",
  "==": "=",
  "!=": "!=",
  ">": "gt",
  "<": "lt",
};

/** Reads the text of a `labelSelector`, as `labels.Parse`; each part is given to `build` before the next one is read. */
export function parseRequirements<T>(text: string, build: (requirement: RequirementText) => T): T[] {
  const parser = new RequirementParser(tokenize(text));
  const out: T[] = [];
  if (parser.next.kind === "end") return out;
  if (!parser.isAtRequirement)
    throw refuse(`found '${parser.next.text}', expected: !, identifier, or 'end of string'`);
  for (;;) {
    out.push(unparsableUnless(() => build(parser.requirement())));
    const after = parser.take();
    if (after.kind === "end") return out;
    if (!isSymbol(after, ",")) throw refuse(`found '${after.text}', expected: ',' or 'end of string'`);
    if (!parser.isAtRequirement) throw refuse(`found '${parser.next.text}', expected: identifier after ','`);
  }
}

class RequirementParser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get next(): Token {
    return this.#tokens[this.#at] ?? END;
  }

  get isAtRequirement(): boolean {
    return this.next.kind === "word" || isSymbol(this.next, "!");
  }

  take(): Token {
    const token = this.next;
    this.#at++;
    return token;
  }

  requirement(): RequirementText {
    const isNegated = isSymbol(this.next, "!");
    if (isNegated) this.take();
    const { kind, text: key } = this.take();
    if (kind !== "word") throw refuse(`found '${key}', expected: identifier`);
    const problems = isQualifiedName(key);
    if (problems.length > 0)
      throw refuse(`<nil>: Invalid value: ${JSON.stringify(key)}: ${problems.join("; ")}`);
    if (isNegated) return { key, operator: "!", values: [] };
    if (this.#isAtEndOfRequirement) return { key, operator: "exists", values: [] };
    const operator = this.#operator();
    const values = operator === "in" || operator === "notin" ? this.#values() : [this.#value()];
    return { key, operator, values };
  }

  get #isAtEndOfRequirement(): boolean {
    return this.next.kind === "end" || isSymbol(this.next, ",");
  }

  #operator(): RequirementText["operator"] {
    const { text } = this.take();
    const operator = Object.hasOwn(OPERATORS, text) ? OPERATORS[text] : undefined;
    if (operator === undefined) throw refuse(`found '${text}', expected: in, notin, =, ==, !=, gt, lt`);
    return operator;
  }

  #value(): string {
    if (this.#isAtEndOfRequirement) return "";
    const { kind, text } = this.take();
    if (kind !== "word") throw refuse(`found '${text}', expected: identifier`);
    return text;
  }

  /** `(a,,b)`: between two commas, and before and behind one at the edge, stands the empty value. */
  #values(): string[] {
    const open = this.take();
    if (!isSymbol(open, "(")) throw refuse(`found '${open.text}' expected: '('`);
    const first = this.next;
    if (first.kind !== "word" && !isSymbol(first, ",") && !isSymbol(first, ")"))
      throw refuse(`found '${first.text}', expected: ',', ')' or identifier`);
    const values = new Set<string>();
    if (isSymbol(first, ")")) values.add("");
    while (!isSymbol(this.next, ")")) this.#listed(values);
    this.take();
    return [...values];
  }

  #listed(values: Set<string>): void {
    const token = this.take();
    if (token.kind === "word") {
      values.add(token.text);
      if (isSymbol(this.next, ",") || isSymbol(this.next, ")")) return;
      throw refuse(`found '${this.next.text}', expected: ',' or ')'`);
    }
    if (!isSymbol(token, ",")) throw refuse(`found '${token.text}', expected: ',', or identifier`);
    if (values.size === 0 || isSymbol(this.next, ",") || isSymbol(this.next, ")")) values.add("");
  }
}

const isSymbol = ({ kind, text }: Token, wanted: string) => kind === "symbol" && text === wanted;

function unparsableUnless<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw refuse(`unable to parse requirement: ${(error as Error).message}`);
  }
}

function refuse(message: string): GantryError {
  return new GantryError("InvalidArgument", message, { code: "LabelSelector.Invalid" });
}
