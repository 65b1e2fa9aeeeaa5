import { readFileSync } from "node:fs";
import { basename, isAbsolute, join, relative, resolve } from "node:path";
import { Readable } from "node:stream";
import { errorMessage, GantryError, invalidArgument, notImplemented } from "../../base/index.ts";
import { tarEntry, writeTar } from "../../formats/index.ts";
import { type DockerClient, jsonLines } from "../docker/index.ts";
import { type Build, hostLines } from "../model/index.ts";
import { refuseForClassicBuilder } from "./build.ts";
import { contextMembers } from "./build-context.ts";
import type { BuildRequest, ImageBuilder } from "./image-builder.ts";
import { LABEL } from "./labels.ts";

export interface ClassicBuilderOptions {
  client: DockerClient;
  /** What the build says, as it says it. */
  output(text: string): void;
}

/** A name that no file of a context has. */
const EXTERNAL_DOCKERFILE = ".gantry-compose.dockerfile";
const REMOTE = /^(?:https?|git|ssh):\/\/|^git@|^github\.com\//;

/** Builds by the engine's own endpoint (`POST /build`): the context goes to it as an archive. */
export class ClassicBuilder implements ImageBuilder {
  readonly #options: ClassicBuilderOptions;

  constructor(options: ClassicBuilderOptions) {
    this.#options = options;
  }

  async build({ project, service, image, options, signal }: BuildRequest): Promise<string> {
    refuseForClassicBuilder(project, service.name);
    const build = service.build!;
    const { body, dockerfile, remote } = readContext(build);
    const args: Record<string, string | null> = { ...build.args, ...options.args };
    for (const [name, value] of Object.entries(args))
      args[name] = value ?? project.environment.get(name) ?? null;
    const stream = await this.#options.client.stream("POST", "/build", {
      query: {
        dockerfile,
        remote,
        rm: 1,
        nocache: options.noCache || build.no_cache ? 1 : undefined,
        pull: options.pull || build.pull ? 1 : undefined,
        buildargs: JSON.stringify(args),
        labels: JSON.stringify({
          ...build.labels,
          [LABEL.builder]: "classic",
          [LABEL.project]: project.name,
          [LABEL.service]: service.name,
          [LABEL.version]: service.customLabels[LABEL.version],
        }),
        networkmode: build.network,
        extrahosts: hostLines(build.extra_hosts, ":").join(",") || undefined,
        target: build.target,
        shmsize: build.shm_size,
        memory: options.memory,
        platform: build.platforms?.[0] ?? service.platform,
        t: image,
      },
      headers: body ? { "Content-Type": "application/x-tar" } : {},
      ...(body ? { stream: body } : {}),
      ...(signal ? { signal } : {}),
    });
    const id = await this.#read(stream, service.name, options.quiet);
    for (const tag of build.tags ?? []) await this.#tag(id, tag);
    return id;
  }

  async #tag(id: string, name: string): Promise<void> {
    const colon = name.lastIndexOf(":");
    const hasTag = colon > 0 && !name.includes("/", colon);
    await this.#options.client.post(`/images/${id}/tag`, {
      query: { repo: hasTag ? name.slice(0, colon) : name, tag: hasTag ? name.slice(colon + 1) : "latest" },
    });
  }

  async #read(stream: Readable, name: string, quiet: boolean): Promise<string> {
    let id = "";
    for await (const message of jsonLines<BuildMessage>(stream)) {
      const failure = message.errorDetail?.message ?? message.error;
      if (failure !== undefined) {
        throw new GantryError("InvalidArgument", failure, {
          code: "Compose.Build",
          details: { exitCode: message.errorDetail?.code ?? 1, service: name },
        });
      }
      if (message.aux?.ID) id = message.aux.ID;
      if (message.stream !== undefined && !quiet) this.#options.output(message.stream);
    }
    if (id === "") throw new GantryError("Internal", `the build of service ${name} has no image`);
    return id;
  }
}

interface BuildMessage {
  stream?: string;
  error?: string;
  errorDetail?: { code?: number; message?: string };
  aux?: { ID?: string };
}

interface Context {
  body?: Readable;
  dockerfile: string;
  /** The engine fetches it itself. */
  remote?: string;
}

function readContext(build: Build): Context {
  const { context = ".", dockerfile = "Dockerfile", dockerfile_inline: inline } = build;
  if (REMOTE.test(context)) {
    if (inline)
      throw notImplemented(
        "dockerfile_inline with a remote context is not implemented by the classic builder",
      );
    return { remote: context, dockerfile };
  }
  if (!isAbsolute(context))
    throw invalidArgument(`unable to prepare context: path ${JSON.stringify(context)} not found`);
  if (inline !== undefined && inline !== "") return withDockerfile(context, Buffer.from(inline));
  const path = resolve(context, dockerfile);
  const inside = relative(context, path);
  if (inside.startsWith("..")) return withDockerfile(context, readDockerfile(path), `${path}.dockerignore`);
  // Said here, before all else is sent.
  readDockerfile(path);
  return {
    body: Readable.from(writeTar(contextMembers(context, inside, join(context, `${inside}.dockerignore`)))),
    dockerfile: inside,
  };
}

function readDockerfile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw invalidArgument(
      `unable to prepare context: unable to evaluate symlinks in Dockerfile path: lstat ${path}: ${errorMessage(error).includes("ENOENT") ? "no such file or directory" : errorMessage(error)}`,
    );
  }
}

/** The context with a Dockerfile that does not lie in it. */
function withDockerfile(context: string, text: Buffer, ignoreFile?: string): Context {
  const name = `${EXTERNAL_DOCKERFILE}-${basename(context)}`;
  async function* members() {
    yield* contextMembers(context, name, ignoreFile);
    yield { entry: tarEntry({ name, type: "file", sizeBytes: text.length }), body: text };
  }
  return { body: Readable.from(writeTar(members())), dockerfile: name };
}
