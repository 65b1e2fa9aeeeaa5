import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Requests beside the repository with what the original API server answered to them; they are no part of it. */
const FILE = fileURLToPath(new URL("../../../../../shared/k8s/answers/answers.jsonl", import.meta.url));

/** A request and the original's answer, as far as it once differed from this server's. */
export interface RecordedAnswer {
  id: string;
  method: string;
  path: string;
  headers: Record<string, string | null> | null;
  body: string | null;
  code: number;
  /** What was told in each part that differed: `["message", …]`, `["causes", [[reason, field, message], …]]`, … */
  upstream: [part: string, value: unknown][];
  /** What this server told in those parts then. */
  here: [part: string, value: unknown][];
}

export function recordedAnswers(): RecordedAnswer[] {
  if (!existsSync(FILE)) return [];
  const lines = readFileSync(FILE, "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as RecordedAnswer);
}

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape
type Json = any;

export interface ActualAnswer {
  code: number;
  warnings: string[];
  json: Json;
}

/** The parts in which an answer differs from the recorded one; empty when it is the same. */
export function differingParts(recorded: RecordedAnswer, actual: ActualAnswer): string[] {
  const before = new Map(recorded.here);
  const renamed = { ...actual, json: withoutManagers(withName(recorded, actual.json)) };
  const parts = recorded.upstream.filter(([part, value]) => !isSame(part, value, before.get(part), renamed));
  const names = parts.map(([part]) => part);
  if (recorded.code === actual.code || names.includes("code")) return names;
  return ["code", ...names];
}

/** Who owns which fields was not recorded. */
function withoutManagers(json: Json): Json {
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map(withoutManagers);
  const members = Object.entries(json).filter(([name]) => name !== "managedFields");
  return Object.fromEntries(members.map(([name, value]) => [name, withoutManagers(value)]));
}

const RANDOM_LENGTH = 5;

/** An answer about a generated name, as if the same one had been generated. */
function withName({ upstream }: RecordedAnswer, json: Json): Json {
  const details = new Map(upstream).get("details") as [string, string][] | undefined;
  const wanted = new Map(details ?? []).get("details.name");
  const name: unknown = json?.details?.name;
  if (typeof wanted !== "string" || typeof name !== "string" || wanted === name) return json;
  if (wanted.slice(0, -RANDOM_LENGTH) !== name.slice(0, -RANDOM_LENGTH)) return json;
  return JSON.parse(JSON.stringify(json).replaceAll(name, wanted));
}

function isSame(part: string, value: unknown, before: unknown, actual: ActualAnswer): boolean {
  const { code, warnings, json } = actual;
  switch (part) {
    case "code":
      return code === value;
    case "reason":
      return (json?.reason ?? null) === value;
    case "message":
      return masked(json?.message ?? null) === masked(value);
    case "causes":
      return hasCauses(json, value as string[][], (before ?? []) as string[][]);
    case "warning":
      return JSON.stringify(warnings) === JSON.stringify(value);
    case "details":
    case "object":
      return (value as [string, Json][]).every(([path, wanted]) => agrees(wanted, at(json, path)));
    case "body":
      return sameStatus(value as string, json);
    default:
      return true;
  }
}

/** Only those causes were recorded that one of the two told and the other did not. */
function hasCauses(status: Json, wanted: string[][], unwanted: string[][]): boolean {
  const told = causesOf(status);
  const texts = wanted.map(causeText);
  const isLeft = (cause: string[]) => told.includes(causeText(cause)) && !texts.includes(causeText(cause));
  return texts.every((text) => told.includes(text)) && !unwanted.some(isLeft);
}

function causesOf(status: Json): string[] {
  const causes: Json[] = status?.details?.causes ?? [];
  return causes.map(({ reason, field, message }) =>
    causeText([reason ?? null, field ?? null, message ?? null]),
  );
}

const causeText = (cause: (string | null)[]) => String(masked(JSON.stringify(cause)));

/** Bodies were recorded up to some length: a Status is told in full, an object's beginning says nothing. */
function sameStatus(text: string, actual: Json): boolean {
  const wanted = parsed(text);
  if (wanted?.kind !== "Status") return true;
  const { message, reason } = wanted;
  const sorted = (status: Json) => JSON.stringify(causesOf(status).sort());
  return (
    masked(actual?.message) === masked(message) &&
    actual?.reason === reason &&
    sorted(actual) === sorted(wanted)
  );
}

/** What is set anew each time says nothing. */
function masked(text: unknown): unknown {
  if (typeof text !== "string") return text;
  return (
    text
      // Of differences: which blank it is, go-cmp chooses by chance.
      .replaceAll("\u00a0", " ")
      .replace(/<uid>|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "UID")
      .replace(/\(0x[0-9a-f]+\)/g, "(POINTER)")
      .replace(/<ts>|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "TIME")
      .replace(/in record \(\d+\)/g, "in record (N)")
      .replace(/(resourceVersion\\*":\\*")\d+/g, "$1N")
  );
}

function agrees(wanted: Json, actual: Json): boolean {
  if (wanted === "<absent>") return actual === undefined;
  if (typeof wanted === "string" && /^<\w+>$/.test(wanted)) return actual !== undefined;
  if (typeof wanted !== "object" || wanted === null) return masked(wanted) === masked(actual);
  if (typeof actual !== "object" || actual === null) return false;
  const keys = new Set([...Object.keys(wanted), ...Object.keys(actual)]);
  return [...keys].every((key) => key in wanted && agrees(wanted[key], actual[key]));
}

/** Of `.spec.ports[0].name` or `details.kind`. */
function at(json: Json, path: string): Json {
  const keys = path.match(/[^.[\]]+/g) ?? [];
  return keys.reduce((value, key) => value?.[key], json);
}

export function parsed(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Python's `b'…'` of protobuf bodies. */
export function bytesOf(body: string): Buffer {
  const literal = /^b(['"])([\s\S]*)\1$/.exec(body)?.[2];
  if (literal === undefined) return Buffer.from(body);
  const escapes: Record<string, string> = { n: "\n", r: "\r", t: "\t" };
  const text = literal.replace(/\\(?:x([0-9a-f]{2})|(.))/gs, (_, hex: string | undefined, other: string) =>
    hex ? String.fromCharCode(Number.parseInt(hex, 16)) : (escapes[other] ?? other),
  );
  return Buffer.from(text, "latin1");
}
