import { homedir } from "node:os";
import { resolve } from "node:path";
import {
  COMPOSE_VERSION,
  diskFiles,
  type LoadProjectOptions,
  loadProject,
  type Project,
  type ProjectSource,
} from "../../compose/index.ts";
import type { ParsedFlags } from "./flags.ts";
import type { Terminal } from "./terminal.ts";

export { COMPOSE_VERSION };

/** One call of `gantry compose`: its options, and what stands around it. */
export class ComposeCall {
  readonly globals: ParsedFlags;
  readonly flags: ParsedFlags;
  readonly args: readonly string[];
  readonly terminal: Terminal;
  readonly #warned = new Set<string>();

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

  /** Each warning once. */
  warn(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.terminal.warn(message);
  }
}
