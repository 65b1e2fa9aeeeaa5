import { randomUUID } from "node:crypto";
import type { Clock } from "../base/index.ts";
import type { ContentLease } from "./types.ts";

/**
 * Who needs which blob right now. Leases live in memory: whatever was under way when the program stopped is under way no
 * more. `generation` numbers the collections, so that a blob that was in use since the previous one began is left alone.
 */
export class Leases {
  readonly #clock: Clock;
  readonly #leases = new Map<string, { digests: Set<string>; expiresAtMs: number }>();
  readonly #lastUse = new Map<string, number>();
  #generation = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  grant(digests: readonly string[], ttlMs: number | undefined): ContentLease {
    const id = randomUUID();
    const expiresAtMs = ttlMs === undefined ? Number.POSITIVE_INFINITY : this.#clock.monotonicMs() + ttlMs;
    const held = new Set(digests);
    this.#leases.set(id, { digests: held, expiresAtMs });
    return {
      id,
      add: (digest) => {
        held.add(digest);
      },
      release: async () => {
        if (this.#leases.delete(id)) for (const digest of held) this.touch(digest);
      },
    };
  }

  touch(digest: string): void {
    this.#lastUse.set(digest, this.#generation);
  }

  isHeld(digest: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    for (const [id, lease] of this.#leases) {
      if (lease.expiresAtMs <= nowMs) this.#leases.delete(id);
      else if (lease.digests.has(digest)) return true;
    }
    return false;
  }

  /** Starts a collection: returns the test for blobs that were in use since the previous one began. */
  beginCollection(): (digest: string) => boolean {
    const generation = this.#generation++;
    for (const [digest, used] of this.#lastUse) if (used < generation) this.#lastUse.delete(digest);
    return (digest) => (this.#lastUse.get(digest) ?? -1) >= generation;
  }
}
