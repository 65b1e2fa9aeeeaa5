import { Buffer } from "node:buffer";

export interface PemBlock {
  /** `CERTIFICATE`. */
  label: string;
  headers: Record<string, string>;
  bytes: Buffer;
  /** The block as it stands in the text. */
  text: string;
}

const BEGIN = "-----BEGIN ";
const END = "\n-----END ";
const DASHES = "-----";

/** All blocks of a text, as Go's encoding/pem finds them: what is malformed is passed over. */
export function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  for (let at = nextBegin(text, 0); at >= 0; ) {
    const block = blockAt(text, at);
    if (block) blocks.push(block);
    at = nextBegin(text, block ? at + block.text.length : at + BEGIN.length);
  }
  return blocks;
}

/** Where the next line begins a block. */
function nextBegin(text: string, from: number): number {
  const isLineStart = from === 0 || text[from - 1] === "\n";
  if (isLineStart && text.startsWith(BEGIN, from)) return from;
  const found = text.indexOf(`\n${BEGIN}`, from);
  return found < 0 ? -1 : found + 1;
}

function blockAt(text: string, start: number): PemBlock | undefined {
  const first = lineAt(text, start + BEGIN.length);
  if (!first.line.endsWith(DASHES)) return undefined;
  const label = first.line.slice(0, -DASHES.length);
  const { headers, next: body } = headersAt(text, first.next);
  const isEmpty = Object.keys(headers).length === 0 && text.startsWith(END.slice(1), body);
  const end = isEmpty ? body - 1 : text.indexOf(END, body);
  if (end < 0) return undefined;
  const last = lineAt(text, end + END.length);
  if (last.line !== label + DASHES) return undefined;
  const bytes = decodeBase64(text.slice(body, Math.max(end, body)));
  return bytes && { label, headers, bytes, text: text.slice(start, last.next) };
}

/** A line without what is white at its end, and where the next one starts. */
function lineAt(text: string, start: number): { line: string; next: number } {
  const end = text.indexOf("\n", start);
  const line = text.slice(start, end < 0 ? text.length : end).replace(/\r$/, "");
  return { line: line.replace(/[ \t]+$/, ""), next: end < 0 ? text.length : end + 1 };
}

function headersAt(text: string, start: number): { headers: Record<string, string>; next: number } {
  const headers: Record<string, string> = {};
  for (let at = start; ; ) {
    const { line, next } = lineAt(text, at);
    const colon = line.indexOf(":");
    if (colon < 0 || at >= text.length) return { headers, next: at };
    headers[line.slice(0, colon).trim()] = line.slice(colon + 1).trim();
    at = next;
  }
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function decodeBase64(text: string): Buffer | undefined {
  const joined = text.replace(/[ \t\r\n]/g, "");
  return BASE64.test(joined) ? Buffer.from(joined, "base64") : undefined;
}
