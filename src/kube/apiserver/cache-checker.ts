import { type Clock, errorMessage, GantryError, type Logger } from "../../base/index.ts";
import { type CheckedGroup, checkCache, type Store, type WatchCache } from "../../store/index.ts";
import type { ApiServerMetrics } from "./metrics.ts";
import { REGISTRY, resourceOfKey } from "./objects/object-keys.ts";
import type { StoredObject } from "./objects/stored-object.ts";

/** As Kubernetes does (storage/cacher/consistency). */
const INTERVAL_MS = 5 * 60_000;
const STRICT_INTERVAL_MS = 1000;

export interface CacheCheckerOptions {
  store: Store;
  cache: WatchCache<StoredObject>;
  metrics: ApiServerMetrics;
  logger: Logger;
  clock: Clock;
  /**
   * Every second and bytes too, and a difference ends the server instead of being healed: for tests. Default: where the
   * environment has GANTRY_VERIFY=all.
   */
  strict?: boolean;
}

/** Checks now and then that the watch cache shows what the store holds; where it does not, it is told, counted, and loads anew. */
export class CacheChecker {
  readonly #options: CacheCheckerOptions;
  readonly #strict: boolean;

  constructor(options: CacheCheckerOptions) {
    this.#options = options;
    this.#strict = options.strict ?? process.env.GANTRY_VERIFY === "all";
  }

  /** Runs until the signal aborts; throws `Kubernetes.CacheDiffers` on a difference when strict. */
  async run(signal: AbortSignal): Promise<void> {
    const intervalMs = this.#strict ? STRICT_INTERVAL_MS : INTERVAL_MS;
    while (!signal.aborted) {
      await this.#options.clock.sleep(intervalMs, signal).catch(() => {});
      if (!signal.aborted) await this.check();
    }
  }

  /** False where something differed. */
  async check(): Promise<boolean> {
    const groups = await this.#compare();
    let isConsistent = true;
    for (const [resource, group] of groups) {
      this.#options.metrics.countConsistencyCheck(resource, group.first ? "failure" : "success");
      if (!group.first) continue;
      isConsistent = false;
      this.#tell(resource, group);
    }
    if (!isConsistent) this.#options.cache.reload();
    return isConsistent;
  }

  async #compare(): Promise<ReadonlyMap<string, CheckedGroup>> {
    const { store, cache, metrics, logger } = this.#options;
    try {
      const report = await checkCache({
        store,
        cache,
        prefix: REGISTRY,
        groupOf: resourceOfKey,
        ...(this.#strict ? { bytesOf: (object: StoredObject) => object.bytes } : {}),
      });
      if (report) return report.groups;
      logger.warn("the watch cache could not be checked: compactions were faster");
    } catch (error) {
      logger.warn("the watch cache could not be checked", { error: errorMessage(error) });
    }
    metrics.countConsistencyCheck("", "error");
    return new Map();
  }

  #tell(resource: string, { differences, first }: CheckedGroup): void {
    const message = `the watch cache differs from the store in ${differences} ${resource}`;
    if (this.#strict)
      throw new GantryError("Internal", message, { code: "Kubernetes.CacheDiffers", details: { first } });
    this.#options.logger.error(`${message}; it loads anew`, { ...first });
  }
}
