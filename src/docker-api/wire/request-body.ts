import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { GantryError, invalidArgument, systemClock } from "../../base/index.ts";
import { readJson } from "../../http/index.ts";
import type { ApiContext } from "../api-context.ts";

/** Bodies of this API are small: configurations, never files. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const MAX_DEPTH = 32;
const BODY_TIMEOUT_MS = 60_000;

export type JsonObject = Record<string, unknown>;

/**
 * The body as a stream for whoever may stop in its midst: the connection outlives that, and the server drops what is left,
 * so that the client gets to read the answer.
 */
export function bodyStream({ req }: ApiContext): Readable {
  return Readable.from(req.iterator({ destroyOnReturn: false }), { objectMode: false });
}

/** The JSON object that a request must carry. */
export async function requiredObject(context: ApiContext): Promise<JsonObject> {
  const value = await readObject(context);
  if (value === undefined) {
    throw invalidArgument("invalid JSON: got EOF while reading request body", { code: "DockerApi.Body" });
  }
  return value;
}

/** The JSON object that a request may carry. */
export async function optionalObject(context: ApiContext): Promise<JsonObject> {
  return (await readObject(context)) ?? {};
}

async function readObject(context: ApiContext): Promise<JsonObject | undefined> {
  assertJsonType(context.req);
  const value = await inTime(readJson(context.req, MAX_BODY_BYTES));
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "object" || Array.isArray(value)) {
    throw invalidArgument("invalid JSON: the body must be an object", { code: "DockerApi.Body" });
  }
  assertSane(value, 0);
  return value as JsonObject;
}

/** A body without a type, or of another one, may come from a form on a web page (as dockerd: CheckForJSON). */
function assertJsonType(req: IncomingMessage): void {
  const type = req.headers["content-type"] ?? "";
  const hasBody =
    req.headers["transfer-encoding"] !== undefined || Number(req.headers["content-length"] ?? 0) > 0;
  if (type === "" && !hasBody) return;
  if (type.split(";", 1)[0]!.trim().toLowerCase() === "application/json") return;
  throw invalidArgument(`unsupported Content-Type header (${type}): must be "application/json"`, {
    code: "DockerApi.ContentType",
  });
}

/** Who sends half a body and stops does not hold a request for ever. */
async function inTime<T>(reading: Promise<T>): Promise<T> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const cancel = systemClock.after(BODY_TIMEOUT_MS, () =>
    reject(
      new GantryError("DeadlineExceeded", "the request's body did not come in time", {
        code: "DockerApi.Body",
      }),
    ),
  );
  try {
    return await Promise.race([reading, tooLate]);
  } finally {
    cancel();
  }
}

/** Bounds the depth, and keeps keys out that would reach an object's prototype when copied. */
function assertSane(value: unknown, depth: number): void {
  if (typeof value !== "object" || value === null) return;
  if (depth > MAX_DEPTH) throw invalidArgument("invalid JSON: nested too deeply", { code: "DockerApi.Body" });
  if (Object.hasOwn(value, "__proto__")) {
    throw invalidArgument("invalid JSON: the key __proto__ is not allowed", { code: "DockerApi.Body" });
  }
  for (const item of Object.values(value)) assertSane(item, depth + 1);
}

type Shape = "string" | "number" | "boolean" | "object" | "array" | "strings";

/** Checks the kinds of the fields that are there, with the words of Go's decoder. */
export function assertShape(value: JsonObject, type: string, shape: Readonly<Record<string, Shape>>): void {
  for (const [field, kind] of Object.entries(shape)) {
    const found = Object.hasOwn(value, field) ? value[field] : undefined;
    if (found === undefined || found === null || matches(found, kind)) continue;
    throw invalidArgument(
      `invalid JSON: json: cannot unmarshal ${kindOf(found)} into Go struct field ${type}.${field} of type ${goType(kind)}`,
      { code: "DockerApi.Body", details: { field } },
    );
  }
}

function matches(value: unknown, kind: Shape): boolean {
  if (kind === "array") return Array.isArray(value);
  if (kind === "strings") return Array.isArray(value) && value.every((item) => typeof item === "string");
  if (kind === "object") return typeof value === "object" && !Array.isArray(value);
  return typeof value === kind;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}

function goType(kind: Shape): string {
  const names: Record<Shape, string> = {
    string: "string",
    number: "int64",
    boolean: "bool",
    object: "map",
    array: "[]struct",
    strings: "[]string",
  };
  return names[kind];
}
