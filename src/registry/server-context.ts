import type { Clock, Logger } from "../base/index.ts";
import type { ContentStore } from "../content/index.ts";
import { isDigest, isRepositoryPath } from "../formats/index.ts";
import type { HttpContext } from "../http/index.ts";
import { RegistryFailure } from "./server-errors.ts";
import type { Repositories } from "./server-repositories.ts";

/** What the registry's request handlers work with. */
export interface RegistryState {
  content: ContentStore;
  repositories: Repositories;
  recent: RecentBlobs;
  logger: Logger;
}

/** A client first asks for or sends blobs and then names them in a manifest: meanwhile they must not be collected. */
export class RecentBlobs {
  readonly #clock: Clock;
  readonly #lifetimeMs: number;
  readonly #untilMs = new Map<string, number>();

  constructor(clock: Clock, lifetimeMs: number) {
    this.#clock = clock;
    this.#lifetimeMs = lifetimeMs;
  }

  add(digest: string): void {
    const nowMs = this.#clock.monotonicMs();
    this.#untilMs.delete(digest);
    this.#untilMs.set(digest, nowMs + this.#lifetimeMs);
    for (const [oldest, untilMs] of this.#untilMs) {
      if (untilMs > nowMs) break;
      this.#untilMs.delete(oldest);
    }
  }

  delete(digest: string): void {
    this.#untilMs.delete(digest);
  }

  has(digest: string): boolean {
    const untilMs = this.#untilMs.get(digest);
    return untilMs !== undefined && untilMs > this.#clock.monotonicMs();
  }
}

export function repositoryName(ctx: HttpContext): string {
  const name = ctx.params.name ?? "";
  if (!isRepositoryPath(name))
    throw new RegistryFailure("NAME_INVALID", "invalid repository name", { detail: name.slice(0, 300) });
  return name;
}

export function digestParameter(text: string | null | undefined): string {
  if (!text || !isDigest(text)) {
    throw new RegistryFailure("DIGEST_INVALID", "invalid digest", { detail: text?.slice(0, 300) ?? "" });
  }
  return text;
}
