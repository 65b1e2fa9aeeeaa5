import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";

export interface RequestHead {
  method: string;
  /** As it stands in the request line. */
  target: string;
  /** As node:http reads them: names in lower case, repeated ones joined. */
  headers: IncomingHttpHeaders;
}

export interface AnswerHead {
  status: number;
  headers: IncomingHttpHeaders;
  /** Of HTTP/1.1, and not of HTTP/1.0. */
  isCurrent: boolean;
}

/** Where a message's head ends. */
export const END_OF_HEAD = Buffer.from("\r\n\r\n");

const FIELDS = "(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\\t -~\\x80-\\xff]*\\r\\n)*$";
const REQUEST = new RegExp(`^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (/[!-~]*) HTTP/1\\.1\\r\\n${FIELDS}`);
const ANSWER = new RegExp(`^HTTP/1\\.([01]) ([1-9][0-9]{2})(?: [\\t -~\\x80-\\xff]*)?\\r\\n${FIELDS}`);

/**
 * Reads the head of a request, to the line break before the empty line (RFC 9112 §3). Undefined for one that is not plain: a rare
 * method or target, another version, folded lines, a header twice that may be there once. What that means is for others to say.
 */
export function readRequestHead(text: string): RequestHead | undefined {
  const line = REQUEST.exec(text);
  if (!line) return undefined;
  const headers = fieldsOf(text, isOnceInRequest);
  return headers && { method: line[1]!, target: line[2]!, headers };
}

/** Reads the head of an answer; undefined for what is none, or could be read in two ways. */
export function readAnswerHead(text: string): AnswerHead | undefined {
  const line = ANSWER.exec(text);
  if (!line) return undefined;
  const headers = fieldsOf(text, isOnceInAnswer);
  return headers && { status: Number(line[2]), headers, isCurrent: line[1] === "1" };
}

/** Two of one kind are an error (RFC 9112 §6.3), or could be believed by one reader each. */
const isOnceInAnswer = (name: string) => name === "content-length" || name === "transfer-encoding";
const isOnceInRequest = (name: string) => isOnceInAnswer(name) || name === "host" || name === "authorization";

/** Of which the first counts, as node:http has it. */
const FIRST_COUNTS = new Set([
  "age",
  "content-type",
  "etag",
  "expires",
  "from",
  "if-modified-since",
  "if-unmodified-since",
  "last-modified",
  "location",
  "max-forwards",
  "proxy-authorization",
  "referer",
  "retry-after",
  "server",
  "user-agent",
]);

/** Inherits nothing; unlike `Object.create(null)` quick to fill and to go through. */
const Fields = function Fields() {} as unknown as new () => IncomingHttpHeaders;
Fields.prototype = Object.create(null);

function fieldsOf(text: string, isOnce: (name: string) => boolean): IncomingHttpHeaders | undefined {
  const headers = new Fields();
  for (let at = text.indexOf("\r\n") + 2; at < text.length; ) {
    const end = text.indexOf("\r\n", at);
    const colon = text.indexOf(":", at);
    const name = text.slice(at, colon).toLowerCase();
    const value = text.slice(colon + 1, end).trim();
    const before = headers[name];
    if (name === "set-cookie") headers[name] = before === undefined ? [value] : [...before, value];
    else if (before === undefined) headers[name] = value;
    else if (isOnce(name)) return undefined;
    else if (!FIRST_COUNTS.has(name)) headers[name] = `${before}${name === "cookie" ? "; " : ", "}${value}`;
    at = end + 2;
  }
  return headers;
}

const NOT_IN_A_VALUE = /[^\t -~\x80-\xff]/;

/** The text of a head with its empty line. Throws for a value that would be more than one line. */
export function headText(startLine: string, headers: OutgoingHttpHeaders): string {
  let text = `${startLine}\r\n`;
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined) continue;
    if (typeof value === "string") text += fieldLine(name, value);
    else if (typeof value === "number") text += `${name}: ${value}\r\n`;
    else for (const one of value) text += fieldLine(name, one);
  }
  return `${text}\r\n`;
}

function fieldLine(name: string, value: string): string {
  if (NOT_IN_A_VALUE.test(value)) throw new Error(`the header ${name} has characters that are not allowed`);
  return `${name}: ${value}\r\n`;
}
