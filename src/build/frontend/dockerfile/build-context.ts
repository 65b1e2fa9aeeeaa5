import type { Buffer } from "node:buffer";
import { posix } from "node:path";
import { GantryError, invalidArgument, isGantryError, notFound } from "../../../base/index.ts";
import {
  parseDockerignore,
  parseGitReference,
  parseGoBool,
  withoutCredentials,
} from "../../../formats/index.ts";
import type { BuildTree } from "../../solver/types.ts";
import type { FrontendHost } from "../types.ts";
import { definitionOf, type GraphNode, resultDigest } from "./graph.ts";
import { isArchive } from "./is-archive.ts";
import { SourceMap } from "./source-map.ts";
import { gitSource, httpSource, localSource, subdirectoryOf, unpackedArchive } from "./source-ops.ts";

const DEFAULT_DOCKERFILE = "Dockerfile";
const IGNORE_FILE = ".dockerignore";
/** Larger files are no Dockerfiles. */
const MAX_DOCKERFILE_BYTES = 2 * 1024 * 1024;
/** Name that a download has in its tree. */
const DOWNLOAD = "context";
const ARCHIVE_HEADER_BYTES = 1024;

/** Where the Dockerfile and the context come from, as the options say. */
interface Origin {
  /** Undefined: a directory of the client's. */
  context: GraphNode | undefined;
  dockerfile: GraphNode | undefined;
  filename: string;
}

/** Reads the Dockerfile and what is ignored, and knows the context of the build. */
export class BuildContext {
  readonly #host: FrontendHost;
  readonly #contextName: string;
  readonly #dockerfileName: string;
  /** The Dockerfile is the client's whatever the context is. */
  readonly #forceLocalDockerfile: boolean;
  #origin: Promise<Origin> | undefined;
  #ignoreFile: { name: string; text: string } | undefined;
  #ignorePatterns: Promise<readonly string[]> | undefined;

  constructor(host: FrontendHost) {
    this.#host = host;
    const { contextkey, dockerfilekey } = host.options;
    this.#contextName = contextkey ?? "context";
    this.#dockerfileName = dockerfilekey ?? "dockerfile";
    this.#forceLocalDockerfile = dockerfilekey !== undefined;
  }

  /** The Dockerfile's text, and the digest of the operation that it was read by. */
  async readDockerfile(): Promise<{ source: SourceMap; vertex: string }> {
    const { dockerfile, filename } = await this.#where();
    const node = (!this.#forceLocalDockerfile && dockerfile) || this.#localDockerfile(filename);
    const definition = definitionOf(node);
    const tree = await this.#host.solve(definition);
    try {
      const data = await readDockerfile(tree, filename);
      const ignored = await readIfThere(tree, `${filename}${IGNORE_FILE}`);
      if (ignored) this.#ignoreFile = { name: `${filename}${IGNORE_FILE}`, text: ignored.toString() };
      return { source: new SourceMap(filename, data), vertex: resultDigest(definition) };
    } finally {
      await tree.release();
    }
  }

  /** Patterns of `.dockerignore`; empty for a context that is not the client's. */
  async ignorePatterns(): Promise<readonly string[]> {
    if ((await this.#where()).context) return [];
    this.#ignorePatterns ??= this.#readIgnorePatterns();
    return this.#ignorePatterns;
  }

  /** The context; of a client's directory only the paths that are named (and everything without). */
  async main(followPaths: readonly string[] | undefined): Promise<GraphNode> {
    const { context } = await this.#where();
    if (context) return context;
    return localSource(this.#contextName, {
      name: "[internal] load build context",
      sessionId: this.sessionOf(this.#contextName),
      sharedKey: this.#contextName,
      followPaths,
      excludePatterns: await this.ignorePatterns(),
    });
  }

  /** Session that a local directory is asked of. */
  sessionOf(local: string): string {
    return this.#host.options[`local-sessionid:${local}`] ?? this.#host.sessionId;
  }

  #where(): Promise<Origin> {
    this.#origin ??= this.#findOrigin();
    return this.#origin;
  }

  async #findOrigin(): Promise<Origin> {
    const { options, inputs } = this.#host;
    const filename = options.filename ?? DEFAULT_DOCKERFILE;
    const reference = options[this.#contextName] ?? "";
    const origin =
      this.#gitOrigin(reference, filename) ??
      (await this.#httpOrigin(reference, filename)) ??
      this.#inputOrigin(inputs, filename);
    const subdirectory = options.contextsubdir;
    if (origin.context && subdirectory !== undefined)
      origin.context = subdirectoryOf(origin.context, subdirectory);
    return origin;
  }

  #gitOrigin(reference: string, filename: string): Origin | undefined {
    const git = parseGitReference(reference);
    if (!git) return undefined;
    const keepGitDir = parseGoBool(this.#host.options["build-arg:BUILDKIT_CONTEXT_KEEP_GIT_DIR"] ?? "");
    const context = gitSource(git, {
      name: `[internal] load git source ${withoutCredentials(reference)}`,
      keepGitDir: git.keepGitDir || keepGitDir,
      ...(this.#host.options["build-arg:SOURCE_DATE_EPOCH"] ? { mtime: "commit" } : {}),
    });
    return { context, dockerfile: context, filename };
  }

  /** A URL is an archive, or else the Dockerfile itself. */
  async #httpOrigin(reference: string, filename: string): Promise<Origin | undefined> {
    if (!/^https?:\/\//.test(reference)) return undefined;
    const download = httpSource(reference, {
      name: "[internal] load remote build context",
      filename: DOWNLOAD,
    });
    const tree = await this.#host.solve(definitionOf(download));
    try {
      const header = await tree.readFile(DOWNLOAD, { offset: 0, length: ARCHIVE_HEADER_BYTES });
      if (!isArchive(header)) return { context: download, dockerfile: download, filename: DOWNLOAD };
      const context = unpackedArchive(download, DOWNLOAD);
      return { context, dockerfile: context, filename };
    } finally {
      await tree.release();
    }
  }

  #inputOrigin(inputs: FrontendHost["inputs"], filename: string): Origin {
    const input = (name: string): GraphNode | undefined =>
      Object.hasOwn(inputs, name) ? { kind: "imported", definition: inputs[name]! } : undefined;
    return { context: input("context"), dockerfile: input(this.#dockerfileName), filename };
  }

  #localDockerfile(filename: string): GraphNode {
    const followPaths = [filename, `${filename}${IGNORE_FILE}`];
    const lower = lowerCaseName(filename);
    if (lower !== undefined) followPaths.push(lower);
    return localSource(this.#dockerfileName, {
      name: `[internal] load build definition from ${filename}`,
      sessionId: this.sessionOf(this.#dockerfileName),
      sharedKey: this.#dockerfileName,
      followPaths,
      withoutComparing: true,
    });
  }

  async #readIgnorePatterns(): Promise<readonly string[]> {
    const file = this.#ignoreFile ?? {
      name: IGNORE_FILE,
      text: await this.readIgnoreFile(this.#contextName, {
        name: `[internal] load ${IGNORE_FILE}`,
        sharedKey: `${this.#contextName}-${IGNORE_FILE}`,
      }),
    };
    return parseIgnoreFile(file.text, file.name);
  }

  /** Text of the `.dockerignore` in a directory of the client's. */
  async readIgnoreFile(local: string, told: { name: string; sharedKey: string }): Promise<string> {
    const node = localSource(local, {
      ...told,
      sessionId: this.sessionOf(local),
      followPaths: [IGNORE_FILE],
      withoutComparing: true,
    });
    const tree = await this.#host.solve(definitionOf(node));
    try {
      return (await readIfThere(tree, IGNORE_FILE))?.toString() ?? "";
    } finally {
      await tree.release();
    }
  }
}

export function parseIgnoreFile(text: string, name: string): readonly string[] {
  try {
    return parseDockerignore(text);
  } catch (error) {
    throw invalidArgument(`failed parsing ${name}: ${(error as Error).message}`, { cause: error });
  }
}

async function readDockerfile(tree: BuildTree, filename: string): Promise<Buffer> {
  const lower = lowerCaseName(filename);
  const data =
    (await readIfThere(tree, filename)) ?? (lower === undefined ? undefined : await readIfThere(tree, lower));
  if (data === undefined)
    throw notFound(`failed to read dockerfile: open ${filename}: no such file or directory`, {
      code: "Dockerfile.NotFound",
      details: { filename },
    });
  if (data.length > MAX_DOCKERFILE_BYTES)
    throw new GantryError(
      "ResourceExhausted",
      `the Dockerfile is larger than ${MAX_DOCKERFILE_BYTES} bytes`,
      {
        code: "Dockerfile.TooLarge",
      },
    );
  if (data.length === 0)
    throw invalidArgument("the Dockerfile cannot be empty", { code: "Dockerfile.Empty" });
  return data;
}

/** A file named `dockerfile` serves where a `Dockerfile` is looked for. */
function lowerCaseName(filename: string): string | undefined {
  if (posix.basename(filename) !== DEFAULT_DOCKERFILE) return undefined;
  return posix.join(posix.dirname(filename), DEFAULT_DOCKERFILE.toLowerCase());
}

async function readIfThere(tree: BuildTree, path: string): Promise<Buffer | undefined> {
  try {
    return await tree.readFile(path, { offset: 0, length: MAX_DOCKERFILE_BYTES + 1 });
  } catch (error) {
    if (isGantryError(error, "NotFound")) return undefined;
    throw error;
  }
}
