import { type Clock, errorMessage, type Logger } from "../../../base/index.ts";
import type { Compare, Operation, Store } from "../../../store/types.ts";
import { ipAddresses, services } from "../../api/index.ts";
import type { ObjectCache, ObjectEvent } from "../objects/object-cache.ts";
import { keyPrefix, objectKey, placeOfKey } from "../objects/object-keys.ts";
import { encodeForStore, type StoredObject } from "../objects/stored-object.ts";
import { ALLOCATIONS } from "./pool.ts";
import { addressKey, isFromAllocator, serviceAddress, tellsService } from "./service-address.ts";
import { heldAddresses } from "./service-fields.ts";

const ADDRESSES = keyPrefix(ipAddresses);
const SERVICES = keyPrefix(services);
/** Held addresses before there were IPAddress objects. */
const FORMER_ADDRESSES = `${ALLOCATIONS}clusterips/`;
const RETRY_MS = 1000;

export interface AddressRepairOptions {
  store: Store;
  cache: ObjectCache;
  logger: Logger;
  clock: Clock;
}

/**
 * The allocator writes an IPAddress object with each Service that gets an address, and takes it away with it. Whoever
 * deletes or changes one of these objects makes an address look free that is not: that is put right here, and an object
 * that says wrongly that it is the allocator's goes (upstream RepairIPAddress).
 */
export class AddressRepair {
  readonly #options: AddressRepairOptions;

  constructor(options: AddressRepairOptions) {
    this.#options = options;
  }

  /** Holds all Services against all addresses. The cache must be loaded. */
  async repairAll(): Promise<void> {
    const { cache, store } = this.#options;
    for (const service of cache.list(SERVICES))
      for (const address of heldAddresses(service.object)) await this.#claim(address, service);
    for (const address of cache.list(ADDRESSES)) await this.#dropStray(address);
    const { items } = await store.range(FORMER_ADDRESSES, { limit: 1, keysOnly: true, uncounted: true });
    if (items.length > 0)
      await store.transact({ success: [{ type: "deletePrefix", prefix: FORMER_ADDRESSES }] });
  }

  /** Follows the addresses until the signal aborts. What fails is tried again, with all of them. */
  async run(signal: AbortSignal): Promise<void> {
    const { cache, clock, logger } = this.#options;
    for (let hasMissed = false; !signal.aborted; hasMissed = true) {
      try {
        const { revision } = cache;
        if (hasMissed) await this.repairAll();
        for await (const { events } of cache.watch(ADDRESSES, revision, signal))
          for (const event of events) await this.#follow(event);
      } catch (error) {
        logger.warn("addresses of Services are checked anew", { error: errorMessage(error) });
        await clock.sleep(RETRY_MS, signal).catch(() => {});
      }
    }
  }

  async #follow({ type, object }: ObjectEvent): Promise<void> {
    const service = this.#holderOf(object);
    if (service) await this.#claim(placeOfKey(object.key).name, service);
    else if (type !== "DELETED") await this.#dropStray(object);
  }

  /** The Service that the object names, if that has the address. */
  #holderOf({ key, object }: StoredObject): StoredObject | undefined {
    const { group, resource, namespace, name } = object.spec.parentRef ?? {};
    if (group || resource !== services.resource) return undefined;
    const service = this.#options.cache.get(objectKey(services, namespace, name ?? ""));
    return heldAddresses(service?.object).includes(placeOfKey(key).name) ? service : undefined;
  }

  /** Makes the address the Service's, unless it is, or is that of another one that has it, too. */
  async #claim(address: string, service: StoredObject): Promise<void> {
    const { cache, clock, logger } = this.#options;
    const key = addressKey(address);
    const found = cache.get(key);
    if (found && tellsService(found.object, service.object)) return;
    const holder = found && this.#holderOf(found);
    const { namespace, name } = service.object.metadata;
    if (holder && holder.key !== service.key) {
      logger.warn("an address is that of two Services", { address, namespace, name });
      return;
    }
    logger.warn("an address of a Service was not held; repaired", { address, namespace, name });
    const value = encodeForStore(serviceAddress(address, service.object, clock.nowMs()));
    await this.#write([unchanged(service.key, service), unchanged(key, found)], { type: "put", key, value });
  }

  async #dropStray(address: StoredObject): Promise<void> {
    if (!isFromAllocator(address.object) || this.#holderOf(address)) return;
    this.#options.logger.warn("an address was held by no Service; removed", {
      address: placeOfKey(address.key).name,
    });
    await this.#write([unchanged(address.key, address)], { type: "delete", key: address.key });
  }

  /** Where something has changed meanwhile, its own event comes. */
  async #write(compare: Compare[], operation: Operation): Promise<void> {
    await this.#options.store.transact({ compare, success: [operation] });
  }
}

function unchanged(key: string, object: StoredObject | undefined): Compare {
  return { key, target: "modRevision", operator: "=", value: object?.revision ?? 0 };
}
