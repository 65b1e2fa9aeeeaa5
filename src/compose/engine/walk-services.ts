import type { Project } from "../model/index.ts";

export interface WalkOptions {
  /** Those that others need come last. */
  reverse?: boolean;
  /** Only these, and what stands below them in the order: those who need them, in reverse those that they need. */
  from?: readonly string[];
  parallel?: number;
}

/** Visits services as soon as those that they need are done, at once where they can be. The first failure stops what has not begun. */
export async function walkServices(
  project: Project,
  visit: (name: string) => Promise<void>,
  options: WalkOptions = {},
): Promise<void> {
  const names = Object.keys(project.services);
  const before = neighbours(project, options.reverse ?? false);
  const included = reachable(project, names, options);
  const done = new Map<string, Promise<void>>();
  const limit = new Limit(options.parallel ?? 0);
  let failed = false;
  const run = (name: string): Promise<void> => {
    const known = done.get(name);
    if (known) return known;
    const work = (async () => {
      await Promise.all([...(before.get(name) ?? [])].map(run));
      if (failed || !included.has(name)) return;
      try {
        await limit.run(() => visit(name));
      } catch (error) {
        failed = true;
        throw error;
      }
    })();
    done.set(name, work);
    return work;
  };
  const results = await Promise.allSettled(names.map(run));
  const rejected = results.find((result) => result.status === "rejected");
  if (rejected) throw (rejected as PromiseRejectedResult).reason;
}

function neighbours(project: Project, reverse: boolean): Map<string, Set<string>> {
  const result = new Map<string, Set<string>>(Object.keys(project.services).map((name) => [name, new Set()]));
  for (const [name, service] of Object.entries(project.services)) {
    for (const dependency of Object.keys(service.depends_on ?? {})) {
      if (!result.has(dependency)) continue;
      if (reverse) result.get(dependency)!.add(name);
      else result.get(name)!.add(dependency);
    }
  }
  return result;
}

function reachable(project: Project, names: readonly string[], { from }: WalkOptions): Set<string> {
  if (!from?.length) return new Set(names);
  // Whoever needs one of them goes with it.
  const found = new Set(from);
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const [name, service] of Object.entries(project.services)) {
      if (Object.keys(service.depends_on ?? {}).some((dependency) => found.has(dependency))) found.add(name);
    }
  }
  return found;
}

/** At most so many at once. */
export class Limit {
  readonly #max: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(max: number) {
    this.#max = max > 0 ? max : Number.POSITIVE_INFINITY;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#max) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running++;
    try {
      return await work();
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }
}

/** Waits for all, then fails with the first failure: what has begun is not left alone. */
export async function all<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(work);
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}
