import { backoffMs, errorMessage, GantryError, type Logger } from "../../base/index.ts";
import type { ResourceRef } from "./types.ts";

/** The first retry is soon, for a server in the same process that is just about to listen. */
const UNREACHABLE = { initialMs: 100, maxMs: 30_000 };
/** What the server has refused it will refuse again: client-go's reflector waits as long. */
const REFUSED = { initialMs: 800, maxMs: 30_000 };
/** A server that starts may refuse and be away for a moment. */
const TOLD_AFTER = { unreachable: 5, refused: 2 };

interface Trouble {
  what: string;
  isRefusal: boolean;
}

/**
 * What keeps a reflector from following its resource. Like client-go's it tries for ever, ever more seldom, since a role, a
 * kind or a server may come back; what stands in its way is told once, and so is its end.
 */
export class ReflectorTrouble {
  readonly #resource: ResourceRef;
  readonly #logger: Logger;
  #failures = 0;
  #what = "";
  #told = false;

  constructor(resource: ResourceRef, logger: Logger) {
    this.#resource = resource;
    this.#logger = logger;
  }

  /** Notes a failure; how long to wait before the next try. */
  failed(error: unknown): number {
    const { what, isRefusal } = this.#troubleOf(error);
    if (what !== this.#what) {
      this.#what = what;
      this.#failures = 0;
      this.#told = false;
    }
    const delayMs = backoffMs(this.#failures++, isRefusal ? REFUSED : UNREACHABLE) * (0.5 + Math.random());
    this.#logger.debug("watch was interrupted", {
      error: errorMessage(error),
      retryInMs: Math.round(delayMs),
    });
    if (!this.#told && this.#failures >= (isRefusal ? TOLD_AFTER.refused : TOLD_AFTER.unreachable)) {
      this.#told = true;
      this.#logger.warn(what, { error: errorMessage(error) });
    }
    return delayMs;
  }

  /** What stood in the way may be gone: the next failure counts as the first. */
  reconsider(): void {
    this.#failures = 0;
  }

  /** The server answers as it should. */
  over(): void {
    if (this.#told) this.#logger.info(`${this.#name()} can be read again`);
    this.#failures = 0;
    this.#what = "";
    this.#told = false;
  }

  #troubleOf(error: unknown): Trouble {
    const kind = error instanceof GantryError ? error.kind : undefined;
    const name = this.#name();
    switch (kind) {
      case "PermissionDenied":
        return { what: `${name} may not be listed and watched`, isRefusal: true };
      case "Unauthenticated":
        return { what: `the API server does not know who asks for ${name}`, isRefusal: true };
      case "NotFound":
      case "NotImplemented":
        return { what: `the API server does not serve ${name}`, isRefusal: true };
      case "InvalidArgument":
        return { what: `the API server refuses to list ${name}`, isRefusal: true };
      case "ResourceExhausted":
        return { what: "the API server is too busy", isRefusal: true };
      default:
        return { what: "cannot reach the API server", isRefusal: false };
    }
  }

  #name(): string {
    const { group, version, resource } = this.#resource;
    return group === "" ? resource : `${resource}.${version}.${group}`;
  }
}
