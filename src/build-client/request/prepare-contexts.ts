import { mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { invalidArgument, newHexId, notImplemented } from "../../base/index.ts";
import { isArchive } from "../../build/index.ts";
import { parseGitReference } from "../../formats/index.ts";
import type { BuildDirectory } from "../session/build-directories.ts";

export interface ContextRequest {
  /** A directory, an address, or `-` for standard input. */
  context: string;
  /** `-f`: a file, or `-` for standard input; empty for the usual one. */
  dockerfile: string;
  /** The Dockerfile's text, in place of a file. */
  dockerfileText?: string;
  /** `--build-context NAME=…`. */
  namedContexts: Readonly<Record<string, string>>;
  /** Bytes of standard input, for `-`. */
  standardInput(): Promise<{ header: Buffer; content: AsyncIterable<Uint8Array> }>;
  /** What a directory is called in the session: builds of one session may share it. */
  nameOf(usualName: string, path: string): string;
}

export interface PreparedContexts {
  directories: Map<string, BuildDirectory>;
  uploads: Map<string, AsyncIterable<Uint8Array>>;
  attributes: Record<string, string>;
  /** As errors name it. */
  dockerfileName: string;
  /** Removes what was made for the build. */
  release(): void;
}

const REMOTE = /^(?:https?:\/\/|git:\/\/|ssh:\/\/|git@|github\.com\/)/;
const MAX_DOCKERFILE_BYTES = 2 * 1024 * 1024;

/** Where a build's files come from, as the frontend's attributes and the session's directories (buildx, loadInputs). */
export async function prepareContexts(request: ContextRequest): Promise<PreparedContexts> {
  const { context, dockerfile } = request;
  if (context === "")
    throw invalidArgument('please specify build context (e.g. "." for the current directory)');
  if (/^https?:\/\//.test(dockerfile))
    throw notImplemented("a Dockerfile by its URL (-f URL) is not supported; name the context by a URL");
  const preparation = new Preparation(request);
  try {
    if (context === "-") await preparation.standardInput();
    else if (isDirectory(context)) await preparation.localDirectory();
    else if (REMOTE.test(context) || parseGitReference(context)) await preparation.remote();
    else throw invalidArgument(`unable to prepare context: path ${JSON.stringify(context)} not found`);
    preparation.namedContexts();
  } catch (error) {
    preparation.prepared.release();
    throw error;
  }
  return preparation.prepared;
}

class Preparation {
  readonly prepared: PreparedContexts;
  readonly #request: ContextRequest;
  readonly #temporary: string[] = [];

  constructor(request: ContextRequest) {
    this.#request = request;
    this.prepared = {
      directories: new Map(),
      uploads: new Map(),
      attributes: { filename: "Dockerfile" },
      dockerfileName: "Dockerfile",
      release: () => {
        for (const path of this.#temporary.splice(0)) rmSync(path, { recursive: true, force: true });
      },
    };
  }

  async localDirectory(): Promise<void> {
    const { context, dockerfile, dockerfileText } = this.#request;
    this.#addMain("context", "contextkey", realpathSync(context));
    if (dockerfileText !== undefined || dockerfile === "-") return this.#givenDockerfile();
    const file = dockerfile === "" ? join(context, "Dockerfile") : dockerfile;
    this.#localDockerfile(file);
  }

  async remote(): Promise<void> {
    const { context, dockerfile, dockerfileText } = this.#request;
    this.prepared.attributes.context = context;
    if (dockerfileText !== undefined || dockerfile === "-") return this.#givenDockerfile();
    if (isAbsolute(dockerfile)) {
      this.#localDockerfile(dockerfile);
      this.prepared.attributes.dockerfilekey ??= "dockerfile";
    } else if (dockerfile !== "") {
      this.prepared.attributes.filename = dockerfile;
      this.prepared.dockerfileName = dockerfile;
    }
  }

  /** An archive is the context; else it is the Dockerfile, and there is no context. */
  async standardInput(): Promise<void> {
    const { dockerfile, standardInput } = this.#request;
    if (dockerfile === "-")
      throw invalidArgument("invalid argument: can't use stdin for both build context and dockerfile");
    const { header, content } = await standardInput();
    if (isArchive(header)) {
      const id = newHexId().slice(0, 32);
      this.prepared.uploads.set(id, content);
      this.prepared.attributes.context = `http://buildkit-session/${id}`;
      if (dockerfile !== "") {
        this.prepared.attributes.filename = dockerfile;
        this.prepared.dockerfileName = dockerfile;
      }
      return;
    }
    if (dockerfile !== "")
      throw invalidArgument("ambiguous Dockerfile source: both stdin and flag correspond to Dockerfiles");
    this.#addMain("context", "contextkey", this.#temporaryDirectory());
    this.#writeDockerfile(await wholeText(content), "-");
  }

  namedContexts(): void {
    const { attributes } = this.prepared;
    for (const [name, place] of Object.entries(this.#request.namedContexts)) {
      if (REMOTE.test(place) || /^(?:docker-image:\/\/|target:|input:)/.test(place)) {
        attributes[`context:${name}`] = place;
        continue;
      }
      if (place.startsWith("oci-layout://"))
        throw notImplemented(`build contexts of OCI layouts (${place}) are not supported`);
      const found = statSync(place, { throwIfNoEntry: false });
      if (!found)
        throw invalidArgument(
          `failed to get build context ${name}: stat ${place}: no such file or directory`,
        );
      if (!found.isDirectory())
        throw invalidArgument(`failed to get build context path ${place}: not a directory`);
      const usual = name === "context" || name === "dockerfile" ? `_${name}` : name;
      const path = realpathSync(place);
      const local = this.#request.nameOf(usual, path);
      this.prepared.directories.set(local, { path });
      attributes[`context:${name}`] = `local:${local}`;
      attributes[`sharedkey:localdir:${name}`] = path;
    }
    if (Object.keys(this.#request.namedContexts).length > 0)
      attributes["frontend.caps"] = "moby.buildkit.frontend.contexts+forward";
  }

  async #givenDockerfile(): Promise<void> {
    const { dockerfileText, standardInput } = this.#request;
    if (dockerfileText !== undefined) return this.#writeDockerfile(dockerfileText, "inline");
    this.#writeDockerfile(await wholeText((await standardInput()).content), "stdin");
  }

  #writeDockerfile(text: string, name: string): void {
    const directory = this.#temporaryDirectory();
    writeFileSync(join(directory, "Dockerfile"), text, { mode: 0o600 });
    const local = this.#request.nameOf("dockerfile", directory);
    this.prepared.directories.set(local, { path: directory });
    this.prepared.attributes.dockerfilekey = local;
    this.prepared.dockerfileName = name;
  }

  #localDockerfile(file: string): void {
    const directory = dirname(resolve(file));
    if (!isDirectory(directory))
      throw invalidArgument(`failed to read dockerfile: stat ${directory}: no such file or directory`);
    this.#addMain("dockerfile", "dockerfilekey", realpathSync(directory));
    this.prepared.attributes.filename = basename(file);
    this.prepared.dockerfileName = basename(file);
  }

  /** The usual name needs no attribute. */
  #addMain(usual: string, attribute: string, path: string): void {
    const name = this.#request.nameOf(usual, path);
    this.prepared.directories.set(name, { path });
    if (name !== usual) this.prepared.attributes[attribute] = name;
  }

  #temporaryDirectory(): string {
    const path = mkdtempSync(join(tmpdir(), "gantry-build-"));
    this.#temporary.push(path);
    return path;
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

async function wholeText(content: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of content) {
    size += chunk.length;
    if (size > MAX_DOCKERFILE_BYTES) throw invalidArgument("the Dockerfile is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
