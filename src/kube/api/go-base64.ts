import { Buffer } from "node:buffer";

const NEWLINES = new Set([0x0a, 0x0d]);
const PADDING = 0x3d;
const LETTER = /[A-Za-z0-9+/]/;

const isLetter = (byte: number) => LETTER.test(String.fromCharCode(byte));

/** Where Go's decoder of base64 (encoding/base64 StdEncoding) finds something wrong, in bytes; line ends are passed over. */
export function base64Problem(text: string): number | undefined {
  const bytes = Buffer.from(text);
  const next = (at: number) => {
    let to = at;
    while (to < bytes.length && NEWLINES.has(bytes[to]!)) to++;
    return to;
  };
  for (let at = 0, letters = 0; ; letters = (letters + 1) % 4) {
    at = next(at);
    if (at === bytes.length) return letters === 0 ? undefined : at - letters;
    const byte = bytes[at]!;
    if (byte !== PADDING) {
      if (!isLetter(byte)) return at;
      at++;
      continue;
    }
    if (letters < 2) return at;
    let end = at + 1;
    if (letters === 2) {
      end = next(end);
      if (end === bytes.length) return end;
      if (bytes[end] !== PADDING) return end - 1;
      end++;
    }
    end = next(end);
    return end < bytes.length ? end : undefined;
  }
}
