import { type FieldError, statusBadRequest, statusInvalid } from "../../api/index.ts";
import type { ApiRequest } from "../../client/types.ts";
import { isTrue } from "../request-info.ts";
import { dryRunErrors, fieldManagerErrors, META_GROUP } from "../verbs/request-options.ts";

type Query = ApiRequest["query"];

/** Verbs that write and read their options from the query: the kind of those options. */
const WRITE_OPTIONS: Record<string, string> = {
  create: "CreateOptions",
  update: "UpdateOptions",
  patch: "PatchOptions",
};

/** The parameters that all resources share. Throws BadRequest or Invalid as upstream's conversion and validation do. */
export function parseQuery(params: URLSearchParams, verb: string, patchType: ApiRequest["patchType"]): Query {
  refuseInvalid(params, verb, patchType);
  const text = (name: string) => params.get(name) ?? undefined;
  const flag = (name: string) => (params.has(name) ? isTrue(params.get(name)) : undefined);
  return {
    labelSelector: text("labelSelector"),
    fieldSelector: text("fieldSelector"),
    metricLabelSelector: text("metricLabelSelector"),
    limit: integer(params, "limit"),
    continue: text("continue"),
    resourceVersion: text("resourceVersion"),
    resourceVersionMatch: text("resourceVersionMatch"),
    allowWatchBookmarks: flag("allowWatchBookmarks"),
    sendInitialEvents: flag("sendInitialEvents"),
    timeoutSeconds: integer(params, "timeoutSeconds"),
    dryRun: params.getAll("dryRun").includes("All"),
    fieldManager: text("fieldManager"),
    fieldValidation: (params.get("fieldValidation") || "Warn") as Query["fieldValidation"],
    force: flag("force"),
  };
}

/** strconv.ParseInt; what is below 0 asks for nothing. */
function integer(params: URLSearchParams, name: string): number | undefined {
  const text = params.get(name);
  if (text === null) return undefined;
  const why = !/^[+-]?\d+$/.test(text)
    ? "invalid syntax"
    : Number.isFinite(Number(text)) && BigInt.asIntN(64, BigInt(Number(text))) === BigInt(Number(text))
      ? undefined
      : "value out of range";
  if (why === undefined) return Math.max(0, Number(text));
  throw statusBadRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: ${why}`);
}

/** apimachinery ValidateCreateOptions, ValidateUpdateOptions and ValidatePatchOptions. */
function refuseInvalid(params: URLSearchParams, verb: string, patchType: ApiRequest["patchType"]): void {
  const kind = WRITE_OPTIONS[verb];
  if (kind === undefined) return;
  const errors: FieldError[] = [
    ...(verb === "patch" ? patchErrors(params, patchType) : []),
    ...fieldManagerErrors(params.get("fieldManager") ?? ""),
    ...dryRunErrors(params.getAll("dryRun")),
    ...fieldValidationErrors(params.get("fieldValidation") ?? ""),
  ];
  if (errors.length > 0) throw statusInvalid({ group: META_GROUP, kind }, "", errors);
}

function patchErrors(params: URLSearchParams, patchType: ApiRequest["patchType"]): FieldError[] {
  if (patchType !== "apply") return params.has("force") ? [FORCE_FORBIDDEN] : [];
  return params.get("fieldManager") ? [] : [MANAGER_REQUIRED];
}

const MANAGER_REQUIRED: FieldError = {
  type: "FieldValueRequired",
  field: "fieldManager",
  message: "Required value: is required for apply patch",
};

const FORCE_FORBIDDEN: FieldError = {
  type: "FieldValueForbidden",
  field: "force",
  message: "Forbidden: may not be specified for non-apply patch",
};

const FIELD_VALIDATIONS = ["", "Ignore", "Strict", "Warn"];

function fieldValidationErrors(value: string): FieldError[] {
  if (FIELD_VALIDATIONS.includes(value)) return [];
  const supported = FIELD_VALIDATIONS.map((one) => JSON.stringify(one)).join(", ");
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported}`;
  return [{ type: "FieldValueNotSupported", field: "fieldValidation", message }];
}
