import { invalidArgument, notFound } from "../../base/index.ts";
import type { Filters } from "../../engine/types.ts";
import {
  compileGlob,
  familiarName,
  familiarText,
  formatFamiliar,
  parseGoDuration,
  parseImageReference,
  tryParseImageReference,
  withDefaultTag,
} from "../../formats/index.ts";
import type { ImageRecord } from "../../images/types.ts";
import { booleanFilter, labelsMatch } from "../wire/query.ts";

export const IMAGE_FILTERS = ["dangling", "label", "before", "since", "reference", "until"] as const;

export interface ImageSelection {
  /** Intermediate images too. */
  all: boolean;
  filters: Filters;
  nowMs: number;
}

/** The images that `docker images` shows, newest first. */
export function selectImages(images: readonly ImageRecord[], selection: ImageSelection): ImageRecord[] {
  const { filters } = selection;
  const parents = new Set(images.map((image) => image.parentId).filter((id) => id !== undefined));
  const dangling = booleanFilter(filters, "dangling");
  const before = referencePoint(images, filters.before);
  const since = referencePoint(images, filters.since);
  return images
    .filter((image) => selection.all || isTagged(image) || !parents.has(image.id))
    .filter((image) => matchesDangling(image, dangling, parents))
    .filter((image) => labelsMatch(image.config.config?.Labels, filters.label ?? []))
    .filter((image) => before === undefined || image.createdAtMs < before)
    .filter((image) => since === undefined || image.createdAtMs > since)
    .filter((image) =>
      (filters.until ?? []).every((until) => image.createdAtMs < parseUntil(until, selection.nowMs)),
    )
    .map((image) => withMatchingReferences(image, filters.reference))
    .filter((image) => image !== undefined)
    .sort((a, b) => b.createdAtMs - a.createdAtMs);
}

export function isTagged(image: ImageRecord): boolean {
  return image.references.length > 0 || image.digestReferences.length > 0;
}

/** Nothing names it and nothing builds on it. */
export function isDangling(image: ImageRecord, parents: ReadonlySet<string>): boolean {
  return !isTagged(image) && !parents.has(image.id);
}

function matchesDangling(
  image: ImageRecord,
  wanted: boolean | undefined,
  parents: ReadonlySet<string>,
): boolean {
  return wanted === undefined || wanted === isDangling(image, parents);
}

function referencePoint(
  images: readonly ImageRecord[],
  references: readonly string[] | undefined,
): number | undefined {
  const [reference] = references ?? [];
  if (reference === undefined) return undefined;
  const hex = reference.replace(/^sha256:/, "");
  const parsed = tryParseImageReference(reference);
  const name = parsed && formatFamiliar(withDefaultTag(parsed));
  const found = images.find(
    (image) =>
      image.id.slice("sha256:".length).startsWith(hex) ||
      image.references.some((own) => familiarText(own) === name),
  );
  if (!found) throw notFound(`No such image: ${name ?? reference}`, { code: "Image.NotFound" });
  return found.createdAtMs;
}

/** The image with only those of its names that match a pattern (`busy*`, `shop/web:1.*`), short or in full. */
function withMatchingReferences(
  image: ImageRecord,
  patterns: readonly string[] | undefined,
): ImageRecord | undefined {
  if (!patterns || patterns.length === 0) return image;
  const globs = patterns.map((pattern) => compileGlob(pattern));
  const matches = (canonical: string) => {
    const reference = parseImageReference(canonical);
    const { domain, path } = reference;
    const texts = [familiarName(reference), formatFamiliar(reference), canonical, `${domain}/${path}`];
    return globs.some((glob) => texts.some((text) => glob.matches(text)));
  };
  const references = image.references.filter(matches);
  const digestReferences = image.digestReferences.filter(matches);
  return references.length + digestReferences.length > 0
    ? { ...image, references, digestReferences }
    : undefined;
}

/** A time stamp, or a duration back from now. */
export function parseUntil(text: string, nowMs: number): number {
  const duration = parseGoDuration(text);
  if (duration !== undefined) return nowMs - duration / 1e6;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const parsed = Date.parse(text);
  if (Number.isNaN(parsed))
    throw invalidArgument(`failed to parse value as time or duration: ${JSON.stringify(text)}`, {
      code: "DockerApi.Filter",
    });
  return parsed;
}
