import { invalidArgument } from "../../base/index.ts";
import { parsePlatform } from "../../formats/index.ts";

export type AnnotationType = "index" | "index-descriptor" | "manifest" | "manifest-descriptor";

export interface Annotation {
  type: AnnotationType;
  /** `linux/arm64`; undefined: of all platforms. */
  platformId: string | undefined;
  key: string;
  value: string;
}

export type Annotations = Annotation[];

const KEY = /^annotation(?:-([a-z-]+))?(?:\[([A-Za-z0-9_/-]+)\])?\.(\S+)$/;
const TYPES: readonly string[] = ["index", "index-descriptor", "manifest", "manifest-descriptor"];

/** Reads `annotation-TYPE[PLATFORM].KEY`; undefined for an attribute that is no annotation. */
export function parseAnnotation(attribute: string, value: string): Annotation | undefined {
  const match = KEY.exec(attribute);
  if (!match) return undefined;
  const [, type = "manifest", platform, key = ""] = match;
  if (!TYPES.includes(type)) throw invalidArgument(`unrecognized annotation type ${type}`);
  const platformId = platform === undefined ? undefined : idOf(platform);
  return { type: type as AnnotationType, platformId, key, value };
}

/** Those of one type for one platform; undefined where there are none, for documents leave them out then. */
export function annotationsOf(
  annotations: Annotations,
  type: AnnotationType,
  platformId?: string,
): Record<string, string> | undefined {
  const fitting = annotations.filter(
    (one) => one.type === type && (one.platformId === undefined || one.platformId === platformId),
  );
  if (fitting.length === 0) return undefined;
  const sorted = fitting.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  return Object.fromEntries(sorted.map(({ key, value }) => [key, value]));
}

export function assertPlatformsExist(annotations: Annotations, platformIds: readonly string[]): void {
  for (const { platformId } of annotations) {
    if (platformId === undefined || platformIds.includes(platformId)) continue;
    throw invalidArgument(`invalid annotation: no platform ${platformId} found in source`);
  }
}

function idOf(text: string): string {
  const { os, architecture, variant } = parsePlatform(text);
  return [os, architecture, variant].filter(Boolean).join("/");
}
