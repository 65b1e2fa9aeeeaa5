import { posix } from "node:path";
import { GantryError, invalidArgument } from "../../base/index.ts";
import type { ContentLease, ContentStore } from "../../content/index.ts";
import {
  COMPRESSION_MAGIC_BYTES,
  cleanTarPath,
  decompress,
  readTar,
  type TarMember,
} from "../../formats/index.ts";
import type { ImageLimits } from "../image-limits.ts";

interface StoredMember {
  digest: string;
  sizeBytes: number;
}

const IN_MEMORY_BYTES = 64 * 1024;
const MAX_LINKS = 10;

/**
 * The files of an image archive, in whatever order they came: small ones in memory, the others as blobs of the content
 * store under the given lease.
 */
export class ArchiveMembers {
  readonly #content: ContentStore;
  readonly #lease: ContentLease;
  readonly #limits: ImageLimits;
  readonly #small = new Map<string, Buffer>();
  readonly #stored = new Map<string, StoredMember>();
  readonly #links = new Map<string, string>();

  constructor(content: ContentStore, lease: ContentLease, limits: ImageLimits) {
    this.#content = content;
    this.#lease = lease;
    this.#limits = limits;
  }

  async read(archive: AsyncIterable<Uint8Array>): Promise<void> {
    const { layerRatio: maxRatio, ratioFreeBytes } = this.#limits;
    let members = 0;
    for await (const member of readTar(decompress(archive, { maxRatio, ratioFreeBytes }))) {
      if (++members > this.#limits.archiveMembers) {
        throw new GantryError(
          "ResourceExhausted",
          `the archive holds more than ${this.#limits.archiveMembers} files`,
          {
            code: "Image.ArchiveTooLarge",
          },
        );
      }
      await this.#take(member);
    }
  }

  async #take({ entry, body }: TarMember): Promise<void> {
    const path = cleanTarPath(entry.name).join("/");
    if (entry.type === "symlink") this.#links.set(path, posix.join(posix.dirname(path), entry.linkName));
    else if (entry.type === "hardlink") this.#links.set(path, cleanTarPath(entry.linkName).join("/"));
    else if (entry.type === "file") await this.#takeFile(path, entry.sizeBytes, body);
  }

  async #takeFile(path: string, sizeBytes: number, body: AsyncIterable<Buffer>): Promise<void> {
    if (sizeBytes > this.#limits.layerBytes) {
      throw new GantryError("ResourceExhausted", `${path} is larger than ${this.#limits.layerBytes} bytes`, {
        code: "Image.ArchiveTooLarge",
      });
    }
    if (sizeBytes <= IN_MEMORY_BYTES) {
      const parts: Buffer[] = [];
      for await (const chunk of body) parts.push(Buffer.from(chunk));
      this.#small.set(path, Buffer.concat(parts));
      return;
    }
    const info = await this.#content.ingest(body, { expectedSizeBytes: sizeBytes, lease: this.#lease });
    this.#stored.set(path, info);
  }

  has(path: string): boolean {
    const target = this.#resolve(path);
    return this.#small.has(target) || this.#stored.has(target);
  }

  /** A file's bytes; InvalidArgument when the archive lacks it. */
  async bytes(path: string, limitBytes: number): Promise<Buffer> {
    const target = this.#resolve(path);
    const small = this.#small.get(target);
    if (small) return small;
    return this.#content.readBytes(this.#require(target, path).digest, limitBytes);
  }

  /** A file as a blob of the content store, with its first bytes. */
  async blob(path: string): Promise<StoredMember & { head: Buffer }> {
    const target = this.#resolve(path);
    const small = this.#small.get(target);
    if (small) {
      const info = await this.#content.ingest(small, { lease: this.#lease });
      return { ...info, head: small.subarray(0, COMPRESSION_MAGIC_BYTES) };
    }
    const info = this.#require(target, path);
    return { ...info, head: await this.#headOf(info.digest) };
  }

  async #headOf(digest: string): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const chunk of this.#content.open(digest, { start: 0, end: COMPRESSION_MAGIC_BYTES - 1 }))
      parts.push(chunk);
    return Buffer.concat(parts);
  }

  digests(): string[] {
    return [...this.#stored.values()].map(({ digest }) => digest);
  }

  #require(target: string, path: string): StoredMember {
    const stored = this.#stored.get(target);
    if (!stored)
      throw invalidArgument(`invalid archive: ${path} is missing`, { code: "Image.ArchiveIncomplete" });
    return stored;
  }

  /** Older archives hold a layer once and link to it from its other places. */
  #resolve(path: string): string {
    let target = cleanTarPath(path).join("/");
    for (let link = 0; link < MAX_LINKS; link++) {
      const next = this.#links.get(target);
      if (next === undefined) return target;
      target = cleanTarPath(next).join("/");
    }
    throw invalidArgument(`invalid archive: too many links at ${path}`, { code: "Image.ArchiveIncomplete" });
  }
}
