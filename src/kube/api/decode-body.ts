import { Buffer } from "node:buffer";
import { errorMessage, isGantryError } from "../../base/index.ts";
import { isJsonObject } from "../../formats/index.ts";
import { apiVersionOf, parseApiVersion } from "./api-version.ts";
import { goPackage } from "./go-types.ts";
import { decodeProtobuf } from "./protobuf/envelope.ts";
import { isRegistered } from "./registered-versions.ts";
import {
  isStatusError,
  statusBadRequest,
  statusUnclassified,
  statusUnsupportedMediaType,
} from "./status-error.ts";
import { parseStrictJson, problemsInOrder, unknownField } from "./strict-json.ts";
import { parseStrictYaml } from "./strict-yaml.ts";
import {
  cannotBeHandled,
  checkStructure,
  jsonKind,
  strictDecodingMessage,
  toldProblems,
} from "./structure.ts";
import type { GroupVersionKind, KindDefinition, KubeObject } from "./types.ts";

export const JSON_MEDIA_TYPE = "application/json";
export const YAML_MEDIA_TYPE = "application/yaml";
export const PROTOBUF_MEDIA_TYPE = "application/vnd.kubernetes.protobuf";

const META_MODELS = "io.k8s.apimachinery.pkg.apis.meta.v1.";

export type FieldValidation = "Ignore" | "Warn" | "Strict";

export interface DecodedBody {
  object: KubeObject;
  /** Texts for `Warning: 299` headers, where field validation is Warn. */
  warnings: string[];
}

export interface DecodeBodyOptions {
  contentType?: string | undefined;
  bytes: Uint8Array;
  /** What the path says that the body is. */
  kind: GroupVersionKind & Pick<KindDefinition, "model" | "readsVersions" | "readStructure">;
  fieldValidation?: FieldValidation | undefined;
}

/**
 * Reads a request body as an object of the kind that the path names: JSON, YAML or protobuf, pruned and in canonical
 * form. Throws StatusError BadRequest (garbage, another kind, wrong types, strict validation) or UnsupportedMediaType.
 */
export function decodeBody({
  contentType,
  bytes,
  kind,
  fieldValidation = "Warn",
}: DecodeBodyOptions): DecodedBody {
  const { value, duplicates } = parseBody(bytes, mediaTypeOf(contentType), kind);
  refuseOddTypeMeta(value, bytes, kind);
  // Go decodes null as nothing.
  const typed = kind.readStructure
    ? asCustomObject(value, bytes, kind)
    : withTypeMeta(value === null ? {} : value, kind);
  const { object, unknownFields } = checkStructure(typed, kind);
  if (fieldValidation === "Ignore" || (duplicates.length === 0 && unknownFields.length === 0)) {
    return { object, warnings: [] };
  }
  // Only JSON is read for duplicates here, so there is an order to ask for.
  const problems = toldProblems(
    duplicates.length > 0 ? problemsInOrder(bytes, unknownFields) : unknownFields.map(unknownField),
  );
  if (fieldValidation === "Strict") {
    throw statusBadRequest(cannotBeHandled(kind, strictDecodingMessage(problems)));
  }
  return { object, warnings: problems };
}

/** What Go reads first of a document, and how it names that type. */
const TYPE_META =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
const OPTIONS_SCHEME = "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27";

/**
 * Reads the body of a request as its options. What is not known is passed over, and what is wrong is told by Go's decoder
 * itself: upstream does not class these errors, so they are 500.
 */
export function decodeOptions({ contentType, bytes, kind }: DecodeBodyOptions): KubeObject {
  const mediaType = mediaTypeOf(contentType);
  const { value } = unclassed(
    () => parseBody(bytes, mediaType, kind),
    "couldn't get version/kind; json parse error: ",
  );
  if (!isJsonObject(value)) {
    throw statusUnclassified(
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${jsonKind(value)} into Go value of type ${TYPE_META}`,
    );
  }
  const { kind: name = kind.kind, apiVersion = "" } = value;
  // Options belong to every group: clients name the group that they talk to.
  if (name !== "" && name !== kind.kind) {
    throw statusUnclassified(
      `no kind ${JSON.stringify(name)} is registered for version ${JSON.stringify(apiVersion)} in scheme ${JSON.stringify(OPTIONS_SCHEME)}`,
    );
  }
  const typed = { ...value, apiVersion: apiVersionOf(kind), kind: kind.kind };
  return unclassed(() => checkStructure(typed, kind).object, "");
}

function unclassed<T>(read: () => T, prefix: string): T {
  try {
    return read();
  } catch (error) {
    if (!isStatusError(error, "BadRequest")) throw error;
    throw statusUnclassified(prefix + errorMessage(error.cause ?? error), error);
  }
}

/** `application/json; charset=utf-8` without its parameters; absent means JSON. */
export function mediaTypeOf(contentType: string | undefined): string {
  const type = (contentType ?? "").split(";")[0]!.trim().toLowerCase();
  return type === "" ? JSON_MEDIA_TYPE : type;
}

interface Parsed {
  value: unknown;
  duplicates: string[];
}

function parseBody(bytes: Uint8Array, mediaType: string, kind: GroupVersionKind): Parsed {
  try {
    switch (mediaType) {
      case JSON_MEDIA_TYPE:
        return parseStrictJson(bytes);
      case YAML_MEDIA_TYPE:
        return { value: parseStrictYaml(bytes), duplicates: [] };
      case PROTOBUF_MEDIA_TYPE:
        return {
          value: decodeProtobuf(bytes, { apiVersion: apiVersionOf(kind), kind: kind.kind }),
          duplicates: [],
        };
      default:
        throw statusUnsupportedMediaType([JSON_MEDIA_TYPE, YAML_MEDIA_TYPE, PROTOBUF_MEDIA_TYPE]);
    }
  } catch (error) {
    if (!isGantryError(error, "InvalidArgument") || error.code.startsWith("Kubernetes.Unsupported"))
      throw error;
    const format = mediaType === JSON_MEDIA_TYPE ? "json parse error: " : "";
    const shown = mediaType === PROTOBUF_MEDIA_TYPE ? undefined : bytes;
    throw unrecognized(kind, `${format}${errorMessage(error)}`, shown, error);
  }
}

function unrecognized(kind: GroupVersionKind, why: string, bytes?: Uint8Array, cause?: unknown): Error {
  const shown = bytes ? ` (${excerpt(bytes)})` : "";
  return statusBadRequest(
    `the object provided is unrecognized (must be of type ${kind.kind}): couldn't get version/kind; ${why}${shown}`,
    cause,
  );
}

const EXCERPT_BYTES = 30;

/** The first bytes, in hexadecimal where they are not the beginning of an object in JSON (handlers' summarizeData). */
function excerpt(bytes: Uint8Array): string {
  const first = Buffer.from(bytes.subarray(0, EXCERPT_BYTES));
  const shown = first[0] === OPENING_BRACE ? first.toString("utf8") : first.toString("hex");
  return bytes.length > EXCERPT_BYTES ? `${shown} ...` : shown;
}

const OPENING_BRACE = 0x7b;

/** What an object is, is read before all else. */
function refuseOddTypeMeta(value: unknown, bytes: Uint8Array, kind: GroupVersionKind): void {
  if (!isJsonObject(value)) return;
  const odd = Object.keys(value).find((key) => {
    const isTypeMeta = key === "apiVersion" || key === "kind";
    return isTypeMeta && value[key] !== null && typeof value[key] !== "string";
  });
  if (odd === undefined) return;
  const found = `json: cannot unmarshal ${jsonKind(value[odd])} into Go struct field .${odd} of type string`;
  throw unrecognized(kind, `json parse error: ${found}`, bytes);
}

/** Fills apiVersion and kind from the path where the body leaves them out, and refuses another kind. */
function withTypeMeta(value: unknown, kind: DecodeBodyOptions["kind"]): unknown {
  if (!isJsonObject(value)) return value;
  const { apiVersion: givenVersion, kind: givenKind } = value as { apiVersion?: string; kind?: string };
  const expected = apiVersionOf(kind);
  // DeleteOptions and the other kinds of metadata belong to every group; clients name the group that they talk to.
  const isMetaKind = kind.model.startsWith(META_MODELS) && givenKind === kind.kind;
  const isRead = isMetaKind || kind.readsVersions?.includes(givenVersion ?? "");
  const apiVersion = isRead ? expected : givenVersion || expected;
  const name = givenKind || kind.kind;
  if (apiVersion !== expected || name !== kind.kind)
    throw wrongKind(kind, { ...parseApiVersion(apiVersion), kind: name });
  return { ...value, apiVersion, kind: name };
}

/** A custom object says itself what it is; that it is of the right kind is for its validation to see. */
function asCustomObject(value: unknown, bytes: Uint8Array, kind: DecodeBodyOptions["kind"]): unknown {
  if (!isJsonObject(value)) return value;
  const { apiVersion, kind: name } = value as { apiVersion?: string; kind?: string };
  if (!name) {
    const text = Buffer.from(bytes).toString("utf8");
    throw statusBadRequest(
      `the object provided is unrecognized (must be of type ${kind.kind}): Object 'Kind' is missing in '${text}' (${excerpt(bytes)})`,
    );
  }
  const expected = apiVersionOf(kind);
  if (apiVersion === expected) return value;
  throw statusBadRequest(
    `the API version in the data (${apiVersion || "/"}) does not match the expected API version (${expected})`,
  );
}

function wrongKind(expected: GroupVersionKind, given: GroupVersionKind): Error {
  if (given.kind === expected.kind && isRegistered(given)) {
    return statusBadRequest(
      `the API version in the data (${apiVersionOf(given)}) does not match the expected API version (${apiVersionOf(expected)})`,
    );
  }
  return statusBadRequest(
    `${given.kind} in version ${JSON.stringify(given.version)} cannot be handled as a ${expected.kind}: ${conversionProblem(expected, given)}`,
  );
}

/** Groups whose kinds upstream keeps apart from the others. */
const SCHEMES: Record<string, string> = {
  "apiextensions.k8s.io": "k8s.io/apiextensions-apiserver/pkg/apiserver/apiserver.go:55",
  "apiregistration.k8s.io": "k8s.io/kube-aggregator/pkg/apiserver/scheme/scheme.go:28",
};

/** Why an object of one kind is none of another (runtime.Scheme). */
export function conversionProblem(expected: GroupVersionKind, given: GroupVersionKind): string {
  if (!isRegistered(given)) {
    const scheme = SCHEMES[expected.group] ?? "pkg/api/legacyscheme/scheme.go:30";
    return `no kind ${JSON.stringify(given.kind)} is registered for version ${JSON.stringify(apiVersionOf(given))} in scheme ${JSON.stringify(scheme)}`;
  }
  return `converting (${given.version}.${given.kind}) to (${goPackage(expected.group)}.${expected.kind}): unknown conversion`;
}
