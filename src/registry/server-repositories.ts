import { existsSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Logger, makeDirectoryDurably, readRecord, syncDirectory } from "../base/index.ts";
import { writeFileDurably } from "../content/index.ts";
import { isDigest, isTag } from "../formats/index.ts";
import type { ManifestFacts } from "./server-manifest-document.ts";

export interface Repository {
  /** Tag to manifest digest. */
  tags: Map<string, string>;
  manifests: Map<string, ManifestFacts>;
  /** Blobs deleted from here that others still need: they count as absent until they are pushed again. */
  hidden: Set<string>;
}

const TAGS = "_tags";
const MANIFESTS = "_manifests";
const HIDDEN = "_hidden";

/**
 * The registry's repositories in memory, and on disk:
 *
 *     registry/repositories/<name>/_tags/<tag>                  a manifest's digest
 *     registry/repositories/<name>/_manifests/sha256-<hex>.json  ManifestFacts; the bytes are in the content store
 *     registry/repositories/<name>/_hidden/sha256-<hex>          empty
 *
 * No component of a repository's name begins with `_`. A change is seen at once and durable when it resolves.
 */
export class Repositories {
  readonly #dir: string;
  readonly #logger: Logger;
  readonly #repositories = new Map<string, Repository>();
  /** How many manifests need a blob or manifest. */
  readonly #needed = new Map<string, number>();
  /** Some manifest cannot be read: nobody knows what it needs. */
  #isIncomplete = false;

  constructor(dir: string, logger: Logger) {
    this.#dir = join(dir, "repositories");
    this.#logger = logger;
  }

  async open(): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    await this.#load("");
  }

  async #load(name: string): Promise<void> {
    const dir = join(this.#dir, name);
    for (const entry of await readdir(dir, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      if (entry.name === MANIFESTS) await this.#loadManifests(name);
      else if (entry.name === TAGS) await this.#loadTags(name);
      else if (entry.name === HIDDEN) await this.#loadHidden(name);
      else await this.#load(name === "" ? entry.name : `${name}/${entry.name}`);
    }
  }

  async #loadManifests(name: string): Promise<void> {
    for (const file of await readdir(join(this.#dir, name, MANIFESTS))) {
      const digest = file.replace(/\.json$/, "").replace("-", ":");
      if (!isDigest(digest)) continue;
      const read = await readRecord<ManifestFacts>(join(this.#dir, name, MANIFESTS, file));
      if (read.state === "present") this.#remember(name, digest, read.record);
      if (read.state === "unreadable") this.#isIncomplete = true;
      if (read.state === "unreadable" || read.state === "damaged")
        this.#logger.error("manifest record left out", {
          repository: name,
          digest,
          error: read.error.message,
        });
    }
  }

  async #loadTags(name: string): Promise<void> {
    for (const tag of await readdir(join(this.#dir, name, TAGS))) {
      const read = await readRecord(join(this.#dir, name, TAGS, tag), (text) => text);
      if (read.state === "unreadable")
        this.#logger.error("tag left out", { repository: name, tag, error: read.error.message });
      if (read.state === "present" && isTag(tag) && isDigest(read.record))
        this.#repository(name).tags.set(tag, read.record);
    }
  }

  async #loadHidden(name: string): Promise<void> {
    for (const file of await readdir(join(this.#dir, name, HIDDEN))) {
      this.#repository(name).hidden.add(file.replace("-", ":"));
    }
  }

  get(name: string): Repository | undefined {
    return this.#repositories.get(name);
  }

  /** Names of repositories that hold something, sorted. */
  names(): string[] {
    const held = [...this.#repositories].filter(([, { manifests }]) => manifests.size > 0);
    return held.map(([name]) => name).sort();
  }

  needs(digest: string): boolean {
    return this.#isIncomplete || this.#needed.has(digest);
  }

  isHidden(name: string, digest: string): boolean {
    return this.#repositories.get(name)?.hidden.has(digest) ?? false;
  }

  async putManifest(
    name: string,
    digest: string,
    facts: ManifestFacts,
    tag: string | undefined,
  ): Promise<void> {
    this.#remember(name, digest, facts);
    await this.#write(name, MANIFESTS, `${fileOf(digest)}.json`, JSON.stringify(facts));
    for (const blob of facts.blobs) await this.unhide(name, blob);
    if (tag === undefined) return;
    this.#repository(name).tags.set(tag, digest);
    await this.#write(name, TAGS, tag, digest);
  }

  /** Removes a manifest with all tags that point at it. */
  async deleteManifest(name: string, digest: string): Promise<void> {
    const repository = this.#repository(name);
    for (const [tag, target] of repository.tags) if (target === digest) await this.deleteTag(name, tag);
    const facts = repository.manifests.get(digest);
    if (!facts) return;
    repository.manifests.delete(digest);
    for (const needed of neededBy(digest, facts)) this.#release(needed);
    await this.#remove(name, MANIFESTS, `${fileOf(digest)}.json`);
  }

  async deleteTag(name: string, tag: string): Promise<void> {
    this.#repository(name).tags.delete(tag);
    await this.#remove(name, TAGS, tag);
  }

  async hide(name: string, digest: string): Promise<void> {
    this.#repository(name).hidden.add(digest);
    await this.#write(name, HIDDEN, fileOf(digest), "");
  }

  async unhide(name: string, digest: string): Promise<void> {
    if (!this.isHidden(name, digest)) return;
    this.#repository(name).hidden.delete(digest);
    await this.#remove(name, HIDDEN, fileOf(digest));
  }

  #repository(name: string): Repository {
    const known = this.#repositories.get(name);
    if (known) return known;
    const repository: Repository = { tags: new Map(), manifests: new Map(), hidden: new Set() };
    this.#repositories.set(name, repository);
    return repository;
  }

  #remember(name: string, digest: string, facts: ManifestFacts): void {
    const { manifests } = this.#repository(name);
    if (manifests.has(digest)) return;
    manifests.set(digest, facts);
    for (const needed of neededBy(digest, facts))
      this.#needed.set(needed, (this.#needed.get(needed) ?? 0) + 1);
  }

  #release(digest: string): void {
    const left = (this.#needed.get(digest) ?? 1) - 1;
    if (left > 0) this.#needed.set(digest, left);
    else this.#needed.delete(digest);
  }

  async #write(name: string, kind: string, file: string, text: string): Promise<void> {
    const dir = join(this.#dir, name, kind);
    if (!existsSync(dir)) {
      let way = this.#dir;
      for (const part of [...name.split("/"), kind]) {
        way = join(way, part);
        await makeDirectoryDurably(way);
      }
    }
    await writeFileDurably(join(dir, file), text);
  }

  async #remove(name: string, kind: string, file: string): Promise<void> {
    const dir = join(this.#dir, name, kind);
    await rm(join(dir, file), { force: true });
    if (existsSync(dir)) await syncDirectory(dir);
  }
}

function neededBy(digest: string, facts: ManifestFacts): Set<string> {
  return new Set([digest, ...facts.blobs, ...facts.manifests]);
}

function fileOf(digest: string): string {
  return digest.replace(":", "-");
}
