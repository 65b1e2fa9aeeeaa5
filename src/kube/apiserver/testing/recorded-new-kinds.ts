import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ActualAnswer } from "./recorded-answers.ts";

/** Requests beside the repository about the kinds that came later, with the whole answers of the original API server. */
const FILE = fileURLToPath(new URL("../../../../../shared/k8s/answers/new-kinds.jsonl", import.meta.url));

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape
type Json = any;

export interface RecordedRequest {
  id: string;
  method: string;
  path: string;
  headers: Record<string, string> | null;
  /** JSON, or a text. */
  body: Json;
  code: number;
  /** A Status, an object, a Table, a text, or what differs from the answer of the line `sameAs`. */
  answer: Json;
  warnings?: string[];
}

/** Of the requests about a stored object: `PUT2/Lease/…` is about the second one of its kind. */
const ABOUT_STORED = /^(?:GET|TABLE|PUT|MP|SMP|JP|STATUS|SCALE|APPROVAL|DEL)(\d)\/([^/]+)/;

/** The creates that were not recorded: by the first request that is about the object. */
export function unrecordedCreates(
  requests: readonly RecordedRequest[],
): ReadonlyMap<RecordedRequest, RecordedRequest> {
  const byId = new Map(requests.map((request) => [request.id, request]));
  const creates = new Map<string, [RecordedRequest, RecordedRequest]>();
  for (const request of requests) {
    const [, number, kind] = ABOUT_STORED.exec(request.id) ?? [];
    const rich = byId.get(`RICH/${kind}/base${number}`);
    if (rich === undefined || creates.has(rich.id) || byId.has(`STORE${number}/${kind}/base`)) continue;
    creates.set(rich.id, [request, { ...rich, path: rich.path.split("?")[0]! }]);
  }
  return new Map(creates.values());
}

const SET = "<set>";
const ABSENT = "<absent>";

/** In the order in which they were sent; each answer stands whole. */
export function recordedRequests(): RecordedRequest[] {
  if (!existsSync(FILE)) return [];
  const lines = readFileSync(FILE, "utf8").trimEnd().split("\n");
  const requests = lines.map((line) => JSON.parse(line) as RecordedRequest);
  const byId = new Map(requests.map((request) => [request.id, request]));
  for (const request of requests) request.answer = wholeAnswer(request, byId);
  return requests;
}

function wholeAnswer({ answer }: RecordedRequest, byId: ReadonlyMap<string, RecordedRequest>): Json {
  if (typeof answer?.sameAs !== "string") return answer;
  const whole = structuredClone(wholeAnswer(byId.get(answer.sameAs)!, byId));
  for (const [path, value] of answer.except as [string, Json][]) put(whole, path, value);
  return whole;
}

/** Of `.spec.ports[0].name` or `metadata.labels.a`; keys with dots stand in brackets. */
function put(target: Json, path: string, value: Json): void {
  const keys = pathKeys(path);
  let at = target;
  // The names of annotations may stand without brackets.
  while (keys.length > 1 && !(keys.join(".") in at)) {
    const key = keys.shift()!;
    at[key] ??= {};
    at = at[key];
  }
  const last = keys.join(".");
  if (value !== ABSENT) at[last] = value;
  else if (Array.isArray(at)) at.splice(Number(last), 1);
  else delete at[last];
}

export function pathKeys(path: string): string[] {
  // Names of annotations stand without brackets.
  const [, before = path, annotation] = /^(.*\.annotations)\.([^[]+\/.+)$/.exec(path) ?? [];
  const keys = [...before.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[([^\]]*)\]|([^.[\]]+)/g)].map(
    ([, quoted, indexed, plain]) => quoted ?? indexed ?? plain!,
  );
  return annotation === undefined ? keys : [...keys, annotation];
}

/** The parts of an answer that are not as recorded: `code`, `message`, `causes`, `warning`, or the path of a value. */
export function differences(recorded: RecordedRequest, actual: ActualAnswer): string[] {
  const parts = recorded.code === actual.code ? [] : ["code"];
  const { answer, warnings } = recorded;
  const told = (headers: readonly string[]) => JSON.stringify(headers.map(warningText));
  if (warnings && told(warnings) !== told(actual.warnings)) parts.push("warning");
  if (typeof answer !== "object" || answer === null) return parts;
  if (answer.status === "Failure") return [...parts, ...statusDifferences(answer, actual.json)];
  if (parts.includes("code")) return parts;
  return [...parts, ...valueDifferences(answer, withoutUnrecorded(answer, actual.json), "")];
}

function warningText(header: string): string {
  const quoted = /^299 - (".*")$/s.exec(header)?.[1];
  return quoted === undefined ? header : JSON.parse(quoted);
}

function statusDifferences(wanted: Json, actual: Json): string[] {
  const out: string[] = [];
  if ((wanted.reason ?? "") !== (actual?.reason ?? "")) out.push("reason");
  if (!sameText(wanted.message, actual?.message)) out.push("message");
  const causes = (status: Json) =>
    (status?.details?.causes ?? []).map((cause: Json) =>
      masked(JSON.stringify(cause, Object.keys(cause).sort())),
    );
  if (JSON.stringify(causes(wanted)) !== JSON.stringify(causes(actual))) out.push("causes");
  for (const key of ["name", "group", "kind", "retryAfterSeconds"])
    if ((wanted.details?.[key] ?? "") !== (actual?.details?.[key] ?? "")) out.push(`details.${key}`);
  return out;
}

const CUT = / ?<cut: see causes>$/;

function sameText(wanted: string, actual: string | undefined): boolean {
  if (actual === undefined) return wanted === undefined;
  if (!CUT.test(wanted)) return masked(wanted) === masked(actual);
  return String(masked(actual)).startsWith(String(masked(wanted.replace(CUT, ""))));
}

/** Managed fields were recorded in some answers only, of tables the cells, of a success what it is about. */
function withoutUnrecorded(wanted: Json, actual: Json): Json {
  if (wanted.cells) {
    const { kind, columnDefinitions, rows = [] } = actual ?? {};
    return { kind, columnDefinitions, cells: rows.map((row: Json) => row.cells) };
  }
  // The original's client had a token, and with it a uid; of one with a certificate the latter's digest is told.
  if (wanted.spec?.uid && wanted.kind === "CertificateSigningRequest") {
    const { extra: _, ...spec } = actual?.spec ?? {};
    return { ...actual, spec: { ...spec, uid: wanted.spec.uid } };
  }
  if (wanted.status === "Success") return { status: actual?.status, details: actual?.details };
  if (actual?.metadata === undefined || wanted?.metadata?.managedFields !== undefined) return actual;
  const { managedFields: _, ...metadata } = actual.metadata;
  return { ...actual, metadata };
}

function valueDifferences(wanted: Json, actual: Json, path: string): string[] {
  if (wanted === SET || wanted === "<uid>") return actual === undefined ? [path] : [];
  if (typeof wanted !== "object" || wanted === null) return masked(wanted) === masked(actual) ? [] : [path];
  if (typeof actual !== "object" || actual === null || Array.isArray(wanted) !== Array.isArray(actual))
    return [path];
  const keys = new Set([...Object.keys(wanted), ...Object.keys(actual)]);
  return [...keys].flatMap((key) => {
    const inner = path === "" ? key : `${path}.${key}`;
    // Of nested metadata they were not recorded either.
    if (key === "managedFields" && !(key in wanted)) return [];
    return key in wanted && key in actual ? valueDifferences(wanted[key], actual[key], inner) : [inner];
  });
}

/** What is set anew each time says nothing. */
function masked(value: unknown): unknown {
  if (typeof value !== "string") return value;
  return (
    value
      .replace(/<uid>|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "UID")
      // Of differences: which blank it is, go-cmp chooses by chance.
      .replaceAll("\u00a0", " ")
      .replace(/\(0x[0-9a-f]+\)/g, "(POINTER)")
      .replace(/<set>|<ts>|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "TIME")
      .replace(/^\d+s$/, "AGE")
      .replace(/(resourceVersion\\*":\\*")\d+/g, "$1N")
      // The beginning of a body, which was written with other spaces.
      .replace(/ \(\{.{29} \.\.\.\)$/, " (EXCERPT)")
  );
}
