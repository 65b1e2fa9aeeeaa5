import { errorMessage, invalidArgument } from "../../../base/index.ts";
import { cloneJson, isJsonObject, jsonEquals } from "../../../formats/index.ts";
import { parseApiVersion } from "../api-version.ts";
import { goType } from "../go-print.ts";
import { validateAnnotations, validateLabels } from "../meta/object-meta.ts";
import type { FieldError, KubeObject } from "../types.ts";

const REVIEW_GROUP = "apiextensions.k8s.io";
const KNOWN_VERSIONS = ["v1", "v1beta1"];

export interface ConversionReview {
  apiVersion: string;
  kind: "ConversionReview";
  request: { uid: string; desiredAPIVersion: string; objects: KubeObject[] };
  response?: { uid: ""; convertedObjects: null; result: { metadata: object } };
}

/** Conversion by strategy `None`: an object in another version is the same with another apiVersion. */
export function withApiVersion(object: KubeObject, apiVersion: string): KubeObject {
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
}

/** Which of some objects a webhook is asked about: those that are not of the wanted version already. */
export function objectsToConvert(objects: readonly KubeObject[], apiVersion: string): KubeObject[] {
  return objects.filter((object) => object.apiVersion !== apiVersion);
}

/**
 * What a conversion webhook is sent, in the first of its review versions that is known. Throws InvalidArgument where none
 * is.
 */
export function conversionReview(
  reviewVersions: readonly string[],
  { uid, objects, apiVersion }: { uid: string; objects: KubeObject[]; apiVersion: string },
): ConversionReview {
  const version = reviewVersions.find((one) => KNOWN_VERSIONS.includes(one));
  if (version === undefined) throw invalidArgument("no supported conversion review versions");
  return {
    apiVersion: `${REVIEW_GROUP}/${version}`,
    kind: "ConversionReview",
    request: { uid, desiredAPIVersion: apiVersion, objects },
    ...(version === "v1beta1"
      ? { response: { uid: "", convertedObjects: null, result: { metadata: {} } } }
      : {}),
  };
}

/**
 * The objects that a webhook answered with, in the order of those it was asked about, with the metadata that they had
 * before save for labels and annotations. Throws InvalidArgument in upstream's words, `conversion webhook for … failed: …`.
 */
export function convertedObjects(review: ConversionReview, answer: unknown): KubeObject[] {
  const { objects, desiredAPIVersion } = review.request;
  const of = goKind(objects[0]!);
  let converted: readonly unknown[];
  try {
    converted = answeredObjects(review, answer);
  } catch (error) {
    throw invalidArgument(`conversion webhook for ${of} failed: ${errorMessage(error)}`, { cause: error });
  }
  if (converted.length !== objects.length) {
    throw invalidArgument(
      `conversion webhook for ${of} returned ${converted.length} objects, expected ${objects.length}`,
    );
  }
  const told = TOLD[objects.length === 1 ? "one" : "several"];
  return objects.map((original, index) => {
    const refuse = (what: string, why: string) =>
      invalidArgument(`conversion webhook for ${of} returned invalid ${what}: ${why}`);
    const object = converted[index];
    const problem = kindProblem(original, object, desiredAPIVersion);
    if (problem !== undefined) throw refuse(told.ofKind(index), problem);
    const other = identityProblem(original, object as KubeObject);
    if (other !== undefined) throw refuse(told.ofIdentity(index), other);
    try {
      return withMetadataOf(original, object as KubeObject);
    } catch (error) {
      throw refuse(told.ofMetadata(index), errorMessage(error));
    }
  });
}

/** What is invalid: one object alone is told of in other words than one of several. */
const TOLD = {
  one: { ofKind: () => "object at index 0", ofIdentity: () => "object", ofMetadata: () => "metadata" },
  several: {
    ofKind: (index: number) => `converted object at index ${index}`,
    ofIdentity: (index: number) => `converted object at index ${index}`,
    ofMetadata: (index: number) => `metadata in object at index ${index}`,
  },
};

/** `/v1, Kind=R`: how Go prints a GroupVersionKind. */
function goKind({ apiVersion, kind }: KubeObject): string {
  const { group, version } = parseApiVersion(apiVersion);
  return `${group}/${version}, Kind=${kind}`;
}

function answeredObjects(review: ConversionReview, answer: unknown): readonly unknown[] {
  const given = isJsonObject(answer) ? answer : {};
  const isV1 = review.apiVersion === `${REVIEW_GROUP}/v1`;
  if (isV1 && (given.apiVersion !== review.apiVersion || given.kind !== "ConversionReview")) {
    const shown = {
      apiVersion: String(given.apiVersion ?? ""),
      kind: String(given.kind ?? ""),
    } as KubeObject;
    throw invalidArgument(
      `expected webhook response of ${goKind(review as unknown as KubeObject)}, got ${goKind(shown)}`,
    );
  }
  const { response } = given;
  if (!isJsonObject(response)) throw invalidArgument("no response provided");
  const uid = response.uid ?? "";
  if (isV1 && uid !== review.request.uid) {
    throw invalidArgument(
      `expected response.uid=${JSON.stringify(review.request.uid)}, got ${JSON.stringify(uid)}`,
    );
  }
  const result = isJsonObject(response.result) ? response.result : {};
  if (result.status !== "Success") {
    const message = typeof result.message === "string" ? result.message : "";
    throw invalidArgument(message || `response.result.status was '${result.status ?? ""}', not 'Success'`);
  }
  return Array.isArray(response.convertedObjects) ? response.convertedObjects : [];
}

function kindProblem(original: KubeObject, object: unknown, apiVersion: string): string | undefined {
  if (!isJsonObject(object) || typeof object.kind !== "string" || object.kind === "")
    return `Object 'Kind' is missing in '${JSON.stringify(object ?? null)}'`;
  if (object.apiVersion !== apiVersion)
    return `invalid groupVersion (expected ${apiVersion}, received ${object.apiVersion ?? ""})`;
  if (object.kind !== original.kind)
    return `invalid kind (expected ${original.kind}, received ${object.kind})`;
  return undefined;
}

function identityProblem(original: KubeObject, object: KubeObject): string | undefined {
  const metadata: Record<string, unknown> = isJsonObject(object.metadata) ? object.metadata : {};
  for (const [field, name] of [
    ["name", "name"],
    ["namespace", "namespace"],
    ["uid", "UID"],
  ] as const) {
    const [before, after] = [original.metadata[field] ?? "", metadata[field] ?? ""];
    if (before !== after) return `must have the same ${name}: ${before} != ${after}`;
  }
  return undefined;
}

const CHANGEABLE = ["labels", "annotations"] as const;

function withMetadataOf(original: KubeObject, converted: KubeObject): KubeObject {
  const answered: unknown = converted.metadata;
  if (answered === undefined) throw invalidArgument("missing metadata in converted object");
  if (!isJsonObject(answered))
    throw invalidArgument(`invalid metadata of type ${goType(answered)} in converted object`);
  const metadata = cloneJson(original.metadata);
  for (const field of CHANGEABLE) {
    const texts = answered[field] ?? undefined;
    if (texts === undefined) delete metadata[field];
    else metadata[field] = checkedTexts(texts, field, metadata[field]);
  }
  return { ...converted, metadata };
}

function checkedTexts(
  texts: unknown,
  field: (typeof CHANGEABLE)[number],
  before: Record<string, string> | undefined,
): Record<string, string> {
  if (!isJsonObject(texts))
    throw invalidArgument(`invalid metadata.${field} of type ${goType(texts)} in converted object`);
  for (const [key, value] of Object.entries(texts)) {
    if (typeof value === "string") continue;
    throw invalidArgument(
      `metadata.${field}[${key}] must be a string, but is ${goType(value)} in converted object`,
    );
  }
  const checked = texts as Record<string, string>;
  const isChanged = !jsonEquals(checked, before ?? {});
  const errors = !isChanged
    ? []
    : field === "labels"
      ? validateLabels(checked, "metadata.labels")
      : validateAnnotations(checked, "metadata.annotation");
  if (errors.length > 0) throw invalidArgument(aggregated(errors));
  return checked;
}

function aggregated(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map(({ field, message }) => `${field}: ${message}`))];
  return texts.length === 1 ? texts[0]! : `[${texts.join(", ")}]`;
}
