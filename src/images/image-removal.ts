import { conflict, type GantryError } from "../base/index.ts";
import {
  canonicalName,
  familiarText,
  parseImageReference,
  shortId,
  tryParseImageReference,
} from "../formats/index.ts";
import { isIdOf } from "./image-lookup.ts";
import type { ImageStore } from "./image-store.ts";
import type { ImageEvent, RemovedImage } from "./types.ts";

export interface RemovalRequest {
  reference: string;
  imageId: string;
  force: boolean;
  /** Remove ancestors that nothing else needs, too. */
  prune: boolean;
  /** `running container <id>`, `stopped container <id>`, or nothing. */
  inUse: (imageId: string) => string | undefined;
}

export interface RemovalHost {
  store: ImageStore;
  emit: (event: ImageEvent) => void;
  /** Removes the image itself, with the layers that nobody else needs; returns their ids. */
  deleteImage: (imageId: string) => Promise<string[]>;
}

interface Use {
  running: boolean;
  container: string;
}

/**
 * Docker's rules of `rmi` (daemon/images, ImageDelete). By name: the name goes; the image follows quietly when it was the
 * last one. By id: all names of one repository go with the image. Child images and running containers cannot be overridden;
 * further names and stopped containers need force.
 */
export async function removeImage(host: RemovalHost, request: RemovalRequest): Promise<RemovedImage[]> {
  const removed: RemovedImage[] = [];
  const { imageId, reference } = request;
  if (isIdOf(imageId, reference)) {
    if (isSingleReference(referencesOf(host.store, imageId))) {
      const problem = conflictOf(host.store, request, imageId, {
        ignoreReferences: true,
        force: request.force,
      });
      if (problem) throw problem.error;
      await untagAll(host, imageId, removed);
    }
    await deleteWithParents(host, request, imageId, removed, { force: request.force, quiet: false });
    return removed;
  }
  assertNameMayGo(host.store, request);
  await untag(host, imageId, storedName(host.store, reference), removed);
  if (referencesOf(host.store, imageId).length > 0) return removed;
  await deleteWithParents(host, request, imageId, removed, { force: request.force, quiet: true });
  return removed;
}

function assertNameMayGo(store: ImageStore, request: RemovalRequest): void {
  if (request.force || !isSingleReference(referencesOf(store, request.imageId))) return;
  const use = useOf(request, request.imageId);
  if (!use) return;
  throw conflict(
    `conflict: unable to remove repository reference ${JSON.stringify(request.reference)} (must force) - container ${use.container} is using its referenced image ${shortId(request.imageId)}`,
    { code: "Image.InUse" },
  );
}

/** Removes a name; with a repository's last tag go its digest references. */
async function untag(
  host: RemovalHost,
  imageId: string,
  name: string,
  removed: RemovedImage[],
): Promise<void> {
  const names = [name];
  const repository = canonicalName(parseImageReference(name));
  const others = referencesOf(host.store, imageId).filter(
    (other) => other !== name && repositoryOf(other) === repository,
  );
  if (!name.includes("@") && others.every((other) => other.includes("@"))) names.push(...others);
  await host.store.removeReferences(names);
  host.emit({ action: "untag", imageId, reference: name });
  for (const gone of names) removed.push({ untagged: familiarText(gone) });
}

async function untagAll(host: RemovalHost, imageId: string, removed: RemovedImage[]): Promise<void> {
  const names = referencesOf(host.store, imageId);
  if (names.length === 0) return;
  await host.store.removeReferences(names);
  for (const name of names) {
    host.emit({ action: "untag", imageId, reference: name });
    removed.push({ untagged: familiarText(name) });
  }
}

async function deleteWithParents(
  host: RemovalHost,
  request: RemovalRequest,
  imageId: string,
  removed: RemovedImage[],
  how: { force: boolean; quiet: boolean },
): Promise<void> {
  const problem = conflictOf(host.store, request, imageId, { ignoreReferences: how.force, force: how.force });
  if (problem) {
    // Quietly, unless the image would now be left without a name and without a reason.
    if (how.quiet && (!isDangling(host.store, imageId) || problem.isUse)) return;
    throw problem.error;
  }
  const parentId = host.store.get(imageId)?.parentId;
  await untagAll(host, imageId, removed);
  const layers = await host.deleteImage(imageId);
  host.emit({ action: "delete", imageId });
  removed.push({ deleted: imageId }, ...layers.map((layer) => ({ deleted: layer })));
  if (!request.prune || parentId === undefined || !host.store.get(parentId)) return;
  await deleteWithParents(host, request, parentId, removed, { force: false, quiet: true });
}

function conflictOf(
  store: ImageStore,
  request: RemovalRequest,
  imageId: string,
  how: { ignoreReferences: boolean; force: boolean },
): { error: GantryError; isUse: boolean } | undefined {
  const unable = (mode: string, reason: string, isUse: boolean) => ({
    error: conflict(`conflict: unable to delete ${shortId(imageId)} (${mode}) - ${reason}`, {
      code: "Image.InUse",
    }),
    isUse,
  });
  if (store.children(imageId).length > 0) {
    return unable("cannot be forced", "image has dependent child images", false);
  }
  const use = useOf(request, imageId);
  if (use?.running)
    return unable("cannot be forced", `image is being used by running container ${use.container}`, true);
  if (!how.ignoreReferences && referencesOf(store, imageId).length > 0) {
    return unable("must be forced", "image is referenced in multiple repositories", false);
  }
  if (use && !how.force) {
    return unable("must be forced", `image is being used by stopped container ${use.container}`, true);
  }
  return undefined;
}

function useOf(request: RemovalRequest, imageId: string): Use | undefined {
  const text = request.inUse(imageId);
  if (text === undefined) return undefined;
  const container = shortId(text.trim().split(/\s+/).at(-1) ?? text);
  return { running: /\brunning\b/.test(text), container };
}

function referencesOf(store: ImageStore, imageId: string): string[] {
  return [...store.tagsOf(imageId).map(({ name }) => name), ...store.digestsOf(imageId)];
}

function isDangling(store: ImageStore, imageId: string): boolean {
  return referencesOf(store, imageId).length === 0 && store.children(imageId).length === 0;
}

/** At most one tag, and every digest reference in that tag's repository. */
function isSingleReference(names: readonly string[]): boolean {
  if (names.length <= 1) return names.length === 1;
  const tags = names.filter((name) => !name.includes("@"));
  if (tags.length > 1) return false;
  return new Set(names.map(repositoryOf)).size === 1;
}

function repositoryOf(name: string): string {
  return canonicalName(parseImageReference(name));
}

/** The stored form of the name that was given. */
function storedName(store: ImageStore, text: string): string {
  const reference = tryParseImageReference(text)!;
  const name = canonicalName(reference);
  if (reference.digest !== undefined) return `${name}@${reference.digest}`;
  const tagged = `${name}:${reference.tag ?? "latest"}`;
  return store.tagTarget(tagged) === undefined ? text : tagged;
}
