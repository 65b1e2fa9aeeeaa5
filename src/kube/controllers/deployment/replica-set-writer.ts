import { isGantryError } from "../../../base/index.ts";
import type { Deployment, ObjectMeta, ReplicaSet } from "../../api/index.ts";
import {
  deployments as deploymentsResource,
  replicaSets as replicaSetsResource,
  statusConflict,
} from "../../api/index.ts";
import type { Informer } from "../../client/index.ts";
import type { ControllerDependencies } from "../controller.ts";
import { writeOnNewest } from "../newest.ts";
import { claimChildren, controllerOf, controllerReference } from "../owner.ts";
import { selects } from "../selectors.ts";
import { unlessGone } from "../write-errors.ts";
import { replicaSetAnnotations, sizeAnnotations } from "./annotations.ts";
import { newReplicaSetSize, type ScaleDecision, wanted } from "./rollout.ts";
import { POD_TEMPLATE_HASH, sameTemplate, templateHash } from "./template.ts";

/** Writes the ReplicaSets of Deployments. What it returns is as the server answered. */
export class ReplicaSetWriter {
  readonly #dependencies: ControllerDependencies;
  readonly #replicaSets: Informer<ReplicaSet>;

  constructor(dependencies: ControllerDependencies, replicaSets: Informer<ReplicaSet>) {
    this.#dependencies = dependencies;
    this.#replicaSets = replicaSets;
  }

  /** The Deployment's ReplicaSets; adopts and releases. */
  claim(deployment: Deployment): Promise<ReplicaSet[]> {
    return claimChildren({
      client: this.#dependencies.client,
      owner: deployment,
      ownerResource: deploymentsResource,
      children: this.#replicaSets,
      childResource: replicaSetsResource,
      matches: (set) => selects(deployment, set),
    });
  }

  /** Makes the ReplicaSet of the Deployment's template, with as many replicas as may run at once. */
  async create(deployment: Deployment, old: readonly ReplicaSet[], revision: bigint): Promise<ReplicaSet> {
    const draft = draftOf(deployment, revision);
    draft.spec.replicas = newReplicaSetSize(deployment, draft, [draft, ...old]);
    try {
      const created = await this.#dependencies.client.create(replicaSetsResource, draft);
      if (draft.spec.replicas > 0) this.#tellScaling(deployment, created, 0);
      return created;
    } catch (error) {
      if (!isGantryError(error, "AlreadyExists")) throw error;
      return await this.#resolveCollision(deployment, draft, error);
    }
  }

  /** Sets sizes, one after the other, and tells about those that changed; returns all of `sets` as they then are. */
  async resize(
    deployment: Deployment,
    sets: readonly ReplicaSet[],
    decisions: readonly ScaleDecision[],
  ): Promise<ReplicaSet[]> {
    const changed = new Map<string, ReplicaSet>();
    for (const { replicaSet, replicas } of decisions) {
      const before = wanted(replicaSet);
      const updated = await this.#update(replicaSet, sizeAnnotations(deployment), { replicas });
      changed.set(updated.metadata.uid, updated);
      if (before !== replicas) this.#tellScaling(deployment, updated, before);
    }
    return sets.map((set) => changed.get(set.metadata.uid) ?? set);
  }

  /** Brings what the new ReplicaSet copies from its Deployment up to date. */
  annotate(deployment: Deployment, set: ReplicaSet, revision: bigint): Promise<ReplicaSet> {
    const { minReadySeconds = 0 } = deployment.spec;
    return this.#update(set, replicaSetAnnotations(deployment, set, revision), { minReadySeconds });
  }

  async remove(set: ReplicaSet): Promise<void> {
    const { namespace, name, uid } = set.metadata;
    await unlessGone(
      this.#dependencies.client.delete(replicaSetsResource, namespace, name, { preconditions: { uid } }),
    );
  }

  /** Writes only what differs, over the newest status, but never over another writer's spec. */
  async #update(
    set: ReplicaSet,
    annotations: Record<string, string>,
    fields: { replicas?: number; minReadySeconds?: number },
  ): Promise<ReplicaSet> {
    const known = set.metadata.annotations ?? {};
    const sameNotes = Object.entries(annotations).every(([key, value]) => known[key] === value);
    const sameFields = Object.entries(fields).every(
      ([field, value]) => (set.spec[field as keyof typeof fields] ?? 0) === value,
    );
    if (sameNotes && sameFields) return set;
    return writeOnNewest(this.#replicaSets, set, (base) => {
      const isOverwriting = base.metadata.generation !== set.metadata.generation;
      if (isOverwriting) throw statusConflict(replicaSetsResource, set.metadata.name);
      return this.#dependencies.client.update(replicaSetsResource, {
        ...base,
        metadata: { ...base.metadata, annotations: { ...base.metadata.annotations, ...annotations } },
        spec: { ...base.spec, ...fields },
      });
    });
  }

  /**
   * The name is taken: by our own earlier attempt, or by another template with the same hash. For that one the count in the
   * status makes the next attempt's hash another.
   */
  async #resolveCollision(
    deployment: Deployment,
    draft: ReplicaSetDraft,
    error: unknown,
  ): Promise<ReplicaSet> {
    const { client } = this.#dependencies;
    const existing = await client.get(replicaSetsResource, draft.metadata.namespace, draft.metadata.name);
    const isOurs = controllerOf(existing)?.uid === deployment.metadata.uid;
    if (isOurs && sameTemplate(existing.spec.template!, deployment.spec.template)) return existing;
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    await client.updateStatus(deploymentsResource, {
      ...deployment,
      status: { ...deployment.status, collisionCount },
    });
    throw error;
  }

  #tellScaling(deployment: Deployment, set: ReplicaSet, before: number): void {
    const direction = wanted(set) > before ? "up" : "down";
    const text = `Scaled ${direction} replica set ${set.metadata.name} from ${before} to ${wanted(set)}`;
    this.#dependencies.recorder.event(deployment, "Normal", "ScalingReplicaSet", text);
  }
}

/** The name that a ReplicaSet of the Deployment's present template gets. */
export function newReplicaSetName({ metadata, spec, status }: Deployment): string {
  return `${metadata.name}-${templateHash(spec.template, status?.collisionCount ?? 0)}`;
}

type ReplicaSetDraft = Pick<ReplicaSet, "apiVersion" | "kind" | "spec"> & {
  metadata: Pick<ObjectMeta, "name" | "namespace" | "labels" | "annotations" | "ownerReferences">;
};

function draftOf(deployment: Deployment, revision: bigint): ReplicaSetDraft {
  const { selector, template, minReadySeconds = 0 } = deployment.spec;
  const hash = templateHash(template, deployment.status?.collisionCount ?? 0);
  const labels = { ...template.metadata?.labels, [POD_TEMPLATE_HASH]: hash };
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace!,
      labels,
      annotations: {
        ...replicaSetAnnotations(deployment, undefined, revision),
        ...sizeAnnotations(deployment),
      },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: 0,
      ...(minReadySeconds > 0 ? { minReadySeconds } : {}),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [POD_TEMPLATE_HASH]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}
