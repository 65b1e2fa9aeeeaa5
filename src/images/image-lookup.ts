import { type GantryError, invalidArgument, notFound } from "../base/index.ts";
import {
  canonicalName,
  familiarName,
  formatCanonical,
  formatFamiliar,
  parseImageReference,
  tryParseImageReference,
  withDefaultTag,
} from "../formats/index.ts";
import { type ImageStore, idPrefixOf, isWholeId, type StoredImage } from "./image-store.ts";

/**
 * Finds an image as dockerd does: a whole id first, then a name (default tag `latest`), then a unique prefix of an id.
 */
export function findImage(store: ImageStore, text: string): StoredImage | undefined {
  const whole = wholeId(text);
  if (whole) return store.get(whole);
  const byName = findByName(store, text);
  if (byName) return byName;
  const prefix = idPrefixOf(text);
  if (prefix === undefined) return undefined;
  const ids = store.idsWithPrefix(prefix);
  if (ids.length > 1) throw invalidArgument("ambiguous digest string", { code: "Image.AmbiguousId" });
  return ids.length === 1 ? store.get(ids[0]!) : undefined;
}

/** Whether a text that found an image did so as its id and not by a name. */
export function isIdOf(imageId: string, text: string): boolean {
  return imageId.startsWith(text) || imageId.slice(imageId.indexOf(":") + 1).startsWith(text);
}

export function requireImage(store: ImageStore, text: string): StoredImage {
  const image = findImage(store, text);
  if (image) return image;
  // What can be no name is refused as such, in the words of who reads names.
  if (!wholeId(text)) parseImageReference(text);
  throw noSuchImage(text);
}

/** Docker's words; a name is shown with its tag. */
export function noSuchImage(text: string): GantryError {
  const reference = wholeId(text) ? undefined : tryParseImageReference(text);
  const shown = reference ? formatFamiliar(withDefaultTag(reference)) : text;
  return notFound(`No such image: ${shown}`, { code: "Image.NotFound", details: { reference: text } });
}

function wholeId(text: string): string | undefined {
  if (isWholeId(text)) return text;
  return /^[0-9a-f]{64}$/.test(text) ? `sha256:${text}` : undefined;
}

function findByName(store: ImageStore, text: string): StoredImage | undefined {
  const reference = tryParseImageReference(text);
  if (!reference) return undefined;
  if (reference.digest === undefined) {
    const id = store.tagTarget(formatCanonical(withDefaultTag(reference)));
    return id === undefined ? undefined : store.get(id);
  }
  // With both, the digest decides; the tag is only for people.
  const id = store.digestTarget(`${canonicalName(reference)}@${reference.digest}`);
  return id === undefined ? undefined : store.get(id);
}

/** The canonical `name:tag` to store for what a person typed; a digest cannot be a tag. */
export function tagToStore(text: string): string {
  const reference = parseImageReference(text);
  if (reference.digest !== undefined) {
    throw invalidArgument("refusing to create a tag with a digest reference", {
      code: "Reference.DigestTag",
    });
  }
  // It would read as a digest.
  if (familiarName(reference) === "sha256") {
    throw invalidArgument("refusing to create an ambiguous tag using digest algorithm as name", {
      code: "Reference.AmbiguousTag",
    });
  }
  return formatCanonical(withDefaultTag(reference));
}
