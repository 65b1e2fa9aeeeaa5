import { Buffer } from "node:buffer";

const SIMPLE: Record<string, number> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  "\\": 0x5c,
  "'": 0x27,
  '"': 0x22,
  "`": 0x60,
  "?": 0x3f,
};
const UNESCAPABLE = "unable to unescape string";

/** What a string literal of the lexer stands for; a message where it stands for nothing. */
export function unquoteString(token: string): { value: string } | { problem: string } {
  const { body, isRaw } = bodyOf(token);
  if (isRaw) return { value: body };
  let value = "";
  for (const piece of piecesOf(body)) {
    if (typeof piece === "string") value += piece;
    else if (!isScalarValue(piece.code)) return { problem: "invalid unicode code point" };
    else value += String.fromCodePoint(piece.code);
  }
  return { value };
}

/** What a bytes literal stands for: text in UTF-8, `\xff` and `\377` single bytes. */
export function unquoteBytes(token: string): { value: Uint8Array } | { problem: string } {
  const { body, isRaw } = bodyOf(token.slice(1));
  if (isRaw) return { value: Buffer.from(body) };
  const parts: Uint8Array[] = [];
  for (const piece of piecesOf(body)) {
    if (typeof piece === "string") parts.push(Buffer.from(piece));
    else if (piece.isUnicode) return { problem: UNESCAPABLE };
    else parts.push(Uint8Array.of(piece.code));
  }
  return { value: new Uint8Array(Buffer.concat(parts)) };
}

function bodyOf(token: string): { body: string; isRaw: boolean } {
  const isRaw = /^[rR]/.test(token);
  const quoted = (isRaw ? token.slice(1) : token).replace(/\r\n?/g, "\n");
  const quotes = /^("""|''')/.test(quoted) && quoted.length >= 6 ? 3 : 1;
  return { body: quoted.slice(quotes, -quotes), isRaw };
}

type Piece = string | { code: number; isUnicode: boolean };

function* piecesOf(body: string): Generator<Piece> {
  for (const [piece] of body.matchAll(/[^\\]+|\\(?:[xX]..|u.{4}|U.{8}|[0-3]..|.)/gs)) {
    yield piece.startsWith("\\") ? escapeOf(piece.slice(1)) : piece;
  }
}

function escapeOf(letters: string): Piece {
  if (/^[xX]/.test(letters)) return { code: Number.parseInt(letters.slice(1), 16), isUnicode: false };
  if (/^[uU]/.test(letters)) return { code: Number.parseInt(letters.slice(1), 16), isUnicode: true };
  if (/^[0-3]/.test(letters)) return { code: Number.parseInt(letters, 8), isUnicode: false };
  return { code: SIMPLE[letters]!, isUnicode: false };
}

const isScalarValue = (code: number) => code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
