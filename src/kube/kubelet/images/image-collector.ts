import { statfs } from "node:fs/promises";
import { type Clock, errorMessage, type Logger } from "../../../base/index.ts";
import type { CriImage, CriImageService, CriRuntimeService } from "../../../cri/types.ts";

/** Disk use at which images begin to go, and down to which they go (upstream's defaults). */
const HIGH = 0.85;
const LOW = 0.8;
/** A fresh image may be wanted in a moment. */
const MINIMUM_AGE_MS = 2 * 60_000;

export interface ImageCollectorOptions {
  images: CriImageService;
  runtime: CriRuntimeService;
  /** On the file system of the image store. */
  rootDir: string;
  logger: Logger;
  clock: Clock;
}

/**
 * Removes images that no container uses, the longest unused first, when the disk runs full. What was built here and never
 * pushed stays: nobody could bring it back.
 */
export class ImageCollector {
  readonly #options: ImageCollectorOptions;
  /** Monotonic; by image id. */
  readonly #lastUsedMs = new Map<string, number>();
  readonly #firstSeenMs = new Map<string, number>();

  constructor(options: ImageCollectorOptions) {
    this.#options = options;
  }

  async collect(): Promise<void> {
    const { images, clock } = this.#options;
    const [present, used] = await Promise.all([images.listImages(), this.#usedIds()]);
    this.#note(present, used);
    const now = clock.monotonicMs();
    const isOld = ({ id }: CriImage) => now - this.#firstSeenMs.get(id)! >= MINIMUM_AGE_MS;
    await this.#remove(
      present.filter((image) => !used.has(image.id) && isOld(image)),
      await this.#bytesToFree(),
    );
  }

  /** All that are unused, however young, for the node is short of disk. */
  async collectAll(): Promise<void> {
    const [present, used] = await Promise.all([this.#options.images.listImages(), this.#usedIds()]);
    this.#note(present, used);
    await this.#remove(
      present.filter(({ id }) => !used.has(id)),
      Number.POSITIVE_INFINITY,
    );
  }

  async #remove(candidates: CriImage[], bytesToFree: number): Promise<void> {
    const { images, logger } = this.#options;
    let toFree = bytesToFree;
    const inOrder = candidates
      .filter(({ repoDigests }) => repoDigests.length > 0)
      .sort((a, b) => this.#lastUse(a) - this.#lastUse(b));
    for (const image of inOrder) {
      if (toFree <= 0) return;
      try {
        logger.info("the disk runs full: removing an unused image", { image: image.repoTags[0] ?? image.id });
        await images.removeImage(image.id);
        toFree -= image.sizeBytes;
      } catch (error) {
        logger.warn("an unused image was not removed", { image: image.id, error: errorMessage(error) });
      }
    }
  }

  #lastUse({ id }: CriImage): number {
    return this.#lastUsedMs.get(id) ?? Number.NEGATIVE_INFINITY;
  }

  #note(present: CriImage[], used: ReadonlySet<string>): void {
    const now = this.#options.clock.monotonicMs();
    const ids = new Set(present.map(({ id }) => id));
    for (const id of ids) if (!this.#firstSeenMs.has(id)) this.#firstSeenMs.set(id, now);
    for (const id of used) this.#lastUsedMs.set(id, now);
    for (const known of [this.#firstSeenMs, this.#lastUsedMs]) {
      for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
    }
  }

  async #usedIds(): Promise<ReadonlySet<string>> {
    return new Set((await this.#options.runtime.listContainers()).map(({ imageId }) => imageId));
  }

  async #bytesToFree(): Promise<number> {
    const { blocks, bavail, bsize } = await statfs(this.#options.rootDir);
    const used = blocks - bavail;
    return used < blocks * HIGH ? 0 : (used - blocks * LOW) * bsize;
  }
}
