import { type Clock, GantryError, shortHash } from "../../base/index.ts";
import type { SolveEvent } from "../../build/index.ts";
import { type BuildRequest, type DockerClient, type ImageBuilder, imageOf } from "../../compose/index.ts";
import { BuildConnection } from "../build-connection.ts";
import { failureMessage } from "../failure-message.ts";
import { failureSources } from "../progress/failure-text.ts";
import { withGateway } from "../request/extra-hosts.ts";
import { agentSockets } from "../request/parse-agents.ts";
import { type PreparedContexts, prepareContexts } from "../request/prepare-contexts.ts";
import { runBuild } from "../run-build.ts";
import type { BuildDirectory } from "../session/build-directories.ts";
import type { SessionOffers } from "../session/session-services.ts";
import { dockerfileOf, namedContextsOf, serviceBuildSpec, serviceSecrets } from "./service-build.ts";

export interface ProjectBuilderOptions {
  client: DockerClient;
  /** Between the parts of images' names. */
  separator: string;
  readsInPlace: boolean;
  credentials: SessionOffers["credentials"];
  environment: Readonly<Record<string, string | undefined>>;
  /** Shows builds that run at the same time; `end` when none of them runs any more. */
  display: { begin(): void; take(events: readonly SolveEvent[]): void; end(): void };
  clock: Clock;
}

/**
 * Builds the images of services as BuildKit's client does. All that run at once are one for the solver: the same steps of two services
 * are done once, and a directory that several have for their context is read once.
 */
export class ProjectBuilder implements ImageBuilder {
  readonly #options: ProjectBuilderOptions;
  readonly #directories = new Map<string, BuildDirectory>();
  /** Names of steps, by who told of them first. */
  readonly #names = new Map<string, string>();
  #shared: Promise<BuildConnection> | undefined;
  #running = 0;

  constructor(options: ProjectBuilderOptions) {
    this.#options = options;
  }

  async build(request: BuildRequest): Promise<string> {
    const { display } = this.#options;
    const isQuiet = request.options.quiet;
    if (this.#running++ === 0 && !isQuiet) display.begin();
    try {
      return await this.#build(request);
    } finally {
      if (--this.#running === 0) {
        if (!isQuiet) display.end();
        await this.#close();
      }
    }
  }

  async #build(request: BuildRequest): Promise<string> {
    const { service, options, signal } = request;
    const spec = serviceBuildSpec(request);
    const contexts = await this.#contexts(request);
    const connection = await this.#connection(request);
    try {
      const attributes = { ...spec.frontendAttributes, ...contexts.attributes };
      const frontendAttributes = await withGateway(attributes, connection);
      const response = await runBuild(
        connection,
        { ...spec, frontendAttributes },
        {
          signal: signal ?? new AbortController().signal,
          onEvents: (events) => {
            if (!options.quiet) this.#options.display.take(this.#named(service.name, events));
          },
        },
      );
      return response["containerimage.config.digest"] ?? response["containerimage.digest"] ?? "";
    } catch (error) {
      const sources = failureSources(error, contexts.dockerfileName);
      throw new GantryError("InvalidArgument", `${sources}target ${service.name}: ${failureMessage(error)}`, {
        code: "Compose.Build",
        details: { exitCode: 1, service: service.name },
        cause: error,
      });
    } finally {
      contexts.release();
      if (connection !== (await this.#shared)) connection.close();
    }
  }

  async #contexts({ project, service }: BuildRequest): Promise<PreparedContexts> {
    const build = service.build!;
    const contexts = await prepareContexts({
      context: build.context ?? ".",
      dockerfile: dockerfileOf(build),
      ...(build.dockerfile_inline ? { dockerfileText: build.dockerfile_inline } : {}),
      namedContexts: namedContextsOf(service, (name) =>
        imageOf(project.services[name] ?? project.disabledServices[name]!, project, this.#options.separator),
      ),
      standardInput: () => Promise.reject(new GantryError("InvalidArgument", "context `-` is not supported")),
      nameOf: (usual, path) => `${usual}-${shortHash(path, 12)}`,
    });
    for (const [name, directory] of contexts.directories) this.#directories.set(name, directory);
    return contexts;
  }

  /** Secrets and agents have names of their own in each build: such a build has a session of its own. */
  #connection({ project, service, options }: BuildRequest): Promise<BuildConnection> {
    const secrets = serviceSecrets(project, service);
    const wanted = [...sshTexts(service.build!.ssh), ...(options.ssh ? [options.ssh] : [])];
    const agents = agentSockets(wanted, this.#options.environment);
    if (secrets.size > 0 || agents.size > 0) return this.#open({ secrets, agents });
    this.#shared ??= this.#open({ secrets, agents });
    return this.#shared;
  }

  #open(given: Pick<SessionOffers, "secrets" | "agents">): Promise<BuildConnection> {
    const { client, readsInPlace, credentials, clock } = this.#options;
    return BuildConnection.open({
      client,
      offers: {
        ...given,
        ...{ readsInPlace, credentials },
        directories: this.#directories,
        uploads: new Map(),
        outputs: new Map(),
      },
      // The names of directories tell them apart.
      sharedKey: "compose",
      clock,
    });
  }

  async #close(): Promise<void> {
    const shared = this.#shared;
    this.#shared = undefined;
    (await shared?.catch(() => undefined))?.close();
  }

  /** `[web 2/4] RUN make`: whose step it is, where several are built (buildx, progress.WithPrefix). */
  #named(service: string, events: readonly SolveEvent[]): SolveEvent[] {
    return events.map((event) => {
      if (event.kind !== "vertex") return event;
      const known = this.#names.get(event.digest);
      const name =
        known ??
        (event.name.startsWith("[") ? `[${service} ${event.name.slice(1)}` : `[${service}] ${event.name}`);
      if (known === undefined) this.#names.set(event.digest, name);
      return { ...event, name };
    });
  }
}

function sshTexts(keys: NonNullable<BuildRequest["service"]["build"]>["ssh"]): string[] {
  return Object.entries((keys ?? {}) as Record<string, unknown>).map(([id, path]) =>
    typeof path === "string" && path !== "" ? `${id}=${path}` : id,
  );
}
