import { bytesOfText, textOfBytes } from "./byte-text.ts";
import { malformed } from "./tar-entry.ts";

/** The records of one extended header (POSIX pax, "pax Extended Header"), by keyword; values are raw bytes. */
export type PaxRecords = Map<string, Buffer>;

const NEWLINE = 0x0a;
const EQUALS = 0x3d;
const SPACE = 0x20;

/** Each record is `<decimal length> <keyword>=<value>\n`, where the length counts the whole record. */
export function decodePaxRecords(body: Buffer, offsetBytes: number): PaxRecords {
  const records: PaxRecords = new Map();
  for (let at = 0; at < body.length; ) {
    const space = body.indexOf(SPACE, at);
    const digits = space < 0 || space - at > 9 ? "" : body.toString("latin1", at, space);
    const length = /^[1-9]\d*$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    if (length === 0 || end > body.length || end <= space + 2 || body[end - 1] !== NEWLINE) {
      throw malformed("broken pax record", offsetBytes);
    }
    const equals = body.indexOf(EQUALS, space + 1);
    if (equals <= space + 1 || equals >= end) throw malformed("pax record without a keyword", offsetBytes);
    const keyword = textOfBytes(body.subarray(space + 1, equals));
    if (keyword.includes("\0")) throw malformed("NUL in a pax keyword", offsetBytes);
    records.set(keyword, body.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

export function encodePaxRecords(
  records: Iterable<readonly [keyword: string, value: Buffer | string]>,
): Buffer {
  const parts: Buffer[] = [];
  for (const [keyword, value] of records) {
    const payload = Buffer.concat([
      Buffer.from(" "),
      bytesOfText(keyword),
      Buffer.from("="),
      typeof value === "string" ? bytesOfText(value) : value,
      Buffer.from("\n"),
    ]);
    // The length counts its own digits: adding them may add one more digit.
    let length = payload.length + String(payload.length).length;
    length = payload.length + String(length).length;
    parts.push(Buffer.from(String(length)), payload);
  }
  return Buffer.concat(parts);
}

/** A pax time, `<seconds>[.<fraction>]`, split so that nanoseconds are exact. */
export function parsePaxTime(text: string, offsetBytes: number): { seconds: number; nanoseconds: number } {
  const match = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(text);
  if (!match) throw malformed("broken pax time", offsetBytes);
  let seconds = Number(match[2]);
  let nanoseconds = Number((match[3] ?? "").slice(0, 9).padEnd(9, "0"));
  if (match[1] === "-") {
    seconds = nanoseconds > 0 ? -seconds - 1 : -seconds;
    nanoseconds = nanoseconds > 0 ? 1_000_000_000 - nanoseconds : 0;
  }
  return { seconds: seconds === 0 ? 0 : seconds, nanoseconds };
}

export function formatPaxTime(seconds: number, nanoseconds: number): string {
  if (nanoseconds === 0) return String(seconds);
  const negative = seconds < 0;
  const whole = negative ? -seconds - 1 : seconds;
  const fraction = negative ? 1_000_000_000 - nanoseconds : nanoseconds;
  return `${negative ? "-" : ""}${whole}.${String(fraction).padStart(9, "0").replace(/0+$/, "")}`;
}
