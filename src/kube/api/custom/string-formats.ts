import { isIP } from "node:net";
import { compileGoRegexp, isRequestUri, parseGoDuration } from "../../../formats/index.ts";
import { parseCidr, parseIp } from "../ip-address.ts";

type FormatTest = (text: string) => boolean;

const matching =
  (pattern: RegExp): FormatTest =>
  (text) =>
    pattern.test(text);

const uuid = (version: string, variant: string) =>
  matching(
    new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?${variant}[0-9a-f]{3}-?[0-9a-f]{12}$`, "i"),
  );
const HEX = "[0-9a-f]";

/** The formats that schemas of custom resources know (kube-openapi strfmt), dashes left out of their names. */
const FORMATS: Record<string, FormatTest> = {
  bsonobjectid: matching(/^[0-9a-f]{24}$/i),
  uri: isRequestUri,
  email: isEmail,
  hostname: isHostname,
  ipv4: (text) => text.includes(".") && parseIp(text) !== undefined,
  ipv6: (text) => text.includes(":") && isIP(text) === 6 && !text.includes("%"),
  cidr: (text) => parseCidr(text) !== undefined,
  mac: isMac,
  uuid: uuid(HEX, HEX),
  uuid3: uuid("3", HEX),
  uuid4: uuid("4", "[89ab]"),
  uuid5: uuid("5", "[89ab]"),
  isbn: (text) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  creditcard: isCreditCard,
  ssn: matching(/^\d{3}[- ]\d{2}[- ]\d{4}$/),
  hexcolor: matching(/^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/),
  rgbcolor: isRgbColor,
  byte: matching(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/),
  password: () => true,
  date: isDate,
  duration: isDuration,
  datetime: isDateTime,
};

/** The format of a name, `date-time`; undefined for those that are not checked. */
export function stringFormat(name: string | undefined): FormatTest | undefined {
  const bare = (name ?? "").replaceAll("-", "");
  return Object.hasOwn(FORMATS, bare) ? FORMATS[bare] : undefined;
}

function isDate(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? [];
  if (year === undefined) return false;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}

function isDateTime(text: string): boolean {
  const [date, time] = text.toLowerCase().split("t");
  if (time === undefined || !isDate(date!)) return false;
  const [, hour, minute, second] =
    /^(\d{2}):(\d{2}):(\d{2})(?:.\d+)?(?:z|[+-]\d{2}:\d{2})$/s.exec(time) ?? [];
  return hour !== undefined && hour <= "23" && minute! <= "59" && second! <= "59";
}

const UNITS = ["ns", "us", "µs", "ms", "s", "m", "h", "hr", "d", "w", "wk"];
/** These stand for longer words, too: `seconds`, `days`. */
const UNIT_STARTS = ["nano", "micro", "milli", "sec", "min", "hour", "day", "week"];

/** As Go writes it, or as words do: `2 days 3 hours`. */
function isDuration(text: string): boolean {
  if (parseGoDuration(text) !== undefined) return true;
  return [...text.matchAll(/\d+\s*([A-Za-zµ]+)/g)].some(([, word]) => {
    const unit = word!.toLowerCase();
    return UNITS.includes(unit) || UNIT_STARTS.some((start) => unit.startsWith(start));
  });
}

const HOSTNAME = compileGoRegexp(
  "^([a-zA-Z0-9\\p{S}\\p{L}]((-?[a-zA-Z0-9\\p{S}\\p{L}]{0,62})?)|([a-zA-Z0-9\\p{S}\\p{L}](([a-zA-Z0-9-\\p{S}\\p{L}]{0,61}[a-zA-Z0-9\\p{S}\\p{L}])?)(\\.)){1,}([a-zA-Z\\p{L}]){2,63})$",
);
const MAX_HOSTNAME_BYTES = 255;

function isHostname(text: string): boolean {
  if (Buffer.byteLength(text) > MAX_HOSTNAME_BYTES || !HOSTNAME.test(text)) return false;
  return text.split(".").every((label) => Buffer.byteLength(label) <= 63);
}

const ATOM = "[A-Za-z0-9!#$%&'*+\\-/=?^_`{|}~\\u0080-\\u{10ffff}]+";
const DOT_ATOM = `${ATOM}(?:\\.${ATOM})*`;
const QUOTED = '"(?:[^"\\\\\\r\\n]|\\\\.)*"';
const ADDRESS = new RegExp(`^(?:${DOT_ATOM}|${QUOTED})@(?:${DOT_ATOM}|\\[[^\\[\\]\\\\]*\\])$`, "u");
/** More is no address, and would only cost time. */
const MAX_EMAIL_LENGTH = 1024;

/** An address, alone or as `Name <address>` (RFC 5322, as Go's net/mail reads it). */
function isEmail(text: string): boolean {
  const trimmed = text.trim();
  if (trimmed.length > MAX_EMAIL_LENGTH) return false;
  const named = /^([^<>]*)<([^<>]*)>$/.exec(trimmed);
  return ADDRESS.test(named === null ? trimmed : named[2]!.trim());
}

function isMac(text: string): boolean {
  const digits = text.replace(/[:.-]/g, "").length / 2;
  if (![6, 8, 20].includes(digits)) return false;
  return /^(?:[0-9a-f]{2}(:|-)(?:[0-9a-f]{2}\1)*[0-9a-f]{2}|(?:[0-9a-f]{4}\.)+[0-9a-f]{4})$/i.test(text);
}

const digitsOf = (text: string) => text.replace(/[\s-]+/g, "");

function isIsbn10(text: string): boolean {
  const digits = digitsOf(text);
  if (!/^(?:\d{9}X|\d{10})$/.test(digits)) return false;
  const sum = [...digits].reduce(
    (total, digit, at) => total + (at + 1) * (digit === "X" ? 10 : Number(digit)),
    0,
  );
  return sum % 11 === 0;
}

function isIsbn13(text: string): boolean {
  const digits = digitsOf(text);
  if (!/^\d{13}$/.test(digits)) return false;
  return (
    [...digits].reduce((total, digit, at) => total + (at % 2 === 0 ? 1 : 3) * Number(digit), 0) % 10 === 0
  );
}

const CARD =
  /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/;

/** A number of one of the issuers whose last digit is right (Luhn). */
function isCreditCard(text: string): boolean {
  const digits = text.replace(/\D+/g, "");
  if (!CARD.test(digits)) return false;
  const sum = [...digits].reverse().reduce((total, digit, at) => {
    const doubled = at % 2 === 0 ? Number(digit) : Number(digit) * 2;
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}

function isRgbColor(text: string): boolean {
  const parts = /^rgb\(([^)]*)\)$/.exec(text)?.[1]?.split(",");
  return (
    parts?.length === 3 &&
    parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part.trim()) && Number(part) <= 255)
  );
}
