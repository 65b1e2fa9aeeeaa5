import type { ScrapeTarget } from "./scrape-target.ts";

/** Targets, and who wants each of them: a pod for itself, or Services. */
export class TargetTable {
  /** Of a pod (`pod/NAMESPACE/NAME`) or a Service (`service/NAMESPACE/NAME`), the keys of what it wants. */
  readonly #wanted = new Map<string, readonly string[]>();
  readonly #targets = new Map<string, { target: ScrapeTarget; wantedBy: Set<string> }>();

  get(key: string): ScrapeTarget | undefined {
    return this.#targets.get(key)?.target;
  }

  get size(): number {
    return this.#targets.size;
  }

  /** Names of the Services that want a target, sorted. */
  servicesOf(key: string): string[] {
    return [...(this.#targets.get(key)?.wantedBy ?? [])]
      .filter((owner) => owner.startsWith("service/"))
      .map((owner) => owner.slice(owner.lastIndexOf("/") + 1))
      .sort();
  }

  /** Takes down what somebody wants; returns the keys of targets that were not there before, and of those that nobody wants any more. */
  set(owner: string, targets: readonly ScrapeTarget[]): { added: string[]; removed: string[] } {
    const keys = targets.map(({ key }) => key);
    const before = this.#wanted.get(owner) ?? [];
    if (keys.length > 0) this.#wanted.set(owner, keys);
    else this.#wanted.delete(owner);
    const added: string[] = [];
    for (const target of targets) {
      const known = this.#targets.get(target.key);
      if (known) known.wantedBy.add(owner);
      else {
        this.#targets.set(target.key, { target, wantedBy: new Set([owner]) });
        added.push(target.key);
      }
    }
    const kept = new Set(keys);
    const removed = before.filter((key) => !kept.has(key) && this.#leave(key, owner));
    return { added, removed };
  }

  #leave(key: string, owner: string): boolean {
    const known = this.#targets.get(key);
    known?.wantedBy.delete(owner);
    return known?.wantedBy.size === 0 && this.#targets.delete(key);
  }
}
