import type { Dependency } from "../cluster-lookup.ts";

/** Who has looked at what. */
export class Dependents {
  readonly #byDependency = new Map<Dependency, Set<string>>();
  readonly #byOwner = new Map<string, ReadonlySet<Dependency>>();

  /** All that an owner depends on from here on. */
  set(owner: string, dependencies: ReadonlySet<Dependency>): void {
    for (const one of this.#byOwner.get(owner) ?? []) {
      if (dependencies.has(one)) continue;
      const owners = this.#byDependency.get(one);
      owners?.delete(owner);
      if (owners?.size === 0) this.#byDependency.delete(one);
    }
    for (const one of dependencies) {
      const owners = this.#byDependency.get(one) ?? new Set();
      this.#byDependency.set(one, owners.add(owner));
    }
    if (dependencies.size > 0) this.#byOwner.set(owner, dependencies);
    else this.#byOwner.delete(owner);
  }

  delete(owner: string): void {
    this.set(owner, new Set());
  }

  of(dependency: Dependency): Iterable<string> {
    return [...(this.#byDependency.get(dependency) ?? [])];
  }
}
