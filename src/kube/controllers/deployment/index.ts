import { isGantryError } from "../../../base/index.ts";
import { labelSelectorFrom } from "../../../formats/index.ts";
import { deployments as deploymentsResource, pods as podsResource, replicaSets as replicaSetsResource } from "../../api/index.ts";
import type { KubeObject } from "../../api/types.ts";
import { type Controller, type ControllerDependencies, createController, type Enqueue } from "../controller.ts";
import { keyOf } from "../object-key.ts";
import { adoptionPatch, claim, controllerOf, controllerReference, releasePatch } from "../owner.ts";
import { isFinished } from "../pod-state.ts";
import { DESIRED_REPLICAS, REVISION, replicaSetAnnotations, revisionOf, sizeAnnotations } from "./annotations.ts";
import { byCreation, newReplicaSetSize, proportionalSizes, type ScaleDecision, shrinkOldReplicaSets } from "./rollout.ts";
import { countStatus, deadlineInMs, updateConditions } from "./status.ts";
import { findNewReplicaSet, POD_TEMPLATE_HASH, sameTemplate, templateHash } from "./template.ts";

/** Rolls a Deployment's pod template out through ReplicaSets. */
export function createDeploymentController(dependencies: ControllerDependencies): Controller {
  const { client, informers, recorder, clock } = dependencies;
  const deployments = informers.informer(deploymentsResource);
  const replicaSets = informers.informer(replicaSetsResource);
  const pods = informers.informer(podsResource);

  const matches = (deployment: KubeObject, set: KubeObject) =>
    labelSelectorFrom(deployment.spec.selector).matches(set.metadata.labels ?? {});

  const concerned = (set: KubeObject): string[] => {
    const owner = controllerOf(set);
    if (owner) return owner.kind === "Deployment" ? [`${set.metadata.namespace}/${owner.name}`] : [];
    const keys: string[] = [];
    for (const one of deployments.list(set.metadata.namespace)) if (matches(one, set)) keys.push(keyOf(one));
    return keys;
  };

  const claimReplicaSets = async (deployment: KubeObject): Promise<KubeObject[]> => {
    const { namespace } = deployment.metadata;
    const claims = claim(deployment, replicaSets.list(namespace), (set) => matches(deployment, set));
    const owned = [...claims.owned];
    for (const set of claims.adopt) {
      owned.push(await client.patch(replicaSetsResource, namespace, set.metadata.name, "strategic", adoptionPatch(deployment, set)));
    }
    for (const set of claims.release) {
      await client.patch(replicaSetsResource, namespace, set.metadata.name, "strategic", releasePatch(deployment, set));
    }
    return owned;
  };

  /** Changes a ReplicaSet's size and tells about it; returns the new object. */
  const resize = async (deployment: KubeObject, { replicaSet, replicas }: ScaleDecision): Promise<KubeObject> => {
    const before: number = replicaSet.spec.replicas ?? 1;
    const annotations = { ...replicaSet.metadata.annotations, ...sizeAnnotations(deployment) };
    const sameNotes = replicaSet.metadata.annotations?.[DESIRED_REPLICAS] === annotations[DESIRED_REPLICAS];
    if (before === replicas && sameNotes) return replicaSet;
    const updated = await client.update(replicaSetsResource, {
      ...replicaSet,
      metadata: { ...replicaSet.metadata, annotations },
      spec: { ...replicaSet.spec, replicas },
    });
    if (before !== replicas) {
      const direction = replicas > before ? "up" : "down";
      const text = `Scaled ${direction} replica set ${replicaSet.metadata.name} from ${before} to ${replicas}`;
      recorder.event(deployment, "Normal", "ScalingReplicaSet", text);
    }
    return updated;
  };

  const createReplicaSet = async (deployment: KubeObject, old: readonly KubeObject[], revision: number): Promise<KubeObject> => {
    const hash = templateHash(deployment.spec.template, deployment.status?.collisionCount ?? 0);
    const template = deployment.spec.template;
    const labels = { ...template.metadata?.labels, [POD_TEMPLATE_HASH]: hash };
    const selector = {
      ...deployment.spec.selector,
      matchLabels: { ...deployment.spec.selector.matchLabels, [POD_TEMPLATE_HASH]: hash },
    };
    const draft: KubeObject = {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: {
        name: `${deployment.metadata.name}-${hash}`,
        namespace: deployment.metadata.namespace!,
        labels,
        annotations: { ...replicaSetAnnotations(deployment, undefined, revision), ...sizeAnnotations(deployment) },
        ownerReferences: [controllerReference(deployment)],
      } as KubeObject["metadata"],
      spec: {
        replicas: 0,
        minReadySeconds: deployment.spec.minReadySeconds ?? 0,
        selector,
        template: { ...template, metadata: { ...template.metadata, labels } },
      },
    };
    draft.spec.replicas = newReplicaSetSize(deployment, draft, [draft, ...old]);
    try {
      const created = await client.create(replicaSetsResource, draft);
      if (draft.spec.replicas > 0) {
        const text = `Scaled up replica set ${created.metadata.name} from 0 to ${draft.spec.replicas}`;
        recorder.event(deployment, "Normal", "ScalingReplicaSet", text);
      }
      return created;
    } catch (error) {
      if (!isGantryError(error, "AlreadyExists")) throw error;
      return await resolveCollision(deployment, draft);
    }
  };

  /** The name is taken: by our own earlier attempt, or by another template with the same hash. */
  const resolveCollision = async (deployment: KubeObject, draft: KubeObject): Promise<KubeObject> => {
    const existing = await client.get(replicaSetsResource, draft.metadata.namespace, draft.metadata.name);
    const ours = controllerOf(existing)?.uid === deployment.metadata.uid;
    if (ours && sameTemplate(existing.spec.template, deployment.spec.template)) return existing;
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    await client.updateStatus(deploymentsResource, { ...deployment, status: { ...deployment.status, collisionCount } });
    throw new Error(`pod template hash ${draft.metadata.name} is taken; trying another`);
  };

  /** The ReplicaSet of the present template with its annotations up to date; made unless `existingOnly`. */
  const newReplicaSet = async (
    deployment: KubeObject,
    sets: readonly KubeObject[],
    existingOnly: boolean,
  ): Promise<KubeObject | undefined> => {
    const found = findNewReplicaSet(deployment, sets);
    const old = sets.filter((set) => set !== found);
    const revision = Math.max(0, ...old.map(revisionOf)) + 1;
    if (!found) return existingOnly ? undefined : createReplicaSet(deployment, old, revision);
    const annotations = replicaSetAnnotations(deployment, found, revision);
    const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
    const before = found.metadata.annotations ?? {};
    const changed = Object.entries(annotations).some(([key, value]) => before[key] !== value);
    if (!changed && (found.spec.minReadySeconds ?? 0) === minReadySeconds) return found;
    return client.update(replicaSetsResource, {
      ...found,
      metadata: { ...found.metadata, annotations },
      spec: { ...found.spec, minReadySeconds },
    });
  };

  /** Puts the new ReplicaSet's revision on the Deployment, where `kubectl rollout history` looks for it. */
  const noteRevision = async (deployment: KubeObject, newSet: KubeObject): Promise<KubeObject> => {
    const revision = newSet.metadata.annotations?.[REVISION];
    if (!revision || deployment.metadata.annotations?.[REVISION] === revision) return deployment;
    const annotations = { ...deployment.metadata.annotations, [REVISION]: revision };
    return client.update(deploymentsResource, { ...deployment, metadata: { ...deployment.metadata, annotations } });
  };

  const isScalingEvent = (deployment: KubeObject, sets: readonly KubeObject[]): boolean =>
    sets.some((set) => {
      const desired = Number(set.metadata.annotations?.[DESIRED_REPLICAS] ?? Number.NaN);
      return (set.spec.replicas ?? 1) > 0 && !Number.isNaN(desired) && desired !== (deployment.spec.replicas ?? 1);
    });

  /** A changed size: over all active ReplicaSets in proportion, or over the only one. */
  const scale = async (deployment: KubeObject, newSet: KubeObject | undefined, sets: readonly KubeObject[]): Promise<KubeObject[]> => {
    const active = sets.filter((set) => (set.spec.replicas ?? 1) > 0);
    const replicas: number = deployment.spec.replicas ?? 1;
    let decisions: ScaleDecision[];
    if (active.length <= 1) {
      const target = active[0] ?? newSet ?? [...sets].sort(byCreation).at(-1);
      decisions = target ? [{ replicaSet: target, replicas }] : [];
    } else if (newSet && (newSet.spec.replicas ?? 1) === replicas && (newSet.status?.availableReplicas ?? 0) === replicas) {
      decisions = active.filter((set) => set !== newSet).map((replicaSet) => ({ replicaSet, replicas: 0 }));
    } else {
      decisions = proportionalSizes(deployment, active);
    }
    return applyDecisions(deployment, sets, decisions);
  };

  const applyDecisions = async (deployment: KubeObject, sets: readonly KubeObject[], decisions: readonly ScaleDecision[]) => {
    const result = [...sets];
    for (const decision of decisions) {
      result[result.indexOf(decision.replicaSet)] = await resize(deployment, decision);
    }
    return result;
  };

  const rollRolling = async (deployment: KubeObject, newSet: KubeObject, old: readonly KubeObject[]): Promise<KubeObject[]> => {
    const size = newReplicaSetSize(deployment, newSet, [newSet, ...old]);
    const grown = (newSet.spec.replicas ?? 1) > (deployment.spec.replicas ?? 1) ? (deployment.spec.replicas ?? 1) : size;
    const current = await resize(deployment, { replicaSet: newSet, replicas: grown });
    if (grown !== (newSet.spec.replicas ?? 1)) return [current, ...old];
    const shrunk = await applyDecisions(deployment, old, shrinkOldReplicaSets(deployment, current, old));
    return [current, ...shrunk];
  };

  /** Old pods all gone first, then the new ones. */
  const rollRecreate = async (deployment: KubeObject, sets: readonly KubeObject[], found: KubeObject | undefined): Promise<KubeObject[]> => {
    const old = sets.filter((set) => set !== found);
    const shrink = old.filter((set) => (set.spec.replicas ?? 1) > 0).map((replicaSet) => ({ replicaSet, replicas: 0 }));
    const shrunk = await applyDecisions(deployment, old, shrink);
    const oldUids = new Set(old.map((set) => set.metadata.uid));
    for (const pod of pods.list(deployment.metadata.namespace)) {
      if (oldUids.has(controllerOf(pod)?.uid ?? "") && !isFinished(pod)) return found ? [found, ...shrunk] : shrunk;
    }
    if (shrink.length > 0) return found ? [found, ...shrunk] : shrunk;
    const newSet = (await newReplicaSet(deployment, sets, false))!;
    return [await resize(deployment, { replicaSet: newSet, replicas: deployment.spec.replicas ?? 1 }), ...shrunk];
  };

  /** Old, empty ReplicaSets beyond revisionHistoryLimit go, the oldest first. */
  const cleanUp = async (deployment: KubeObject, old: readonly KubeObject[]): Promise<void> => {
    const limit: number = deployment.spec.revisionHistoryLimit ?? 10;
    const idle = old.filter((set) => set.metadata.deletionTimestamp === undefined && (set.spec.replicas ?? 1) === 0 && (set.status?.replicas ?? 0) === 0);
    const inOrder = idle.sort((a, b) => revisionOf(a) - revisionOf(b));
    for (const set of inOrder.slice(0, Math.max(0, old.length - limit))) {
      await client.delete(replicaSetsResource, set.metadata.namespace, set.metadata.name, { preconditions: { uid: set.metadata.uid } });
    }
  };

  const writeStatus = async (deployment: KubeObject, sets: readonly KubeObject[], enqueue: Enqueue): Promise<void> => {
    const newSet = findNewReplicaSet(deployment, sets);
    const status = countStatus(deployment, newSet, sets);
    updateConditions(deployment, newSet, status, clock);
    const next = Object.fromEntries(Object.entries(status).filter(([, value]) => value !== 0));
    const known = deployment.status ?? {};
    const fields = new Set([...Object.keys(next), ...Object.keys(known)]);
    const changed = [...fields].some((field) => JSON.stringify(known[field] ?? 0) !== JSON.stringify(next[field] ?? 0));
    if (changed) await client.updateStatus(deploymentsResource, { ...deployment, status: next });
    const waitMs = deadlineInMs(deployment, status, clock);
    if (waitMs !== undefined && waitMs > 0) enqueue(keyOf(deployment), waitMs + 1000);
  };

  /** One step of the rollout; returns all ReplicaSets as they then are. */
  const roll = async (deployment: KubeObject, sets: KubeObject[]): Promise<{ deployment: KubeObject; sets: KubeObject[] }> => {
    const found = findNewReplicaSet(deployment, sets);
    if (deployment.spec.paused || isScalingEvent(deployment, sets)) {
      const known = await newReplicaSet(deployment, sets, true);
      const current = sets.map((set) => (set === found && known ? known : set));
      return { deployment, sets: await scale(deployment, known, current) };
    }
    if (deployment.spec.strategy?.type === "Recreate") {
      const after = await rollRecreate(deployment, sets, found);
      const newSet = findNewReplicaSet(deployment, after);
      return { deployment: newSet ? await noteRevision(deployment, newSet) : deployment, sets: after };
    }
    const newSet = (await newReplicaSet(deployment, sets, false))!;
    const noted = await noteRevision(deployment, newSet);
    const old = sets.filter((set) => set.metadata.uid !== newSet.metadata.uid);
    const after = await rollRolling(noted, newSet, old);
    return { deployment: noted, sets: after };
  };

  const reconcile = async (key: string, enqueue: Enqueue): Promise<void> => {
    const deployment = deployments.get(key);
    if (!deployment) return;
    const selector = deployment.spec.selector ?? {};
    if (Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0) return;
    const sets = await claimReplicaSets(deployment);
    if (deployment.metadata.deletionTimestamp !== undefined) {
      await writeStatus(deployment, sets, enqueue);
      return;
    }
    const after = await roll(deployment, sets);
    await writeStatus(after.deployment, after.sets, enqueue);
    const newSet = findNewReplicaSet(after.deployment, after.sets);
    const done = newSet && (newSet.status?.availableReplicas ?? 0) >= (deployment.spec.replicas ?? 1);
    if (done) await cleanUp(after.deployment, after.sets.filter((set) => set !== newSet));
  };

  return createController(
    {
      name: "deployment",
      informers: [deployments, replicaSets, pods],
      watch: (enqueue) => [
        deployments.subscribe({ onAdd: (one) => enqueue(keyOf(one)), onUpdate: (one) => enqueue(keyOf(one)) }),
        replicaSets.subscribe({
          onAdd: (set) => concerned(set).forEach((key) => enqueue(key)),
          onUpdate: (set, previous) => new Set([...concerned(set), ...concerned(previous)]).forEach((key) => enqueue(key)),
          onDelete: (set) => concerned(set).forEach((key) => enqueue(key)),
        }),
        pods.subscribe({
          // Only Recreate waits for pods to be gone; ReplicaSet events tell everything else.
          onDelete: (pod) => {
            const set = [...replicaSets.list(pod.metadata.namespace)].find((one) => one.metadata.uid === controllerOf(pod)?.uid);
            const owner = set && controllerOf(set);
            if (owner?.kind === "Deployment") enqueue(`${pod.metadata.namespace}/${owner.name}`);
          },
        }),
      ],
      reconcile,
    },
    dependencies,
  );
}
