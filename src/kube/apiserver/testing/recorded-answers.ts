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
  const parts = recorded.upstream.filter(([part, value]) => !isSame(part, value, actual));
  const names = parts.map(([part]) => part);
  if (recorded.code === actual.code || names.includes("code")) return names;
  return ["code", ...names];
}

function isSame(part: string, value: unknown, { code, warnings, json }: ActualAnswer): boolean {
  switch (part) {
    case "code":
      return code === value;
    case "reason":
      return (json?.reason ?? null) === value;
    case "message":
      return masked(json?.message ?? null) === masked(value);
    case "causes":
      return sameCauses(json, value as string[][]);
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

function sameCauses(status: Json, wanted: string[][]): boolean {
  const told: string[][] = (status?.details?.causes ?? []).map((cause: Json) => [
    cause.reason ?? null,
    cause.field ?? null,
    cause.message ?? null,
  ]);
  const sorted = (causes: string[][]) => causes.map((cause) => masked(JSON.stringify(cause))).sort();
  return JSON.stringify(sorted(told)) === JSON.stringify(sorted(wanted));
}

/** Bodies were recorded up to some length: a Status is told in full, an object's beginning says nothing. */
function sameStatus(text: string, actual: Json): boolean {
  const wanted = parsed(text);
  if (wanted?.kind !== "Status") return true;
  const { message, reason, details } = wanted;
  const causes = (details?.causes ?? []).map((cause: Json) => [cause.reason, cause.field, cause.message]);
  return (
    masked(actual?.message) === masked(message) && actual?.reason === reason && sameCauses(actual, causes)
  );
}

/** What is set anew each time says nothing. */
function masked(text: unknown): unknown {
  if (typeof text !== "string") return text;
  return text
    .replace(/<uid>|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "UID")
    .replace(/<ts>|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "TIME")
    .replace(/(resourceVersion\\*":\\*")\d+/g, "$1N");
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
