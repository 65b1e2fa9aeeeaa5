import { type FSWatcher, watch as watchPath } from "node:fs";
import { lstat, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type Cancel, errorMessage, invalidArgument } from "../../base/index.ts";
import { type TarMemberToWrite, writeTar } from "../../formats/index.ts";
import { readLines } from "../docker/index.ts";
import { type Project, withSelectedServices } from "../model/index.ts";
import { buildImages } from "./build.ts";
import type { ComposeContext } from "./compose-context.ts";
import { restartProject } from "./container-verbs.ts";
import { listContainers } from "./containers.ts";
import { treeMembers } from "./copy-files.ts";
import { createProject } from "./create.ts";
import { environmentList } from "./environment-list.ts";
import { execIn } from "./exec.ts";
import { startProject } from "./start.ts";
import { all } from "./walk-services.ts";
import { type WatchRule, watchRules } from "./watch-rules.ts";

export interface WatchOptions {
  services: readonly string[];
  /** Says what is done. */
  log(line: string): void;
  quietBuild: boolean;
}

/** Changes come in heaps: what follows another within this time is done with it. */
const QUIET_MS = 500;

interface Change {
  file: string;
  target: string;
}

/** Follows the files that services are made of, and does what `develop.watch` says when they change. */
export class ProjectWatcher {
  readonly #context: ComposeContext;
  readonly #project: Project;
  readonly #options: WatchOptions;
  readonly #rules: WatchRule[];
  readonly #watchers: FSWatcher[] = [];
  #changed = new Set<string>();
  #timer: Cancel | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(context: ComposeContext, project: Project, options: WatchOptions) {
    this.#context = context;
    this.#project = project;
    this.#options = options;
    this.#rules = watchRules(project, options.services);
    if (this.#rules.length === 0) {
      throw invalidArgument(
        "none of the selected services is configured for watch, consider setting a 'develop' section",
      );
    }
    for (const { service, trigger } of this.#rules) {
      if (trigger.action === "rebuild" && !project.services[service]?.build) {
        throw invalidArgument(
          `can't watch service ${JSON.stringify(service)} with action rebuild without a build context`,
        );
      }
    }
  }

  async start(): Promise<void> {
    for (const rule of this.#rules) {
      if (rule.trigger.initial_sync && rule.trigger.action?.startsWith("sync")) await this.#syncAll(rule);
    }
    for (const path of new Set(this.#rules.map((rule) => rule.path))) await this.#watch(path);
    this.#options.log("Watch enabled");
  }

  /** Ends it, when what is being done is done. */
  async stop(): Promise<void> {
    this.#timer?.();
    for (const watcher of this.#watchers) watcher.close();
    await this.#work;
  }

  async #watch(path: string): Promise<void> {
    const found = await stat(path).catch(() => undefined);
    if (!found) throw invalidArgument(`stat ${path}: no such file or directory`);
    const isDirectory = found.isDirectory();
    const watcher = watchPath(path, { recursive: isDirectory }, (_, name) => {
      this.#onChange(isDirectory && name ? join(path, name) : path);
    });
    watcher.on("error", (error) => this.#options.log(errorMessage(error)));
    this.#watchers.push(watcher);
  }

  #onChange(file: string): void {
    this.#changed.add(file);
    this.#timer?.();
    this.#timer = this.#context.clock.after(QUIET_MS, () => {
      const files = [...this.#changed];
      this.#changed = new Set();
      this.#work = this.#work
        .then(() => this.#handle(files))
        .catch((error: unknown) => {
          this.#options.log(errorMessage(error));
        });
    });
  }

  async #handle(files: readonly string[]): Promise<void> {
    const rebuild = new Set<string>();
    const restart = new Set<string>();
    const sync = new Map<string, Change[]>();
    const execute = new Set<WatchRule>();
    for (const rule of this.#rules) {
      const changes = files.flatMap((file) => {
        const match = rule.match(file);
        return match ? [{ file, target: match.target }] : [];
      });
      if (changes.length === 0) continue;
      const { action = "" } = rule.trigger;
      if (action === "rebuild") rebuild.add(rule.service);
      if (action.startsWith("sync")) sync.set(rule.service, [...(sync.get(rule.service) ?? []), ...changes]);
      if (action === "restart" || action === "sync+restart") restart.add(rule.service);
      if (action === "sync+exec") execute.add(rule);
    }
    if (rebuild.size > 0) await this.#rebuild([...rebuild]);
    for (const [service, changes] of sync) {
      this.#options.log(
        `Syncing service ${JSON.stringify(service)} after ${changes.length} changes were detected`,
      );
      await this.#sync(service, changes);
    }
    if (restart.size > 0) await this.#restart([...restart]);
    for (const rule of execute) await this.#execute(rule);
  }

  async #rebuild(services: string[]): Promise<void> {
    const { log, quietBuild } = this.#options;
    const names = `[${services.map((name) => JSON.stringify(name)).join(" ")}]`;
    log(`Rebuilding service(s) ${names} after changes were detected...`);
    const options = { args: {}, noCache: false, pull: false, quiet: quietBuild };
    try {
      await buildImages(
        this.#context,
        this.#project,
        { services, dependencies: false, options },
        () => false,
      );
    } catch (error) {
      log(`Build failed. Error: ${errorMessage(error)}`);
      return;
    }
    log(`service(s) ${names} successfully built`);
    await createProject(this.#context, this.#project, {
      services,
      recreate: "force",
      recreateDependencies: "never",
      inherit: true,
      removeOrphans: false,
      ignoreOrphans: true,
      build: undefined,
      quietPull: true,
      confirm: async () => false,
    });
    await startProject(this.#context, withSelectedServices(this.#project, services, "dependents"));
  }

  async #restart(services: string[]): Promise<void> {
    await restartProject(this.#context, this.#project, { services, noDeps: false });
    this.#options.log(`service(s) [${services.map((name) => JSON.stringify(name)).join(" ")}] restarted`);
  }

  async #execute({ service, trigger }: WatchRule): Promise<void> {
    const { exec: hook } = trigger;
    if (!hook?.command) return;
    await this.#inContainers(service, {
      command: hook.command,
      environment: environmentList(hook.environment),
      user: hook.user ?? "",
      workdir: hook.working_dir ?? "",
      privileged: hook.privileged ?? false,
    });
  }

  async #inContainers(
    service: string,
    command: { command: string[]; environment: string[]; user: string; workdir: string; privileged: boolean },
  ): Promise<void> {
    await all(
      (await this.#containers(service)).map(async ({ Id: id }) => {
        const execution = await execIn(this.#context, id, {
          ...command,
          tty: false,
          input: false,
          detach: false,
        });
        await readLines(execution.socket!, false, (line) => this.#options.log(line));
        const code = await execution.exitCode();
        if (code !== 0) this.#options.log(`${command.command.join(" ")}: exit code ${code}`);
      }),
    );
  }

  #containers(service: string) {
    return listContainers(this.#context.client, this.#project.name, {
      oneOff: "exclude",
      all: false,
      services: [service],
    });
  }

  /** What is there goes into the container, what is gone is removed in it. */
  async #sync(service: string, changes: readonly Change[]): Promise<void> {
    const present: Change[] = [];
    const gone: string[] = [];
    for (const change of changes) {
      const found = await lstat(change.file).catch(() => undefined);
      if (found) present.push(change);
      else gone.push(change.target);
    }
    if (gone.length > 0) {
      const command = ["rm", "-rf", ...gone];
      await this.#inContainers(service, {
        command,
        environment: [],
        user: "",
        workdir: "",
        privileged: false,
      });
    }
    if (present.length === 0) return;
    for (const { Id: id } of await this.#containers(service)) {
      await this.#context.client.put(`/containers/${id}/archive`, {
        query: { path: "/", copyUIDGID: 1 },
        headers: { "Content-Type": "application/x-tar" },
        stream: Readable.from(writeTar(membersOf(present))),
      });
    }
  }

  async #syncAll(rule: WatchRule): Promise<void> {
    const changes: Change[] = [];
    for await (const file of filesBelow(rule.path)) {
      const match = rule.match(file);
      if (match) changes.push({ file, target: match.target });
    }
    if (changes.length > 0) await this.#sync(rule.service, changes);
  }
}

async function* membersOf(changes: readonly Change[]): AsyncGenerator<TarMemberToWrite> {
  for (const { file, target } of changes) {
    for await (const member of treeMembers(file, target.replace(/^\//, ""), false)) {
      // In the container they belong to whom its files belong to.
      yield { ...member, entry: { ...member.entry, uid: 0, gid: 0 } };
    }
  }
}

async function* filesBelow(path: string): AsyncGenerator<string> {
  const found = await stat(path);
  if (!found.isDirectory()) {
    yield path;
    return;
  }
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const inside = join(path, entry.name);
    if (entry.isDirectory()) yield* filesBelow(inside);
    else if (entry.isFile()) yield inside;
  }
}
