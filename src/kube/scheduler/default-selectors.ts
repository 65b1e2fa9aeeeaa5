import { type LabelSelector, type LabelSelectorObject, labelSelectorFrom } from "../../formats/index.ts";
import {
  type Pod,
  parseApiVersion,
  replicaSets,
  replicationControllers,
  type Service,
  services,
  statefulSets,
} from "../api/index.ts";
import type { ApiObject, OwnerReference } from "../api/types.ts";
import type { Informer, InformerFactory } from "../client/index.ts";

type Controller = ApiObject & { spec: { selector?: LabelSelectorObject | Record<string, string> } };

const BY_PAIR = "services-by-first-pair";
const pairKey = (namespace: string | undefined, [name, value]: [string, string]) =>
  JSON.stringify([namespace, name, value]);

/**
 * Which pods belong together, for those that do not say how they are to be spread: the pods of the same Services and of the
 * same controller (scheduler helper DefaultSelector).
 */
export class DefaultSelectors {
  readonly #services: Informer<Service>;
  readonly #replicationControllers: Informer<Controller>;
  readonly #replicaSets: Informer<Controller>;
  readonly #statefulSets: Informer<Controller>;

  constructor(informers: InformerFactory) {
    this.#services = informers.informer<Service>(services);
    this.#replicationControllers = informers.informer<Controller>(replicationControllers);
    this.#replicaSets = informers.informer<Controller>(replicaSets);
    this.#statefulSets = informers.informer<Controller>(statefulSets);
    this.#services.addIndex(BY_PAIR, ({ metadata, spec }) => {
      const [first] = Object.entries(spec.selector ?? {});
      return first ? [pairKey(metadata.namespace, first)] : [];
    });
  }

  async synced(signal?: AbortSignal): Promise<void> {
    const all = [this.#services, this.#replicationControllers, this.#replicaSets, this.#statefulSets];
    await Promise.all(all.map((informer) => informer.synced(signal)));
  }

  /** Undefined where the pod belongs to nobody. */
  of(pod: Pod): LabelSelector | undefined {
    const ofController = this.#ofController(pod);
    const matchLabels = { ...this.#ofServices(pod), ...ofController?.matchLabels };
    const matchExpressions = ofController?.matchExpressions ?? [];
    if (Object.keys(matchLabels).length + matchExpressions.length === 0) return undefined;
    return labelSelectorFrom({ matchLabels, matchExpressions });
  }

  /** All of them select the pod, so that none contradicts another. */
  #ofServices({ metadata: { namespace, labels = {} } }: Pod): Record<string, string> {
    const all: Record<string, string> = {};
    for (const pair of Object.entries(labels)) {
      for (const { spec } of this.#services.byIndex(BY_PAIR, pairKey(namespace, pair))) {
        const wanted = Object.entries(spec.selector ?? {});
        if (wanted.every(([key, value]) => labels[key] === value)) Object.assign(all, spec.selector);
      }
    }
    return all;
  }

  #ofController({ metadata: { namespace, ownerReferences = [] } }: Pod): LabelSelectorObject | undefined {
    const owner = ownerReferences.find((one) => one.controller);
    const informer = owner && this.#informerOf(owner);
    const selector = informer?.get(`${namespace}/${owner!.name}`)?.spec.selector;
    if (informer !== this.#replicationControllers) return selector as LabelSelectorObject | undefined;
    return { matchLabels: selector as Record<string, string> };
  }

  #informerOf({ apiVersion, kind }: OwnerReference): Informer<Controller> | undefined {
    const { group } = parseApiVersion(apiVersion);
    if (group === "" && kind === "ReplicationController") return this.#replicationControllers;
    if (group !== "apps") return undefined;
    if (kind === "ReplicaSet") return this.#replicaSets;
    return kind === "StatefulSet" ? this.#statefulSets : undefined;
  }
}
