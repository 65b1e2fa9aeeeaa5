import type { Clock, Logger } from "../base/index.ts";
import { openEtcdStore, openLmdbStore, parseEtcdAddress, type Store } from "../store/index.ts";
import type { PlatformConfig } from "./config.ts";
import type { HomeLayout } from "./home.ts";

/** History that watches may resume from, as etcd is compacted by Kubernetes' API server. */
const KEEP_HISTORY_MS = 5 * 60_000;

/** Where the instance's declared state lies: in its home, or in an etcd cluster. */
export function openStore(
  config: PlatformConfig,
  layout: HomeLayout,
  logger: Logger,
  clock: Clock,
): Promise<Store> {
  if (config.store === "embedded")
    return openLmdbStore({ dir: layout.store, keepHistoryMs: KEEP_HISTORY_MS, logger, clock });
  return openEtcdStore({
    ...parseEtcdAddress(config.store),
    keepHistoryMs: KEEP_HISTORY_MS,
    logger,
    clock,
  });
}
