import type { Clock, Logger } from "../../../base/index.ts";
import { errorMessage } from "../../../base/index.ts";
import type { Store } from "../../../store/types.ts";
import { type KubernetesServiceOptions, writeKubernetesService } from "./kubernetes-service.ts";

export interface ServedByOptions extends Omit<KubernetesServiceOptions, "addresses"> {
  /** Where this server is reached. */
  address: string;
  /** In which servers tell each other that they are there. */
  store: Store;
  logger: Logger;
  clock: Clock;
}

/** Beside the registry: one key a server, which is gone soon after its server. */
const PREFIX = "/gantry/servers/";
/** As upstream's lease reconciler of endpoints. */
const TTL_SECONDS = 15;
const RENEW_MS = 5000;

/**
 * Keeps the endpoints of the `kubernetes` Service those of the servers over this store that are there. Returns what takes this one out
 * of them.
 */
export async function keepServedBy(options: ServedByOptions): Promise<() => Promise<void>> {
  const { store, address, clock, logger } = options;
  const stop = new AbortController();
  let lease: number | undefined;
  const renew = async (): Promise<void> => {
    try {
      if (lease !== undefined) await store.keepLeaseAlive(lease);
      else lease = await announce(store, address);
    } catch {
      // It has run out while nobody could be asked.
      lease = await announce(store, address);
    }
    await writeAll(options);
  };
  await renew();
  const running = (async () => {
    while (!stop.signal.aborted) {
      await clock.sleep(RENEW_MS, stop.signal).catch(() => {});
      if (stop.signal.aborted) return;
      await renew().catch((error) =>
        logger.warn("the endpoints of the kubernetes Service cannot be kept", { error: errorMessage(error) }),
      );
    }
  })();
  return async () => {
    stop.abort();
    await running;
    await store.transact({ success: [{ type: "delete", key: PREFIX + address }] });
    await writeAll(options);
  };
}

async function announce(store: Store, address: string): Promise<number> {
  const { id } = await store.grantLease(TTL_SECONDS);
  await store.transact({
    success: [{ type: "put", key: PREFIX + address, value: Buffer.from(address), lease: id }],
  });
  return id;
}

/** The last one that leaves stays in: better a server that is away than none. */
async function writeAll(options: ServedByOptions): Promise<void> {
  const { items } = await options.store.range(PREFIX);
  const addresses = items.map(({ key }) => key.slice(PREFIX.length)).sort();
  if (addresses.length > 0) await writeKubernetesService({ ...options, addresses });
}
