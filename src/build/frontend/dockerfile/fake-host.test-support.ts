import { isGantryError, notFound } from "../../../base/index.ts";
import { type ImageConfig, protobuf } from "../../../formats/index.ts";
import { type Definition, digestOf, messages, type Op } from "../../llb/index.ts";
import type { BuildTree, ResolveImageOptions, WarningEvent } from "../../solver/types.ts";
import type { FrontendHost, FrontendResult } from "../types.ts";
import { dockerfileFrontend } from "./dockerfile-frontend.ts";

/** A client with files in memory, and a registry with images in memory. */
export class FakeHost implements FrontendHost {
  readonly options: Record<string, string>;
  readonly inputs: Record<string, Definition> = {};
  readonly sessionId = "session";
  readonly buildPlatform = { os: "linux", architecture: "amd64" };
  readonly signal = new AbortController().signal;
  /** By the identifier of a source; files by path. */
  readonly sources: Record<string, Record<string, string | Buffer>>;
  readonly images: Record<string, Partial<ImageConfig>>;
  readonly warnings: Omit<WarningEvent, "kind">[] = [];
  readonly resolved: (ResolveImageOptions & { reference: string })[] = [];
  readonly solved: Vertex[][] = [];
  openTrees = 0;

  constructor(
    dockerfile: string | Record<string, Record<string, string | Buffer>>,
    options: Record<string, string> = {},
    images: Record<string, Partial<ImageConfig>> = {},
  ) {
    this.sources =
      typeof dockerfile === "string" ? { "local://dockerfile": { Dockerfile: dockerfile } } : dockerfile;
    this.options = options;
    this.images = images;
  }

  async solve(definition: Definition): Promise<BuildTree> {
    const vertices = verticesOf(definition);
    this.solved.push(vertices);
    const { source } = vertices.at(-1)!.op;
    const files = this.sources[source!.identifier] ?? {};
    this.openTrees++;
    return {
      readFile: async (path: string, range = { offset: 0, length: Number.POSITIVE_INFINITY }) => {
        if (!Object.hasOwn(files, path)) throw notFound(`stat ${path}: no such file or directory`);
        return Buffer.from(files[path]!).subarray(range.offset, range.offset + range.length);
      },
      release: async () => {
        this.openTrees--;
      },
    } as BuildTree;
  }

  async resolveImage(reference: string, options: ResolveImageOptions) {
    this.resolved.push({ reference, ...options });
    const name = reference.replace("docker.io/library/", "").replace(/@.*$/, "");
    const config = this.images[name];
    if (!config) throw notFound(`${reference}: not found`);
    const { os, architecture } = options.platform;
    const whole = { os, architecture, rootfs: { type: "layers", diff_ids: ["sha256:00"] }, ...config };
    return { reference, digest: digestOf(Buffer.from(name)), config: whole as ImageConfig };
  }

  warn(warning: Omit<WarningEvent, "kind">): void {
    this.warnings.push(warning);
  }
}

export interface Vertex {
  digest: string;
  name: string;
  op: Op;
  inputs: string[];
  lines: number[];
  ignoreCache: boolean;
}

/** The operations of a definition, in its order, without its end. */
export function verticesOf(definition: Definition): Vertex[] {
  const all = definition.def.map((bytes) => ({
    digest: digestOf(bytes),
    op: protobuf.decode(messages.Op, bytes),
  }));
  const names = new Map<string, string>();
  return all.slice(0, -1).map(({ digest, op }) => {
    const metadata = definition.metadata[digest];
    const name = metadata?.description["llb.customname"] ?? "";
    names.set(digest, name);
    const places = definition.source?.locations[digest]?.locations ?? [];
    return {
      digest,
      name,
      op,
      inputs: op.inputs.map((input) => names.get(input.digest) ?? input.digest),
      lines: places.flatMap(({ ranges }) => ranges.map(({ start }) => start!.line)),
      ignoreCache: metadata?.ignoreCache ?? false,
    };
  });
}

export interface Built {
  host: FakeHost;
  result: FrontendResult;
  vertices: Vertex[];
  config: ImageConfig;
  names: string[];
}

/** Runs the frontend on a Dockerfile. */
export async function buildDockerfile(
  dockerfile: string | Record<string, Record<string, string | Buffer>>,
  options: Record<string, string> = {},
  images: Record<string, Partial<ImageConfig>> = { busybox: {}, "busybox:latest": {}, "alpine:latest": {} },
): Promise<Built> {
  const host = new FakeHost(dockerfile, options, images);
  const result = await dockerfileFrontend(host);
  const [output] = result.outputs;
  const vertices = output?.definition ? verticesOf(output.definition) : [];
  return {
    host,
    result,
    vertices,
    config: output?.config as ImageConfig,
    names: vertices.map(({ name }) => name),
  };
}

export async function failureOf(
  dockerfile: string | Record<string, Record<string, string | Buffer>>,
  options: Record<string, string> = {},
) {
  try {
    await buildDockerfile(dockerfile, options);
  } catch (error) {
    if (isGantryError(error)) return error;
    throw error;
  }
  throw new Error("built");
}

export function lastOf({ vertices }: Pick<Built, "vertices">): Vertex {
  return vertices.at(-1)!;
}
