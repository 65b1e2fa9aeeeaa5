import type { KubeObject } from "../../../src/kube/api/index.ts";
import type { Informer } from "../../../src/kube/client/index.ts";

/** What one client has seen of some objects: that nothing it sees later is older. */
export class VersionGuard {
  /** Sentences about what went backwards. */
  readonly violations: string[] = [];
  readonly #seen = new Map<string, number>();

  see(how: string, { metadata }: KubeObject): void {
    this.#advance(`${how}: ${metadata.name}`, metadata.name, Number(metadata.resourceVersion));
  }

  /** A list's own version may not go back either. */
  seeList(how: string, resourceVersion: string): void {
    this.#advance(`${how}: the list`, "", Number(resourceVersion));
  }

  follow(informer: Informer): void {
    informer.subscribe({
      onAdd: (object) => this.see("informer, added", object),
      onUpdate: (object) => this.see("informer, changed", object),
      onDelete: (object) => this.see("informer, deleted", object),
    });
  }

  #advance(what: string, key: string, version: number): void {
    const seen = this.#seen.get(key) ?? 0;
    if (version < seen) this.violations.push(`${what} at ${version} after ${seen}`);
    this.#seen.set(key, Math.max(seen, version));
  }
}
