import { errorMessage } from "../../../base/index.ts";
import {
  deployments as deploymentsResource,
  labelSelectorText,
  type Pod,
  type PodDisruptionBudget,
  parseApiVersion,
  replicaSets as replicaSetsResource,
  replicationControllers as replicationControllersResource,
  statefulSets as statefulSetsResource,
} from "../../api/index.ts";
import type { ApiObject, OwnerReference } from "../../api/types.ts";
import type { Informer } from "../../client/index.ts";
import type { ControllerDependencies } from "../controller.ts";
import { resolveIntOrPercent } from "../deployment/rollout.ts";
import { controllerOf } from "../owner.ts";
import { scaleOf } from "./owner-scale.ts";

export interface ExpectedCounts {
  expectedPods: number;
  desiredHealthy: number;
}

type Scaled = ApiObject & { spec: { replicas?: number } };

/** How many pods a budget's pods are to be by those who control them, and how many of them must be healthy. */
export class ExpectedPods {
  readonly #dependencies: ControllerDependencies;
  readonly #deployments: Informer<Scaled>;
  readonly #replicaSets: Informer<Scaled>;
  readonly #replicationControllers: Informer<Scaled>;
  readonly #statefulSets: Informer<Scaled>;

  constructor(dependencies: ControllerDependencies) {
    this.#dependencies = dependencies;
    const { informers } = dependencies;
    this.#deployments = informers.informer(deploymentsResource);
    this.#replicaSets = informers.informer(replicaSetsResource);
    this.#replicationControllers = informers.informer(replicationControllersResource);
    this.#statefulSets = informers.informer(statefulSetsResource);
  }

  get informers(): readonly Informer<Scaled>[] {
    return [this.#deployments, this.#replicaSets, this.#replicationControllers, this.#statefulSets];
  }

  async of(budget: PodDisruptionBudget, pods: readonly Pod[]): Promise<ExpectedCounts> {
    const { minAvailable, maxUnavailable } = budget.spec;
    if (maxUnavailable === undefined && typeof minAvailable === "number")
      return { expectedPods: pods.length, desiredHealthy: minAvailable };
    if (maxUnavailable === undefined && minAvailable === undefined)
      return { expectedPods: 0, desiredHealthy: 0 };
    const expectedPods = await this.#scale(budget, pods);
    const amount = resolveIntOrPercent(maxUnavailable ?? minAvailable, expectedPods, true);
    const desiredHealthy = maxUnavailable === undefined ? amount : Math.max(0, expectedPods - amount);
    return { expectedPods, desiredHealthy };
  }

  async #scale(budget: PodDisruptionBudget, pods: readonly Pod[]): Promise<number> {
    try {
      return await this.#sumOfScales(budget, pods);
    } catch (error) {
      const message = `Failed to calculate the number of expected pods: ${errorMessage(error)}`;
      this.#dependencies.recorder.event(budget, "Warning", "CalculateExpectedPodCountFailed", message);
      throw error;
    }
  }

  async #sumOfScales(budget: PodDisruptionBudget, pods: readonly Pod[]): Promise<number> {
    const scales = new Map<string, number>();
    let unmanaged = 0;
    for (const pod of pods) {
      const owner = controllerOf(pod);
      if (!owner) unmanaged++;
      else if (!scales.has(owner.uid)) {
        const found = await this.#find(owner, pod.metadata.namespace!);
        if (!found) throw new Error(`found no controllers for pod ${JSON.stringify(pod.metadata.name)}`);
        scales.set(found.uid, found.replicas);
      }
    }
    if (unmanaged > 0) this.#tellUnmanaged(budget);
    return [...scales.values()].reduce((sum, one) => sum + one, 0);
  }

  #tellUnmanaged(budget: PodDisruptionBudget): void {
    const message = `Pods selected by this PodDisruptionBudget (selector: ${labelSelectorText(budget.spec.selector)}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`;
    this.#dependencies.recorder.event(budget, "Warning", "UnmanagedPods", message);
  }

  /** Who decides how many there are: of a Deployment's ReplicaSet the Deployment does. */
  async #find(owner: OwnerReference, namespace: string): Promise<Scale | undefined> {
    const { group } = parseApiVersion(owner.apiVersion);
    if (owner.kind === "ReplicationController" && group === "")
      return known(this.#replicationControllers, owner, namespace) ?? this.#ask(owner, namespace);
    if (owner.kind === "StatefulSet" && group === "apps")
      return known(this.#statefulSets, owner, namespace) ?? this.#ask(owner, namespace);
    if (owner.kind !== "ReplicaSet" || group !== "apps") return this.#ask(owner, namespace);
    const replicaSet = find(this.#replicaSets, owner, namespace);
    const above = replicaSet && controllerOf(replicaSet);
    if (replicaSet && above?.kind !== "Deployment") return scaleOfWorkload(replicaSet);
    const deployment = above && known(this.#deployments, above, namespace);
    return deployment ?? this.#ask(owner, namespace);
  }

  #ask(owner: OwnerReference, namespace: string): Promise<Scale | undefined> {
    return scaleOf(this.#dependencies, owner, namespace);
  }
}

export interface Scale {
  uid: string;
  replicas: number;
}

function find(informer: Informer<Scaled>, { name, uid }: OwnerReference, namespace: string) {
  const object = informer.get(`${namespace}/${name}`);
  return object?.metadata.uid === uid ? object : undefined;
}

function known(informer: Informer<Scaled>, owner: OwnerReference, namespace: string): Scale | undefined {
  const object = find(informer, owner, namespace);
  return object && scaleOfWorkload(object);
}

const scaleOfWorkload = ({ metadata, spec }: Scaled): Scale => ({
  uid: metadata.uid,
  replicas: spec.replicas ?? 1,
});
