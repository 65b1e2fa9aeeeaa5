import type { IssueList } from "./issue.ts";
import type { Source } from "./source.ts";

export type TokenKind =
  | "symbol"
  | "IDENTIFIER"
  | "ESC_IDENTIFIER"
  | "NUM_INT"
  | "NUM_UINT"
  | "NUM_FLOAT"
  | "STRING"
  | "BYTES"
  | "EOF";

export interface Token {
  kind: TokenKind;
  text: string;
  /** In code points. */
  offset: number;
}

const SYMBOLS = [
  ...["==", "!=", "<=", ">=", "&&", "||"],
  ...["<", ">", "[", "]", "{", "}", "(", ")", ".", ",", "-", "!", "?", ":", "+", "*", "/", "%"],
];
const WORD_SYMBOLS = new Set(["in", "true", "false", "null"]);

const NUMBER =
  /^(?:(?<float>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)|(?<uint>(?:0x[0-9a-fA-F]+|\d+)[uU])|(?<int>0x[0-9a-fA-F]+|\d+))/;
const IDENTIFIER = /^[a-zA-Z_][a-zA-Z0-9_]*/;
const ESCAPED_IDENTIFIER = /^`[a-zA-Z0-9_./ -]+`/;
const SPACE = /^(?:[\t \r\n\f]+|\/\/[^\n]*)/;
const STRING_START = /^([bB]?[rR]?)("""|'''|"|')/;
/** Escapes of a string; anything else after a backslash is no string. */
const ESCAPE = /^\\(?:[abfnrtv"'\\?`]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7][0-7])/;
/** As much of a bad escape as might have been a good one. */
const PARTIAL_ESCAPE = /^\\(?:[xX][0-9a-fA-F]?|u[0-9a-fA-F]{0,3}|U[0-9a-fA-F]{0,7}|[0-3][0-7]?)?/;

/** The tokens of an expression, ended by EOF. What is no token is reported and skipped, as ANTLR's lexer does. */
export function tokensOf(source: Source, issues: IssueList): Token[] {
  const tokens: Token[] = [];
  const text = source.characters.join("");
  const reader = { text, at: 0, offset: 0 };
  while (reader.at < text.length) {
    const rest = text.slice(reader.at);
    const space = SPACE.exec(rest);
    if (space !== null) advance(reader, space[0]);
    else {
      const token = tokenAt(rest, reader.offset);
      if (token === undefined) {
        const bad = unrecognized(rest);
        issues.report(reader.offset, `Syntax error: token recognition error at: '${shown(bad)}'`);
        advance(reader, bad);
      } else {
        tokens.push(token);
        advance(reader, token.text);
      }
    }
  }
  tokens.push({ kind: "EOF", text: "<EOF>", offset: reader.offset });
  return tokens;
}

function advance(reader: { at: number; offset: number }, text: string): void {
  reader.at += text.length;
  reader.offset += Array.from(text).length;
}

function tokenAt(rest: string, offset: number): Token | undefined {
  const string = stringAt(rest);
  if (string !== undefined) return { kind: /^[bB]/.test(string) ? "BYTES" : "STRING", text: string, offset };
  const number = NUMBER.exec(rest);
  if (number !== null) return { kind: numberKind(number.groups!), text: number[0], offset };
  const identifier = IDENTIFIER.exec(rest)?.[0];
  if (identifier !== undefined)
    return { kind: WORD_SYMBOLS.has(identifier) ? "symbol" : "IDENTIFIER", text: identifier, offset };
  const escaped = ESCAPED_IDENTIFIER.exec(rest)?.[0];
  if (escaped !== undefined) return { kind: "ESC_IDENTIFIER", text: escaped, offset };
  const symbol = SYMBOLS.find((candidate) => rest.startsWith(candidate));
  return symbol === undefined ? undefined : { kind: "symbol", text: symbol, offset };
}

function numberKind(groups: Record<string, string | undefined>): TokenKind {
  if (groups.float !== undefined) return "NUM_FLOAT";
  return groups.uint === undefined ? "NUM_INT" : "NUM_UINT";
}

/** A whole string literal with prefix and quotes, or undefined. */
function stringAt(rest: string): string | undefined {
  const start = STRING_START.exec(rest);
  if (start === null) return undefined;
  const end = stringEnd(rest, start);
  if (end.isClosed) return rest.slice(0, end.at);
  // What looks like an unclosed long string may still be an empty short one.
  if (start[2]!.length === 3) return rest.slice(0, start[1]!.length + 2);
  return undefined;
}

/** Where the literal ends, or where it can go no further. */
function stringEnd(rest: string, start: RegExpExecArray): { at: number; isClosed: boolean } {
  const [opening, prefix, quote] = start as unknown as [string, string, string];
  const isRaw = /[rR]$/.test(prefix);
  let at = opening.length;
  while (at < rest.length) {
    if (rest.startsWith(quote, at)) return { at: at + quote.length, isClosed: true };
    const character = rest[at]!;
    if (quote.length === 1 && (character === "\n" || character === "\r")) break;
    if (character === "\\" && !isRaw) {
      const escaped = ESCAPE.exec(rest.slice(at, at + 12));
      if (escaped === null)
        return { at: at + PARTIAL_ESCAPE.exec(rest.slice(at))![0].length, isClosed: false };
      at += escaped[0].length;
    } else at++;
  }
  return { at, isClosed: false };
}

/** How far the lexer got before it knew that this is no token, the character that told it included. */
function unrecognized(rest: string): string {
  const start = STRING_START.exec(rest);
  if (start !== null) return throughCharacter(rest, stringEnd(rest, start).at);
  const escaped = /^`[a-zA-Z0-9_./ -]*/.exec(rest);
  if (escaped !== null) return throughCharacter(rest, escaped[0].length);
  if (/^[=&|]/.test(rest)) return throughCharacter(rest, 1);
  return throughCharacter(rest, 0);
}

function throughCharacter(rest: string, at: number): string {
  return rest.slice(0, at) + (at < rest.length ? String.fromCodePoint(rest.codePointAt(at)!) : "");
}

/** As ANTLR shows text in its messages. */
function shown(text: string): string {
  return text.replaceAll("\n", "\\n").replaceAll("\r", "\\r").replaceAll("\t", "\\t");
}
