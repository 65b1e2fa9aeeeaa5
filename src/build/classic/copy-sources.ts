import { posix } from "node:path";
import { GantryError, invalidArgument, isGantryError } from "../../base/index.ts";
import { hasWildcards, type InlineFile } from "../../formats/index.ts";
import { fdPath } from "../../kernel/index.ts";
import { contentDigest } from "../file-content.ts";
import type { LlbOutput } from "../llb/index.ts";
import { closeSelected, matchingPaths, type Selected, selectSources } from "../operations/copy-selection.ts";
import { isGitSource, isUrl, refuseGit } from "../remote.ts";
import type { LocalTree } from "../sources/local-tree.ts";
import type { CopyParameters } from "./copy-step.ts";
import { findStage } from "./plan.ts";
import type { StageBuilder } from "./stage-builder.ts";

/** One thing to copy: a file, or a directory whose content is copied. */
export interface CopyItem {
  /** The tree that it is in. */
  input: LlbOutput;
  selected: Selected;
  /** Set where that is the context. */
  local?: LocalTree;
  /** Never unpacked. */
  isDownload?: boolean;
}

interface Tree {
  input: LlbOutput;
  rootFd: number;
  local?: LocalTree;
}

/** What a COPY or ADD names, open until `close`. */
export class CopySources {
  readonly #stage: StageBuilder;
  readonly #parameters: CopyParameters;
  readonly #items: CopyItem[] = [];
  readonly #closes: (() => void)[] = [];

  constructor(stage: StageBuilder, parameters: CopyParameters) {
    this.#stage = stage;
    this.#parameters = parameters;
  }

  async open(): Promise<readonly CopyItem[]> {
    const { kind, sources, inlineFiles, from } = this.#parameters;
    let tree: Tree | undefined;
    for (const source of sources) {
      if (isUrl(source) || isGitSource(source)) await this.#addDownload(source);
      else {
        tree ??= from === "" ? await this.#context() : await this.#from(from);
        this.#addNamed(tree, source);
      }
    }
    for (const file of inlineFiles) await this.#addInline(file);
    if (this.#items.length === 0) throw invalidArgument(`${kind} failed: no source files were specified`);
    return this.#items;
  }

  close(): void {
    closeSelected(this.#items.map(({ selected }) => selected));
    for (const close of this.#closes) close();
  }

  async #context(): Promise<Tree> {
    const { job, scope } = this.#stage;
    const local = await scope.context.tree();
    return { input: job.context(local), rootFd: local.rootFd, local };
  }

  /** The files of another stage or image. */
  async #from(from: string): Promise<Tree> {
    const { scope, planned, output, job } = this.#stage;
    const index = findStage(scope.dockerfile.stages, from, planned.index);
    const image =
      index === undefined ? await scope.findImage(from, undefined, output) : (await scope.stage(index)).image;
    return this.#openTree(job.image(image));
  }

  async #openTree(input: LlbOutput): Promise<Tree> {
    const tree = await (await this.#stage.job.solve(input)).open();
    this.#closes.push(() => tree.close());
    return { input, rootFd: tree.rootFd };
  }

  #addNamed(tree: Tree, source: string): void {
    const { kind } = this.#parameters;
    const path = insidePath(source, kind);
    if (!hasWildcards(path)) {
      this.#add(tree, this.#select(tree, path));
      return;
    }
    const before = this.#items.length;
    for (const match of matchingPaths(tree.rootFd, `/${path}`)) {
      const selected = selectOrNothing(tree.rootFd, match);
      if (selected) this.#add(tree, selected);
    }
    if (this.#items.length === before)
      throw invalidArgument(`${kind} failed: no source files were specified`);
  }

  #add({ input, local }: Tree, selected: Selected, more: Partial<CopyItem> = {}): void {
    this.#items.push({ input, selected, ...(local ? { local } : {}), ...more });
  }

  #select(tree: Tree, path: string): Selected {
    const selected = selectOrNothing(tree.rootFd, `/${path}`);
    if (selected) return selected;
    const { kind } = this.#parameters;
    const where = tree.local ? "file not found in build context or excluded by .dockerignore: " : "";
    throw new GantryError("InvalidArgument", `${kind} failed: ${where}stat ${path}: file does not exist`, {
      code: "Build.SourceMissing",
      details: { path },
    });
  }

  async #addDownload(url: string): Promise<void> {
    const { kind, destination, checksum } = this.#parameters;
    if (kind === "COPY") throw invalidArgument("COPY failed: source can't be a URL for COPY");
    refuseGit(url);
    const { job, output } = this.#stage;
    const identifier = url.replace(/^https?/i, (scheme) => scheme.toLowerCase());
    const tree = await this.#openTree(job.add({ source: { identifier } }));
    output.text("\n");
    const [file] = matchingPaths(tree.rootFd, "/*");
    const selected = this.#select(tree, file!.slice(1));
    this.#add(tree, selected, { isDownload: true });
    if (isNameless(file!, url) && destination.endsWith("/"))
      throw invalidArgument(`ADD failed: cannot determine filename for source ${url}`);
    await assertChecksum(url, selected, checksum);
  }

  async #addInline({ path, content }: InlineFile): Promise<void> {
    const name = `/${posix.basename(path)}`;
    const mkfile = { path: name, mode: 0o644, data: Buffer.from(content), timestamp: -1 };
    const input = this.#stage.job.add({
      file: { actions: [{ input: -1, secondaryInput: -1, output: 0, mkfile }] },
    });
    const tree = await this.#openTree(input);
    this.#add(tree, this.#select(tree, name.slice(1)));
  }
}

/** Paths start at the tree's root; one that climbs above it is refused rather than bent. */
function insidePath(source: string, instruction: string): string {
  const parts: string[] = [];
  for (const part of source.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) {
      throw invalidArgument(`${instruction} failed: forbidden path outside the build context: ${source} ()`, {
        code: "Build.OutsideContext",
      });
    }
  }
  return parts.join("/");
}

function selectOrNothing(rootFd: number, src: string): Selected | undefined {
  try {
    const how = { followSymlink: true, allowWildcard: false, allowEmptyWildcard: false };
    return selectSources(rootFd, { src, ...how })[0];
  } catch (error) {
    if (isGantryError(error, "NotFound")) return undefined;
    throw error;
  }
}

/** Neither the address nor the server has named it. */
function isNameless(file: string, url: string): boolean {
  return file === "/download" && !/\/download$/.test(new URL(url).pathname);
}

async function assertChecksum(url: string, { fd, stat }: Selected, checksum: string): Promise<void> {
  if (checksum === "") return;
  if (!/^sha256:[0-9a-f]{64}$/.test(checksum))
    throw invalidArgument(`invalid checksum digest format: ${checksum}`);
  const found = `sha256:${await contentDigest(fdPath(fd), stat.size)}`;
  if (found === checksum) return;
  throw new GantryError("InvalidArgument", `digest mismatch for ${url}: ${found} (expected: ${checksum})`, {
    code: "Build.Checksum",
    details: { expected: checksum, found },
  });
}
