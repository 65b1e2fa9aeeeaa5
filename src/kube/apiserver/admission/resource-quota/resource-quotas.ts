import { type Clock, type Logger, TurnsByKey } from "../../../../base/index.ts";
import type { ResourceList } from "../../../../formats/index.ts";
import {
  type Charge,
  type CountedChange,
  chargeQuotas,
  type KindSource,
  type KubeObject,
  type LimitedResource,
  manageUpdate,
  quotaEvaluatorOf,
  type ResourceQuota,
} from "../../../api/index.ts";
import type { ObjectCache } from "../../objects/object-cache.ts";
import { keyPrefix } from "../../objects/object-keys.ts";
import { type Companions, NO_COMPANIONS, type ObjectStore } from "../../objects/object-store.ts";
import { encodeForStore, type StoredObject } from "../../objects/stored-object.ts";
import type { ResourceCall } from "../../server-context.ts";
import { admissionRequest } from "../../verbs/admission-request.ts";
import type { CompanionChange } from "../../verbs/companions.ts";
import { managedKindOf } from "../../verbs/manage-fields.ts";
import type { WriteCounter } from "../../verbs/write-counter.ts";
import { refusalOf } from "../admission.ts";
import { choosePlugins, type PluginChoice } from "../choose-plugins.ts";
import { COUNTING } from "../plugin-names.ts";

/** Where a namespace's quotas lie. */
export const quotaPrefix = (namespace: string): string =>
  keyPrefix({ group: "", resource: "resourcequotas", namespaced: true }, namespace);

export interface ResourceQuotasOptions {
  objects: ObjectStore;
  cache: Pick<ObjectCache, "list">;
  kinds: KindSource;
  logger: Logger;
  clock: Clock;
  /** What may only be used where a quota speaks of it. */
  limited?: readonly LimitedResource[];
}

/** The plugin, unless it is switched off. */
export function chosenCounter(
  choice: PluginChoice | undefined,
  options: ResourceQuotasOptions,
): WriteCounter | undefined {
  return choosePlugins(choice).includes(COUNTING)
    ? new ResourceQuotas({ ...options, limited: choice?.limitedResources ?? [] })
    : undefined;
}

/**
 * Holds writes to the quotas of their namespace (plugin ResourceQuota). A quota's usage changes in the transaction that writes
 * what it counts, on the condition that nobody changed it since it was read: two at once cannot both have the last of it. What
 * is freed is counted anew by the quota controller.
 */
class ResourceQuotas implements WriteCounter {
  readonly #options: ResourceQuotasOptions;
  /** Who counts in the same namespace would only make each other try again. */
  readonly #turns = new TurnsByKey();

  constructor(options: ResourceQuotasOptions) {
    this.#options = options;
  }

  concerns({ kind, info: { namespace } }: ResourceCall): boolean {
    if (!kind.namespaced || !namespace || quotaEvaluatorOf(kind) === undefined) return false;
    const { limited = [], cache } = this.#options;
    return limited.length > 0 || cache.list(quotaPrefix(namespace)).length > 0;
  }

  async count<T>(change: CompanionChange, write: (counted: Companions) => Promise<T>): Promise<T> {
    const { kind, info } = change.call;
    const evaluator = quotaEvaluatorOf(kind)!;
    const { limited = [] } = this.#options;
    const counted = countedChange(change);
    if (!counted || !evaluator.handles(counted)) return write(NO_COMPANIONS);
    return this.#turns.run(info.namespace!, async () => {
      const quotas = await this.#quotas(info.namespace!);
      const charges = chargeQuotas(
        evaluator,
        counted,
        quotas.map(({ object }) => object as unknown as ResourceQuota),
        {
          nowMs: this.#options.clock.nowMs(),
          ...(limited.length > 0 ? { limits: { of: kind, limited } } : {}),
          refuse: (why) => refusalOf(admissionRequest(change.call, counted.operation, counted), why),
        },
      );
      return write(this.#companionsOf(quotas, charges));
    });
  }

  /** Each changed usage, on the condition that the quota is as it was read. */
  #companionsOf(quotas: readonly StoredObject[], charges: readonly Charge[]): Companions {
    const companions: Companions = { compare: [], operations: [] };
    for (const { quota, used } of charges) {
      const stored = quotas.find(({ object }) => object.metadata.name === quota.metadata.name)!;
      const { key, revision } = stored;
      const value = encodeForStore(this.#withUsage(stored, used));
      companions.compare.push({ key, target: "modRevision", operator: "=", value: revision });
      companions.operations.push({ type: "put", key, value });
    }
    return companions;
  }

  /** The server itself owns what it has counted. */
  #withUsage(stored: StoredObject, used: ResourceList): KubeObject {
    const { kinds, logger, clock } = this.#options;
    const next = stored.mutableCopy();
    next.status = { ...next.status, used };
    const kind = kinds.findByKind("", "v1", "ResourceQuota");
    if (!kind) return next;
    return manageUpdate({
      kind: managedKindOf(kinds, kind, "status"),
      live: stored.object,
      next,
      manager: "kube-apiserver",
      subresource: "status",
      nowMs: clock.nowMs(),
      onProblem: (error) =>
        logger.warn("the fields of an object are no longer managed", { key: stored.key, error }),
    });
  }

  async #quotas(namespace: string): Promise<StoredObject[]> {
    const { objects } = this.#options;
    const { items } = await objects.range(quotaPrefix(namespace), { uncounted: true });
    return items.map(({ key, value, modRevision }) => objects.fromItem(key, value, modRevision));
  }
}

function countedChange({ call, next, previous }: CompanionChange): CountedChange | undefined {
  if (next === undefined) return undefined;
  const operation = previous === undefined ? "CREATE" : "UPDATE";
  return { operation, subresource: call.info.subresource, object: next, oldObject: previous };
}
