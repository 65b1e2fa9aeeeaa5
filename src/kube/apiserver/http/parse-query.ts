import { statusBadRequest, statusInvalid } from "../../api/index.ts";
import type { ApiRequest } from "../../client/types.ts";
import { isTrue } from "../request-info.ts";

type Query = ApiRequest["query"];

/** The parameters that all resources share. Throws BadRequest or Invalid as upstream's conversion and validation do. */
export function parseQuery(params: URLSearchParams): Query {
  const text = (name: string) => params.get(name) ?? undefined;
  const flag = (name: string) => (params.has(name) ? isTrue(params.get(name)) : undefined);
  return {
    labelSelector: text("labelSelector"),
    fieldSelector: text("fieldSelector"),
    limit: integer(params, "limit"),
    continue: text("continue"),
    resourceVersion: text("resourceVersion"),
    resourceVersionMatch: text("resourceVersionMatch"),
    allowWatchBookmarks: flag("allowWatchBookmarks"),
    sendInitialEvents: flag("sendInitialEvents"),
    timeoutSeconds: integer(params, "timeoutSeconds"),
    dryRun: parseDryRun(params),
    fieldManager: text("fieldManager"),
    fieldValidation: parseFieldValidation(params),
    force: flag("force"),
  };
}

function integer(params: URLSearchParams, name: string): number | undefined {
  const text = params.get(name);
  if (text === null || text === "") return undefined;
  if (/^[+-]?\d+$/.test(text)) return Math.max(0, Number(text));
  throw statusBadRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
}

function parseDryRun(params: URLSearchParams): boolean {
  const values = params.getAll("dryRun");
  if (values.length === 0) return false;
  const bad = values.find((value) => value !== "All");
  if (bad === undefined) return true;
  throw notSupported("dryRun", bad, '"All"');
}

function parseFieldValidation(params: URLSearchParams): "Ignore" | "Warn" | "Strict" {
  const value = params.get("fieldValidation") || "Warn";
  if (value === "Ignore" || value === "Warn" || value === "Strict") return value;
  throw notSupported("fieldValidation", value, '"Ignore", "Strict", "Warn"');
}

function notSupported(field: string, value: string, supported: string): Error {
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported}`;
  return statusInvalid({ group: "meta.k8s.io", kind: "CreateOptions" }, "", [
    { type: "FieldValueNotSupported", field, message },
  ]);
}
