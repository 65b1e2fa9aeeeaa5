import { posix, relative } from "node:path";
import { createIgnoreMatcher, type IgnoreMatcher } from "../../formats/index.ts";
import type { Project, Service, WatchTrigger } from "../model/index.ts";
import { readIgnore } from "./read-ignore.ts";

/** What of editors and version control is never of interest (docker/compose, pkg/watch). */
const EPHEMERAL = [
  "**/.git",
  "**/.idea",
  "**/*___jb_tmp___",
  "**/*___jb_old___",
  "**/*~",
  "**/.*.swp",
  "**/.*.swx",
  "**/.#*",
  "**/#*#",
  "**/4913",
];

/** One entry of `develop.watch`. */
export class WatchRule {
  readonly service: string;
  readonly trigger: WatchTrigger;
  readonly #ignore: IgnoreMatcher;
  readonly #contextIgnore: IgnoreMatcher | undefined;
  readonly #context: string;
  readonly #include: IgnoreMatcher | undefined;

  constructor(service: Service, trigger: WatchTrigger) {
    this.service = service.name;
    this.trigger = trigger;
    this.#ignore = createIgnoreMatcher([...EPHEMERAL, ...(trigger.ignore ?? [])]);
    this.#context = service.build?.context ?? "";
    const isLocal = this.#context.startsWith("/");
    this.#contextIgnore = isLocal ? readIgnore(this.#context, undefined) : undefined;
    this.#include = trigger.include?.length ? createIgnoreMatcher(trigger.include) : undefined;
  }

  get path(): string {
    return this.trigger.path ?? "";
  }

  /** Where a changed file belongs in the container, undefined where the rule is not about it. */
  match(file: string): { inside: string; target: string } | undefined {
    const inside = relative(this.path, file);
    if (inside.startsWith("..")) return undefined;
    const name = inside === "" ? posix.basename(file) : inside;
    if (this.#ignore.ignores(name)) return undefined;
    if (this.#include && !this.#include.ignores(name)) return undefined;
    const inContext = this.#context === "" ? ".." : relative(this.#context, file);
    if (!inContext.startsWith("..") && inContext !== "" && this.#contextIgnore?.ignores(inContext))
      return undefined;
    return { inside, target: posix.join(this.trigger.target ?? "", inside) };
  }
}

/** All rules of a project; services that are not asked for have none. */
export function watchRules(project: Project, services: readonly string[]): WatchRule[] {
  return Object.values(project.services)
    .filter(({ name }) => services.length === 0 || services.includes(name))
    .flatMap((service) => (service.develop?.watch ?? []).map((trigger) => new WatchRule(service, trigger)));
}
