import { type Clock, GantryError, type Logger } from "../base/index.ts";
import {
  type EtcdRequestTimes,
  openEtcdStore,
  openLmdbStore,
  parseEtcdAddress,
  type Store,
} from "../store/index.ts";
import { type PlatformConfig, readConfig } from "./config.ts";
import type { HomeLayout } from "./home.ts";

/** History that watches may resume from, as etcd is compacted by Kubernetes' API server. */
const KEEP_HISTORY_MS = 5 * 60_000;

/**
 * Where the instance's declared state lies: in its home, or in an etcd cluster. Throws Unavailable when a migration, which had it
 * before, has moved it elsewhere since the configuration was read.
 */
export async function openStore(
  config: PlatformConfig,
  layout: HomeLayout,
  logger: Logger,
  clock: Clock,
  requestTimes?: EtcdRequestTimes,
): Promise<Store> {
  const store = await openConfigured(config, layout, logger, clock, requestTimes);
  if ((readConfig(layout.home)?.store ?? config.store) === config.store) return store;
  await store.close();
  throw new GantryError("Unavailable", "the store was moved while the platform started", {
    code: "Store.Moved",
    hint: "start it again",
  });
}

function openConfigured(
  config: PlatformConfig,
  layout: HomeLayout,
  logger: Logger,
  clock: Clock,
  requestTimes: EtcdRequestTimes | undefined,
): Promise<Store> {
  if (config.store === "embedded")
    return openLmdbStore({ dir: layout.store, keepHistoryMs: KEEP_HISTORY_MS, logger, clock });
  return openEtcdStore({
    ...parseEtcdAddress(config.store),
    forWatchCache: true,
    ...(requestTimes ? { requestTimes } : {}),
    keepHistoryMs: KEEP_HISTORY_MS,
    logger,
    clock,
  });
}
