import { Buffer } from "node:buffer";
import { isJsonObject, type JsonObject } from "../../../formats/index.ts";
import { goJson } from "../go-print.ts";
import type { KubeObject } from "../types.ts";
import { compareTyped } from "./compare-typed.ts";
import { difference, type FieldSet } from "./field-set.ts";
import { fieldSetOf } from "./field-set-of.ts";
import type { ManagedKind } from "./managed-kind.ts";
import { validateTyped } from "./validate-typed.ts";

const ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration";
const MAX_ANNOTATION_BYTES = 256 * 1024;

/** The manager for which client-side apply and server-side apply are one. */
export const KUBECTL = "kubectl";

function lastAppliedOf(object: unknown): string {
  const metadata = isJsonObject(object) ? object.metadata : undefined;
  const annotations = isJsonObject(metadata) ? metadata.annotations : undefined;
  const text = isJsonObject(annotations) ? annotations[ANNOTATION] : undefined;
  return typeof text === "string" ? text : "";
}

/**
 * What client-side apply wrote and nobody changed since: taking that over is no conflict. Undefined where the annotation
 * says nothing that can be used.
 */
export function lastAppliedSet(live: unknown, { schema, apiVersion }: ManagedKind): FieldSet | undefined {
  try {
    const last: unknown = JSON.parse(lastAppliedOf(live));
    if (!isJsonObject(last) || last.apiVersion !== apiVersion) return undefined;
    for (const object of [live, last]) validateTyped(object, schema, "configuration");
    const { modified, added, removed } = compareTyped(last, live, schema);
    return [modified, added, removed].reduce(difference, fieldSetOf(last, schema));
  } catch {
    return undefined;
  }
}

/** The object with the annotation of client-side apply brought up to date with what is applied now, if it has one. */
export function withLastApplied(object: KubeObject, config: JsonObject): KubeObject {
  if (lastAppliedOf(object) === "") return object;
  const annotations = { ...object.metadata.annotations, [ANNOTATION]: annotationOf(config) };
  if (bytesOf(annotations) > MAX_ANNOTATION_BYTES) Reflect.deleteProperty(annotations, ANNOTATION);
  return { ...object, metadata: { ...object.metadata, annotations } };
}

function annotationOf(config: JsonObject): string {
  const { metadata } = config;
  if (!isJsonObject(metadata) || !isJsonObject(metadata.annotations)) return `${goJson(config)}\n`;
  const { [ANNOTATION]: _, ...annotations } = metadata.annotations;
  return `${goJson({ ...config, metadata: { ...metadata, annotations } })}\n`;
}

function bytesOf(annotations: Record<string, string>): number {
  const sizes = Object.entries(annotations).map(
    ([key, value]) => Buffer.byteLength(key) + Buffer.byteLength(value),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
