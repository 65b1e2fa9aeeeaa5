import { type FieldError, statusInvalid } from "../../api/index.ts";
import type { ResourceCall } from "../server-context.ts";
import { META_GROUP } from "./request-options.ts";

type Query = ResourceCall["query"];

const MATCH = "resourceVersionMatch";

const forbidden = (field: string, why: string): FieldError => ({
  type: "FieldValueForbidden",
  field,
  message: `Forbidden: ${why}`,
});

function notSupported(value: string, supported: readonly string[]): FieldError {
  const list = supported.map((one) => JSON.stringify(one)).join(", ");
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`;
  return { type: "FieldValueNotSupported", field: MATCH, message };
}

function refuse(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw statusInvalid({ group: META_GROUP, kind: "ListOptions" }, "", errors);
}

/** apimachinery ValidateListOptions, of a list or of what is deleted as one. */
export function refuseListOptions(query: Query): void {
  const { resourceVersion, resourceVersionMatch: match, sendInitialEvents } = query;
  const errors: FieldError[] = [];
  if (match) {
    if (!resourceVersion)
      errors.push(forbidden(MATCH, `${MATCH} is forbidden unless resourceVersion is provided`));
    if (query.continue) errors.push(forbidden(MATCH, `${MATCH} is forbidden when continue is provided`));
    if (match !== "Exact" && match !== "NotOlderThan") {
      errors.push(notSupported(match, ["Exact", "NotOlderThan", ""]));
    }
    if (match === "Exact" && resourceVersion === "0") {
      errors.push(forbidden(MATCH, `${MATCH} "exact" is forbidden for resourceVersion "0"`));
    }
  }
  if (sendInitialEvents !== undefined) {
    errors.push(forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  }
  refuse(errors);
}

/** The same of a watch. */
export function refuseWatchOptions(query: Query): void {
  const { resourceVersionMatch: match, sendInitialEvents } = query;
  const errors: FieldError[] = [];
  if (sendInitialEvents !== undefined && match !== "NotOlderThan") {
    errors.push(forbidden(MATCH, `sendInitialEvents requires setting ${MATCH} to NotOlderThan`));
  }
  if (match) {
    if (sendInitialEvents === undefined) {
      errors.push(forbidden(MATCH, `${MATCH} is forbidden for watch unless sendInitialEvents is provided`));
    }
    if (match !== "NotOlderThan") errors.push(notSupported(match, ["NotOlderThan"]));
    if (query.continue) errors.push(forbidden(MATCH, `${MATCH} is forbidden when continue is provided`));
  }
  refuse(errors);
}
