import {
  BatchedWrites,
  type Clock,
  errorMessage,
  GantryError,
  type Service as LifecycleService,
  type Logger,
  type ServiceContext,
  systemClock,
} from "../../base/index.ts";
import {
  type Namespace,
  type NetworkPolicy,
  namespaces,
  networkPolicies,
  type Pod,
  pods,
} from "../api/index.ts";
import type { Informer, InformerFactory, KubeClient } from "../client/types.ts";
import type { Family } from "./address-ranges.ts";
import { type PolicedPod, policedPodOf } from "./policed-pod.ts";
import { PolicyWorld } from "./policy-world.ts";
import { removeTable, TableWriter } from "./table-writer.ts";

export interface NetworkPoliciesOptions {
  informers: InformerFactory;
  /** Asked for a pod's policies before it starts; absent: what the informers know by then counts. */
  client?: KubeClient;
  nodeName: string;
  instanceId: string;
  /** Those that pods of the cluster may have addresses of; IPv4 if absent. */
  families?: readonly Family[];
  /** Addresses of this node at which the cluster's name service answers, on port 53. */
  nameServers: readonly string[];
  logger: Logger;
  clock?: Clock;
  /** Names of services that must be ready first. */
  needs?: readonly string[];
}

/** How often it is checked that the table is still there. */
const CHECK_PERIOD_MS = 5_000;
/** How long a pod's start waits for rules that cannot be written before it fails, to be tried again. */
const GUARD_TIMEOUT_MS = 10_000;
/** How long a pod's start waits for the API to say which policies there are. */
const API_TIMEOUT_MS = 2_000;
/** As an address' owner: what the node says counts more than any status. */
const NEWER_THAN_ALL = 2 ** 52;
/** Stands for the pods that the cluster's name service has elsewhere, under the labels that policies know them by. */
const NAME_SERVICE = "name service";

/**
 * Enforces NetworkPolicies on the pods of this node: follows policies, namespaces and pods, and keeps an nftables table
 * that drops what they do not allow. Where there is no policy there is no table. The rules stay when the program stops.
 */
export class NetworkPolicies implements LifecycleService {
  readonly name = "network-policy";
  readonly needs: readonly string[];
  readonly #options: NetworkPoliciesOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #namespaces: Informer<Namespace>;
  readonly #policies: Informer<NetworkPolicy>;
  /** Asked for with the first policy: without one nobody has to know all pods of the cluster. */
  #pods: Informer<Pod> | undefined;
  readonly #world: PolicyWorld;
  readonly #writer: TableWriter;
  /** Pods of this node whose network the node itself has told of, as they were last seen. */
  readonly #guarded = new Map<
    string,
    { pod: Pod; addresses: readonly string[]; rank: number; isGone: boolean }
  >();
  readonly #writes: BatchedWrites;
  /** Of the newest policy that was heard of, or that was heard to be gone. */
  #policyRevision = 0;
  readonly #stops: (() => void)[] = [];
  #isRunning = false;
  #lastRank = 0;

  constructor(options: NetworkPoliciesOptions) {
    const { informers, instanceId, families = [4], nameServers } = options;
    this.#options = options;
    this.needs = options.needs ?? [];
    this.#logger = options.logger.with({ component: "network-policy" });
    this.#clock = options.clock ?? systemClock;
    this.#namespaces = informers.informer<Namespace>(namespaces);
    this.#policies = informers.informer<NetworkPolicy>(networkPolicies);
    const servers = nameServers.map((address) => ({ family: familyOf(address), address }));
    this.#world = new PolicyWorld({
      table: policyTableName(instanceId),
      families,
      nameServers: servers.filter(({ family }) => families.includes(family)),
    });
    this.#writer = new TableWriter(this.#world.table, this.#logger);
    this.#writes = new BatchedWrites({
      clock: this.#clock,
      mayWrite: () => this.#mayWrite,
      write: () => (this.#world.isEmpty ? this.#writer.remove() : this.#writer.write()),
      onFailure: (error) =>
        this.#logger.error("policies cannot be written to nftables", { error: errorMessage(error) }),
      collectGarbage: () => this.#writer.collectGarbage(),
    });
    this.#world.setPod(NAME_SERVICE, nameService(nameServers));
  }

  async run({ signal, ready }: ServiceContext): Promise<void> {
    const stopChecking = this.#clock.every(CHECK_PERIOD_MS, () => this.#check(), { unref: true });
    this.#subscribe();
    try {
      // Until all are complete the rules of the last run serve better than some of the new ones.
      await Promise.all([this.#namespaces.synced(signal), this.#policies.synced(signal)]);
      await this.#pods?.synced(signal);
      this.#isRunning = true;
      this.#writer.takeOver();
      this.#writes.flush();
      ready();
      await aborted(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#isRunning = false;
      stopChecking();
      this.#writes.stop();
      for (const stop of this.#stops.splice(0)) stop();
    }
  }

  /**
   * To be called when a pod of this node has its addresses, before anything of it runs. Resolves once its policies are
   * enforced at them: all that the API has now, if it can be asked. Rejects when the signal aborts, and when the rules cannot
   * be written: then the pod must not run.
   */
  async guard(pod: Pod, addresses: readonly string[], signal: AbortSignal): Promise<void> {
    const { uid, namespace = "" } = pod.metadata;
    const known = this.#guarded.get(uid);
    if (known && !known.isGone && known.addresses.join() === addresses.join()) {
      await this.#until(() => true, signal);
      return;
    }
    const rank = NEWER_THAN_ALL + ++this.#lastRank;
    this.#guarded.set(uid, { pod: this.#latest(pod), addresses: [...addresses], rank, isGone: false });
    this.#seePod(uid);
    const revision = await this.#newestPolicyOf(namespace, signal);
    if (!this.#writes.isFailing) this.#writes.flush();
    await this.#until(() => this.#policyRevision >= revision, signal);
  }

  /** To be called when a pod's network is gone: until then its policies hold, even if the API knows it no more. */
  release(uid: string): void {
    const known = this.#guarded.get(uid);
    if (!known) return;
    // For as long as the API knows the pod, its status tells of addresses that others may have.
    if (this.#podByUid(known.pod)) Object.assign(known, { addresses: [], isGone: true });
    else this.#guarded.delete(uid);
    this.#seePod(uid);
  }

  /** Removes all rules. */
  destroy(): void {
    removeTable(policyTableName(this.#options.instanceId));
  }

  #subscribe(): void {
    this.#stops.push(
      this.#namespaces.subscribe({
        onAdd: ({ metadata }) => this.#setNamespace(metadata.name, metadata.labels ?? {}),
        onUpdate: ({ metadata }) => this.#setNamespace(metadata.name, metadata.labels ?? {}),
        onDelete: ({ metadata }) => this.#setNamespace(metadata.name, undefined),
      }),
      this.#policies.subscribe({
        onAdd: (policy) => this.#setPolicy(policy, policy),
        onUpdate: (policy) => this.#setPolicy(policy, policy),
        onDelete: (policy) => this.#setPolicy(policy, undefined),
      }),
    );
  }

  #followPods(): void {
    const informer = this.#options.informers.informer<Pod>(pods);
    this.#pods = informer;
    this.#stops.push(
      informer.subscribe({
        onAdd: (pod) => this.#onPod(pod),
        onUpdate: (pod) => this.#onPod(pod),
        onDelete: (pod) => this.#onPodGone(pod),
      }),
    );
    informer.synced().then(
      () => this.#writes.touch(),
      (error) => this.#logger.debug("pods are not known yet", { error: errorMessage(error) }),
    );
  }

  /** Half of what there is would let through, or cut off, what all of it does not. */
  get #mayWrite(): boolean {
    return this.#isRunning && (this.#pods?.hasSynced ?? true);
  }

  #onPod(pod: Pod): void {
    const known = this.#guarded.get(pod.metadata.uid);
    if (known && revisionOf(pod) >= revisionOf(known.pod)) known.pod = pod;
    this.#seePod(pod.metadata.uid, pod);
  }

  #onPodGone({ metadata: { uid } }: Pod): void {
    if (this.#guarded.get(uid)?.isGone) this.#guarded.delete(uid);
    this.#seePod(uid);
  }

  #seePod(uid: string, object?: Pod): void {
    const guarded = this.#guarded.get(uid);
    const pod = guarded?.pod ?? object;
    const { nodeName } = this.#options;
    const { addresses, rank } = guarded ?? {};
    this.#world.setPod(uid, pod && policedPodOf({ pod, nodeName, addresses, rank }));
    this.#writes.touch();
  }

  #setNamespace(name: string, labels: Record<string, string> | undefined): void {
    this.#world.setNamespace(name, labels);
    this.#writes.touch();
  }

  #setPolicy(told: NetworkPolicy, policy: NetworkPolicy | undefined): void {
    const { metadata } = told;
    this.#policyRevision = Math.max(this.#policyRevision, revisionOf(told));
    if (policy && !this.#pods) this.#followPods();
    this.#world.setPolicy(`${metadata.namespace}/${metadata.name}`, policy);
    this.#writes.touch();
  }

  #podByUid({ metadata: { namespace, name, uid } }: Pod): Pod | undefined {
    const pod = this.#pods?.get(`${namespace}/${name}`);
    return pod?.metadata.uid === uid ? pod : undefined;
  }

  /** The caller may have seen more of the pod than the informer here, or less. */
  #latest(pod: Pod): Pod {
    const seen = this.#podByUid(pod);
    return seen && revisionOf(seen) > revisionOf(pod) ? seen : pod;
  }

  /** What is told of policies may come later than what is told of pods. */
  async #newestPolicyOf(namespace: string, signal: AbortSignal): Promise<number> {
    const { client } = this.#options;
    if (!client) return 0;
    const late = Promise.withResolvers<never>();
    const cancel = this.#clock.after(API_TIMEOUT_MS, () => late.reject(new Error("no answer")));
    try {
      const listing = client.list(networkPolicies, { namespace, signal });
      const { items } = await Promise.race([listing, late.promise]);
      return Math.max(0, ...items.map(revisionOf));
    } catch (error) {
      // Away from the API pods go on under the policies that are known here.
      this.#logger.debug("policies cannot be asked for", { namespace, error: errorMessage(error) });
      return 0;
    } finally {
      cancel();
    }
  }

  /** Resolves when it holds, and all that is known is written. */
  async #until(holds: () => boolean, signal: AbortSignal): Promise<void> {
    const late = new AbortController();
    const cancel = this.#clock.after(GUARD_TIMEOUT_MS, () => late.abort(notEnforced()));
    try {
      await this.#writes.until(holds, AbortSignal.any([signal, late.signal]));
    } finally {
      cancel();
    }
  }

  /** Somebody may have flushed all tables (a firewall's reload does). */
  #check(): void {
    if (!this.#isRunning || this.#writes.isFailing || this.#writer.check()) return;
    this.#logger.warn("the table of policies is gone; writing it again");
    this.#writes.touch();
  }
}

export function policyTableName(instanceId: string): string {
  return `gantry_${instanceId}_netpol`;
}

function nameService(addresses: readonly string[]): PolicedPod {
  return {
    uid: NAME_SERVICE,
    namespace: "kube-system",
    labels: { "k8s-app": "kube-dns" },
    addresses,
    ports: [
      { name: "dns", protocol: "udp", port: 53 },
      { name: "dns-tcp", protocol: "tcp", port: 53 },
    ],
    isLocal: false,
    rank: Number.MAX_SAFE_INTEGER,
  };
}

function notEnforced(): GantryError {
  return new GantryError("Unavailable", "network policies cannot be enforced", {
    code: "NetworkPolicy.NotWritten",
  });
}

const familyOf = (address: string): Family => (address.includes(":") ? 6 : 4);

function revisionOf({ metadata }: Pod | NetworkPolicy): number {
  return Number(metadata.resourceVersion ?? 0);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
