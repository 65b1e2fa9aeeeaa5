import { homedir } from "node:os";
import { resolve } from "node:path";
import { systemClock } from "../../base/index.ts";
import { ProjectBuilder } from "../../build-client/index.ts";
import {
  type ComposeContext,
  DockerClient,
  diskFiles,
  type LoadProjectOptions,
  listContainers,
  loadProject,
  type Progress,
  type Project,
  type ProjectSource,
  projectOnEngine,
  Reporter,
  withEnvironmentResolved,
} from "../../compose/index.ts";
import { BuildDisplay, type OtherDisplay } from "./build-display.ts";
import { engineEndpoint, mayReadInPlace } from "./engine-endpoint.ts";
import { type ParsedFlags, usage } from "./flags.ts";
import { ProgressDisplay } from "./progress-display.ts";
import { noProgress, ProgressJson, ProgressLines } from "./progress-lines.ts";
import { registryAuth, registryLogin } from "./registry-auth.ts";
import type { Terminal } from "./terminal.ts";

/** One call of `gantry compose`: its options, and what stands around it. */
export class ComposeCall {
  readonly globals: ParsedFlags;
  readonly flags: ParsedFlags;
  readonly args: readonly string[];
  readonly terminal: Terminal;
  readonly #warned = new Set<string>();
  #client: DockerClient | undefined;

  constructor(globals: ParsedFlags, flags: ParsedFlags, args: readonly string[], terminal: Terminal) {
    this.globals = globals;
    this.flags = flags;
    this.args = args;
    this.terminal = terminal;
  }

  source(): ProjectSource {
    const { globals } = this;
    return {
      machine: diskFiles(process.cwd(), process.env.HOME ?? homedir()),
      variables: new Map(
        Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
      ),
      projectName: globals.text("project-name"),
      files: globals.list("file"),
      projectDirectory: globals.text("project-directory"),
      envFiles: this.#envFiles(),
      profiles: globals.list("profile"),
      warn: (message) => this.warn(message),
    };
  }

  #envFiles(): string[] {
    const named = this.globals.list("env-file");
    const files = named.length > 0 ? named : (process.env.COMPOSE_ENV_FILES ?? "").split(",").filter(Boolean);
    return files.map((file) => resolve(file));
  }

  /** The project of the files with these services, all where none is named. */
  project(services: readonly string[] = [], options: LoadProjectOptions = {}): Project {
    return loadProject(this.source(), {
      services,
      allResources: this.globals.flag("all-resources"),
      ...options,
    });
  }

  /** The project as it runs: with the variables of its files. */
  runnable(services: readonly string[] = []): Project {
    const source = this.source();
    return withEnvironmentResolved(this.project(services, { discardEnvFiles: true }), source.machine);
  }

  /** The project of the files where there are some, and its name in any case. */
  projectOrName(services: readonly string[] = []): { name: string; project: Project | undefined } {
    const named = this.globals.text("project-name");
    if (named !== "" && this.globals.list("file").length === 0) return { name: named, project: undefined };
    try {
      const project = this.project(services, { discardEnvFiles: true });
      return { name: project.name, project };
    } catch (error) {
      const fromEnvironment = process.env.COMPOSE_PROJECT_NAME;
      if (!fromEnvironment) throw error;
      return { name: fromEnvironment, project: undefined };
    }
  }

  /** Of the option or the environment; else of the files. */
  projectName(): string {
    return this.globals.text("project-name") || process.env.COMPOSE_PROJECT_NAME || this.project().name;
  }

  /** The project of the files, or else what the engine knows of it. */
  async projectHere(context: ComposeContext, services: readonly string[] = []): Promise<Project> {
    const { name, project } = this.projectOrName(services);
    if (project) return project;
    const containers = await listContainers(context.client, name, { oneOff: "exclude", all: true });
    return projectOnEngine(context, containers, name);
  }

  get client(): DockerClient {
    this.#client ??= new DockerClient(engineEndpoint(this.globals.text("home")));
    return this.#client;
  }

  /** Does something on the engine and shows it meanwhile. */
  async withEngine<T>(title: string, work: (context: ComposeContext) => Promise<T>): Promise<T> {
    const { progress, stop, display } = this.#progress(title);
    try {
      return await work(this.context(progress, display));
    } finally {
      stop();
    }
  }

  context(progress: Progress = noProgress, display?: OtherDisplay): ComposeContext {
    const { client } = this;
    const separator = this.globals.flag("compatibility") ? "_" : "-";
    return {
      client,
      clock: systemClock,
      report: new Reporter(progress),
      builder: new ProjectBuilder({
        ...{ client, separator },
        readsInPlace: mayReadInPlace(engineEndpoint(this.globals.text("home"))),
        credentials: registryLogin,
        environment: process.env,
        display: new BuildDisplay(this, display),
        clock: systemClock,
      }),
      registryAuth: async (image) => registryAuth(image),
      warn: (message) => this.warn(message),
      separator,
      parallel: this.#parallel(),
    };
  }

  #parallel(): number {
    if (this.globals.has("parallel")) return this.globals.number("parallel") ?? -1;
    const limit = process.env.COMPOSE_PARALLEL_LIMIT;
    if (limit === undefined || limit === "") return -1;
    if (/^-?\d+$/.test(limit)) return Number(limit);
    throw usage(`COMPOSE_PARALLEL_LIMIT must be an integer (found: ${JSON.stringify(limit)})`);
  }

  #progress(title: string): { progress: Progress; stop(): void; display?: OtherDisplay } {
    const { terminal } = this;
    const write = (text: string) => terminal.info(text);
    const mode = this.progressMode();
    if (mode === "quiet") return { progress: noProgress, stop: () => {} };
    if (mode === "json") return { progress: new ProgressJson(write), stop: () => {} };
    if (mode === "plain") return { progress: new ProgressLines(write), stop: () => {} };
    const display = new ProgressDisplay({
      title,
      write,
      columns: () => terminal.columns,
      rows: () => terminal.rows,
      colors: this.colors("stderr"),
    });
    return { progress: display, stop: () => display.stop(), display };
  }

  /** How what goes on is shown. */
  progressMode(): "tty" | "plain" | "json" | "quiet" {
    const wanted = this.globals.text("progress") || process.env.COMPOSE_PROGRESS || "auto";
    const ansi = this.#ansi();
    switch (wanted) {
      case "tty":
        if (ansi === "never") throw usage("can't use --progress tty while ANSI support is disabled");
        return "tty";
      case "plain":
        if (ansi === "always") throw usage("can't use --progress plain while ANSI support is forced");
        return "plain";
      case "json":
        return "json";
      case "quiet":
      case "none":
        return "quiet";
      case "auto":
        if (ansi === "always") return "tty";
        return ansi !== "never" && this.terminal.isTerminal("stderr") ? "tty" : "plain";
      default:
        throw usage(`unsupported --progress value ${JSON.stringify(wanted)}`);
    }
  }

  colors(stream: "stdout" | "stderr"): boolean {
    if (process.env.NO_COLOR) return false;
    const ansi = this.#ansi();
    return ansi === "always" || (ansi !== "never" && this.terminal.isTerminal(stream));
  }

  #ansi(): string {
    return this.globals.has("ansi") ? this.globals.text("ansi") : (process.env.COMPOSE_ANSI ?? "auto");
  }

  /** A question of which the answer is no unless it is yes. */
  async confirm(question: string): Promise<boolean> {
    if (!this.terminal.isTerminal("stdin")) {
      this.terminal.print(`${question} [y/N] `);
      const line = await this.terminal.readLine();
      return /^(?:y|yes)$/i.test(line.trim());
    }
    this.terminal.print(`? ${question} (y/N) `);
    return /^(?:y|yes)$/i.test((await this.terminal.readLine()).trim());
  }

  /** Each warning once. */
  warn(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.terminal.warn(message);
  }
}
