import { newUid } from "../../../../base/index.ts";
import { isJsonObject } from "../../../../formats/index.ts";
import { parseApiVersion, type Status } from "../../../api/index.ts";
import type { VersionedRequest } from "../matching/versioned-request.ts";
import { requestAttributes } from "../request-attributes.ts";
import type { Webhook } from "./webhook.ts";

const GROUP = "admission.k8s.io";
const KIND = "AdmissionReview";
const SUPPORTED = ["v1", "v1beta1"];

/** What a webhook says of a request, after it was checked. */
export interface ReviewAnswer {
  allowed: boolean;
  /** The text of a JSON patch. */
  patch: string | undefined;
  patchType: string | undefined;
  result: Partial<Status> | undefined;
  warnings: readonly string[];
  auditAnnotations: Readonly<Record<string, string>>;
}

export interface Review {
  version: string;
  uid: string;
  body: Buffer;
}

/** The question in the first of the webhook's versions that is known here; undefined where none is. */
export function buildReview(webhook: Webhook, versioned: VersionedRequest): Review | undefined {
  const version = webhook.reviewVersions.find((one) => SUPPORTED.includes(one));
  if (version === undefined) return undefined;
  const uid = newUid();
  const { object = null, oldObject = null } = versioned;
  const { dryRun, options, ...attributes } = requestAttributes(versioned);
  const review = {
    kind: KIND,
    apiVersion: `${GROUP}/${version}`,
    request: { uid, ...attributes, object, oldObject, dryRun, options },
  };
  return { version, uid, body: Buffer.from(JSON.stringify(review)) };
}

/** Throws an Error that says what is wrong with the answer (request.VerifyAdmissionResponse). */
export function readReview(value: unknown, { version, uid }: Review, isMutating: boolean): ReviewAnswer {
  const review = isJsonObject(value) ? value : {};
  const { response } = review;
  if (!isJsonObject(response) || isOtherKind(review, version)) throw new Error("webhook response was absent");
  checkTypes(response);
  if (version === "v1") checkIdentity(review, response, uid);
  const { patch, patchType } = response as { patch?: string; patchType?: string | null };
  const hasPatch = !!patch;
  if (version === "v1") checkPatch(hasPatch, patchType, isMutating);
  return {
    allowed: response.allowed === true,
    patch: isMutating && hasPatch ? Buffer.from(patch, "base64").toString("utf8") : undefined,
    patchType: version === "v1" ? (patchType ?? undefined) : "JSONPatch",
    result: (response.status ?? undefined) as ReviewAnswer["result"],
    warnings: (response.warnings ?? []) as string[],
    auditAnnotations: (response.auditAnnotations ?? {}) as Record<string, string>,
  };
}

/** An answer of another kind is read as that, and so says nothing of this one. */
function isOtherKind({ apiVersion, kind }: Record<string, unknown>, version: string): boolean {
  const isKnown = kind === KIND && SUPPORTED.some((one) => apiVersion === `${GROUP}/${one}`);
  return isKnown && apiVersion !== `${GROUP}/${version}`;
}

const isText = (value: unknown) => typeof value === "string";
const isWholeNumber = (value: unknown) => Number.isInteger(value);

const FIELDS: [name: string, isOfType: (value: unknown) => boolean, goType: string][] = [
  ["uid", isText, "types.UID"],
  ["allowed", (value) => typeof value === "boolean", "bool"],
  ["status", isJsonObject, "v1.Status"],
  ["patch", isText, "[]uint8"],
  ["patchType", isText, "v1.PatchType"],
  ["auditAnnotations", isJsonObject, "map[string]string"],
  ["warnings", Array.isArray, "[]string"],
];
const STATUS_FIELDS: typeof FIELDS = [
  ["message", isText, "string"],
  ["reason", isText, "v1.StatusReason"],
  ["code", isWholeNumber, "int32"],
  ["details", isJsonObject, "v1.StatusDetails"],
];

function checkTypes(response: Record<string, unknown>): void {
  checkFields(response, FIELDS, "AdmissionResponse.response");
  const { status, patch, warnings, auditAnnotations } = response;
  if (isJsonObject(status)) checkFields(status, STATUS_FIELDS, "Status.response.status");
  for (const text of [...((warnings ?? []) as unknown[]), ...Object.values(auditAnnotations ?? {})])
    if (!isText(text)) throw mistyped(text, "AdmissionResponse.response", "string");
  if (patch && !/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(patch as string)) {
    const at = (patch as string).search(/[^A-Za-z0-9+/]|$/);
    throw new Error(`illegal base64 data at input byte ${at}`);
  }
}

function checkFields(object: Record<string, unknown>, fields: typeof FIELDS, path: string): void {
  for (const [name, isOfType, goType] of fields) {
    const value = object[name];
    if (value !== undefined && value !== null && !isOfType(value))
      throw mistyped(value, `${path}.${name}`, goType);
  }
}

function mistyped(value: unknown, field: string, goType: string): Error {
  const is = value === null ? "null" : Array.isArray(value) ? "array" : GO_WORDS[typeof value];
  return new Error(`json: cannot unmarshal ${is} into Go struct field ${field} of type ${goType}`);
}

const GO_WORDS: Record<string, string> = {
  string: "string",
  number: "number",
  boolean: "bool",
  object: "object",
};

function checkIdentity(
  { apiVersion, kind }: Record<string, unknown>,
  response: Record<string, unknown>,
  uid: string,
): void {
  const given = response.uid ?? "";
  if (given !== uid)
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(given)}`);
  if (apiVersion === `${GROUP}/v1` && kind === KIND) return;
  const { group, version } = parseApiVersion(String(apiVersion ?? ""));
  throw new Error(
    `expected webhook response of ${GROUP}/v1, Kind=${KIND}, got ${group}/${version}, Kind=${kind ?? ""}`,
  );
}

function checkPatch(hasPatch: boolean, patchType: unknown, isMutating: boolean): void {
  const hasType = patchType !== undefined && patchType !== null;
  if (!isMutating) {
    if (hasPatch) throw new Error("validating webhook may not return response.patch");
    if (hasType) throw new Error("validating webhook may not return response.patchType");
    return;
  }
  if (hasPatch && !hasType) throw new Error("webhook returned response.patch but not response.patchType");
  if (!hasPatch && hasType) throw new Error("webhook returned response.patchType but not response.patch");
  if (patchType === "") throw new Error('webhook returned invalid response.patchType of ""');
}
