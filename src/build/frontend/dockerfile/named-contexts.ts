import { invalidArgument } from "../../../base/index.ts";
import {
  formatCanonical,
  formatFamiliar,
  type ImageConfig,
  type Platform,
  parseGitReference,
  parseImageReference,
  platformId,
  withDefaultTag,
  withoutCredentials,
} from "../../../formats/index.ts";
import type { ResolvedImage, ResolveImageOptions } from "../../solver/types.ts";
import type { FrontendHost } from "../types.ts";
import { type BuildContext, parseIgnoreFile } from "./build-context.ts";
import { deferred, type GraphNode } from "./graph.ts";
import type { ResolveMode } from "./options.ts";
import { gitSource, httpSource, imageSource, localSource, ociLayoutSource } from "./source-ops.ts";

export interface LoadedContext {
  /** Undefined: nothing (`docker-image://scratch`). */
  node: GraphNode | undefined;
  config?: ImageConfig;
}

/** What `--build-context NAME=…` has put in the place of a stage or an image. */
export interface NamedContext {
  load(): Promise<LoadedContext>;
}

export interface NamedContextOptions {
  platform: Platform;
  resolveMode: ResolveMode;
  /** Paths that are needed of a directory; asked when everything is known. Undefined: all. */
  followPaths: () => readonly string[] | undefined;
  /** Takes what is to be done when everything is known. */
  finally: (work: () => void) => void;
}

export type ImageResolver = (reference: string, options: ResolveImageOptions) => Promise<ResolvedImage>;

/** Contexts by name: options `context:NAME`, `context:NAME::linux/arm64`. */
export class NamedContexts {
  readonly #host: FrontendHost;
  readonly #context: BuildContext;
  readonly #resolveImage: ImageResolver;
  readonly #ignoreFiles = new Map<string, Promise<string>>();

  constructor(host: FrontendHost, context: BuildContext, resolveImage: ImageResolver) {
    this.#host = host;
    this.#context = context;
    this.#resolveImage = resolveImage;
  }

  /** Undefined where the client has named nothing so. */
  find(name: string, options: NamedContextOptions): NamedContext | undefined {
    if (/^(?:scratch|context)$/i.test(name)) return undefined;
    const plain = contextName(name);
    for (const key of [`${plain}::${platformId(options.platform)}`, plain]) {
      const input = this.#host.options[`context:${key}`];
      if (input !== undefined) return { load: () => this.#load(plain, key, input, options) };
    }
    return undefined;
  }

  async #load(
    name: string,
    key: string,
    input: string,
    options: NamedContextOptions,
  ): Promise<LoadedContext> {
    const colon = input.indexOf(":");
    if (colon < 0) throw invalidArgument(`invalid context specifier ${input} for ${key}`);
    const rest = input.slice(colon + 1);
    const kind = input.startsWith("git@") ? "git" : input.slice(0, colon);
    switch (kind) {
      case "docker-image":
        return this.#image(key, rest.replace(/^\/\//, ""), options);
      case "oci-layout":
        return this.#ociLayout(name, key, rest.replace(/^\/\//, ""), options);
      case "git":
        return { node: gitNode(input) ?? fail(`invalid git context ${input}`) };
      case "http":
      case "https":
        return {
          node:
            gitNode(input) ??
            httpSource(input, { name: `[context ${key}] ${withoutCredentials(input)}`, filename: "context" }),
        };
      case "local":
        return { node: await this.#local(key, rest, options) };
      case "input":
        return this.#input(key, rest);
      default:
        return fail(`unsupported context source ${kind} for ${key}`);
    }
  }

  async #image(key: string, text: string, options: NamedContextOptions): Promise<LoadedContext> {
    if (text === "scratch") return { node: undefined };
    const { platform, resolveMode } = options;
    const named = formatCanonical(withDefaultTag(parseImageReference(text)));
    const resolved = await this.#resolveImage(named, {
      platform,
      mode: resolveMode,
      stepName: `[context ${key}] load metadata for ${text}`,
    });
    const { reference, digest } = resolved;
    const pinned = digest === undefined ? reference : withDigest(reference, digest);
    const node = imageSource(pinned, {
      name: `[context ${key}] ${text}`,
      platform,
      resolveMode: "default",
    });
    return { node, config: resolved.config };
  }

  async #ociLayout(
    name: string,
    key: string,
    text: string,
    options: NamedContextOptions,
  ): Promise<LoadedContext> {
    const at = text.indexOf("@");
    if (at < 0) return fail(`oci-layout reference ${JSON.stringify(text)} has no digest`);
    const storeId = text.slice(0, at).replace(/:[^/:]*$/, "");
    const { platform } = options;
    // Only the digest counts; the name is for people.
    const shown = formatCanonical({ ...parseImageReference(name), digest: text.slice(at + 1) });
    const resolved = await this.#resolveImage(shown, {
      platform,
      mode: "default",
      stepName: `[context ${key}] load metadata for ${shown}`,
      ociLayout: { sessionId: this.#host.sessionId, storeId },
    });
    const node = ociLayoutSource(shown, {
      name: `[context ${key}] OCI load from client`,
      platform,
      sessionId: this.#host.sessionId,
      storeId,
    });
    return { node, config: resolved.config };
  }

  /** A directory of the client's. Which of its files are needed is known when all stages are. */
  async #local(key: string, local: string, options: NamedContextOptions): Promise<GraphNode> {
    const excludePatterns = parseIgnoreFile(await this.#ignoreFile(key, local), ".dockerignore");
    const sharedKey = this.#host.options[`sharedkey:localdir:${key}`] ?? "";
    const node = deferred();
    options.finally(() => {
      node.target = localSource(local, {
        name: `[context ${key}] load from client`,
        sessionId: this.#context.sessionOf(local),
        sharedKey: `context:${key}-${sharedKey}`,
        followPaths: options.followPaths(),
        excludePatterns,
      });
    });
    return node;
  }

  #ignoreFile(key: string, local: string): Promise<string> {
    const known = this.#ignoreFiles.get(key);
    if (known) return known;
    const reading = this.#context.readIgnoreFile(local, {
      name: `[context ${key}] load .dockerignore`,
      sharedKey: `context:${key}-.dockerignore`,
    });
    this.#ignoreFiles.set(key, reading);
    return reading;
  }

  #input(key: string, input: string): LoadedContext {
    if (!Object.hasOwn(this.#host.inputs, input)) return fail(`invalid input ${input} for ${key}`);
    const node: GraphNode = { kind: "imported", definition: this.#host.inputs[input]! };
    const metadata = this.#host.options[`input-metadata:${input}`];
    if (metadata === undefined) return { node };
    const config = inputConfig(metadata, key);
    return config ? { node, config } : { node };
  }
}

/** The image's configuration among the metadata of a result: JSON of bytes in base64. */
function inputConfig(metadata: string, key: string): ImageConfig | undefined {
  let encoded: unknown;
  try {
    encoded = (JSON.parse(metadata) as Record<string, unknown>)["containerimage.config"];
  } catch (error) {
    return fail(`failed to parse input metadata ${metadata}: ${(error as Error).message}`);
  }
  if (typeof encoded !== "string") return undefined;
  try {
    return JSON.parse(Buffer.from(encoded, "base64").toString()) as ImageConfig;
  } catch (error) {
    return fail(`failed to parse image config for ${key}: ${(error as Error).message}`);
  }
}

function withDigest(reference: string, digest: string): string {
  return formatCanonical({ ...parseImageReference(reference), digest });
}

function gitNode(input: string): GraphNode | undefined {
  const reference = parseGitReference(input);
  return (
    reference &&
    gitSource(reference, {
      name: `[internal] load git source ${withoutCredentials(input)}`,
      keepGitDir: reference.keepGitDir,
    })
  );
}

/** `docker.io/library/alpine:latest` and `alpine` are one name. */
function contextName(name: string): string {
  try {
    return formatFamiliar(parseImageReference(name)).replace(/:latest$/, "");
  } catch (error) {
    return fail(`invalid context name ${name}: ${(error as Error).message}`);
  }
}

function fail(message: string): never {
  throw invalidArgument(message, { code: "Dockerfile.Context" });
}
