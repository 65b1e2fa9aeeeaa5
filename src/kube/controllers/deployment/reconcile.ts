import { errorMessage, isGantryError } from "../../../base/index.ts";
import { jsonEquals } from "../../../formats/index.ts";
import type { Deployment, Pod, ReplicaSet } from "../../api/index.ts";
import { deployments as deploymentsResource, isPodTerminal } from "../../api/index.ts";
import type { Informer } from "../../client/index.ts";
import type { ControllerDependencies, Enqueue } from "../controller.ts";
import { newest, writeOnNewest } from "../newest.ts";
import { keyOf } from "../object-key.ts";
import { childrenOf } from "../owner.ts";
import { isNamespaceTerminating, unlessGone } from "../write-errors.ts";
import { REVISION, revisionOf } from "./annotations.ts";
import { surplusHistory } from "./history.ts";
import {
  deadlineInMs,
  isComplete,
  type NewSetNews,
  noteNewSet,
  notePause,
  noteProgress,
} from "./progress.ts";
import { newReplicaSetName, type ReplicaSetWriter } from "./replica-set-writer.ts";
import { isActiveSet, newReplicaSetSize, shrinkOldReplicaSets, wanted } from "./rollout.ts";
import { isScalingEvent, scaledSizes } from "./scaling.ts";
import { type CountedStatus, countStatus } from "./status.ts";
import { findNewReplicaSet } from "./template.ts";

interface Sources {
  deployments: Informer<Deployment>;
  pods: Informer<Pod>;
  writer: ReplicaSetWriter;
}

/** What a pass has found and done; the status is made from it. */
interface Pass {
  deployment: Deployment;
  sets: ReplicaSet[];
  newSet: ReplicaSet | undefined;
  news?: NewSetNews;
  /** A pass that rolls out says how far it is; one that only scales does not. */
  isRollout: boolean;
  /** Told in the status, then thrown, so that the pass is tried again. */
  problem?: unknown;
}

/**
 * One pass over a Deployment: its ReplicaSets take one step towards the declared state, then its status says what is
 * there. Everything is decided from the objects as they were at the start, and written once.
 */
export function createReconciler(
  { client, recorder, clock }: ControllerDependencies,
  { deployments, pods, writer }: Sources,
): (key: string, enqueue: Enqueue) => Promise<void> {
  /** The ReplicaSet of the present template, made if need be, with the Deployment's annotations. */
  const bringNewSet = async (
    deployment: Deployment,
    sets: readonly ReplicaSet[],
    mayCreate: boolean,
  ): Promise<Pass> => {
    const found = findNewReplicaSet(deployment, sets);
    const old = sets.filter((set) => set !== found);
    const revision = [0n, ...old.map(revisionOf)].sort((a, b) => Number(a - b)).at(-1)! + 1n;
    if (found) {
      const newSet = await writer.annotate(deployment, found, revision);
      const news: NewSetNews = { kind: "found", name: newSet.metadata.name };
      return { deployment, sets: [newSet, ...old], newSet, news, isRollout: true };
    }
    if (!mayCreate) return { deployment, sets: old, newSet: undefined, isRollout: true };
    try {
      const newSet = await writer.create(deployment, old, revision);
      const news: NewSetNews = { kind: "created", name: newSet.metadata.name };
      return { deployment, sets: [newSet, ...old], newSet, news, isRollout: true };
    } catch (error) {
      if (isNamespaceTerminating(error) || isGantryError(error, "AlreadyExists")) throw error;
      const message = `Failed to create new replica set "${newReplicaSetName(deployment)}": ${errorMessage(error)}`;
      recorder.event(deployment, "Warning", "ReplicaSetCreateError", message);
      return {
        deployment,
        sets: old,
        newSet: undefined,
        news: { kind: "failed", message },
        isRollout: true,
        problem: error,
      };
    }
  };

  const oldOf = ({ sets, newSet }: Pass): ReplicaSet[] => sets.filter((set) => set !== newSet);

  const resized = async (pass: Pass, decisions: Parameters<ReplicaSetWriter["resize"]>[2]): Promise<Pass> => {
    const sets = await writer.resize(pass.deployment, pass.sets, decisions);
    const newSet = sets.find((set) => set.metadata.uid === pass.newSet?.metadata.uid);
    return { ...pass, sets, newSet };
  };

  /** Up first, then down; a step of one pass is seen before the next. */
  const rollRolling = async (pass: Pass): Promise<Pass> => {
    const { deployment, newSet, sets } = pass;
    if (!newSet) return pass;
    const replicas = newReplicaSetSize(deployment, newSet, sets);
    const grown = await resized(pass, [{ replicaSet: newSet, replicas }]);
    if (replicas !== wanted(newSet)) return grown;
    return resized(grown, shrinkOldReplicaSets(deployment, grown.newSet!, oldOf(grown)));
  };

  /** Old pods all gone first, then the new ones. */
  const rollRecreate = async (pass: Pass): Promise<Pass> => {
    const { deployment } = pass;
    const shrink = oldOf(pass)
      .filter(isActiveSet)
      .map((replicaSet) => ({ replicaSet, replicas: 0 }));
    if (shrink.length > 0) return resized(pass, shrink);
    if (oldOf(pass).some(hasPods)) return pass;
    const next = pass.newSet ? pass : await bringNewSet(deployment, pass.sets, true);
    if (!next.newSet) return next;
    return resized(next, [{ replicaSet: next.newSet, replicas: deployment.spec.replicas ?? 1 }]);
  };

  const hasPods = (set: ReplicaSet): boolean =>
    (set.status?.replicas ?? 0) > 0 || childrenOf(pods, set.metadata.uid).some((pod) => !isPodTerminal(pod));

  const roll = async (deployment: Deployment, sets: ReplicaSet[]): Promise<Pass> => {
    if (deployment.metadata.deletionTimestamp !== undefined) {
      return { deployment, sets, newSet: findNewReplicaSet(deployment, sets), isRollout: false };
    }
    if (deployment.spec.paused || isScalingEvent(deployment, sets)) {
      const pass = await bringNewSet(deployment, sets, false);
      return { ...(await resized(pass, scaledSizes(deployment, pass.newSet, pass.sets))), isRollout: false };
    }
    const isRecreate = deployment.spec.strategy?.type === "Recreate";
    const pass = await bringNewSet(deployment, sets, !isRecreate);
    return isRecreate ? rollRecreate(pass) : rollRolling(pass);
  };

  const statusOf = ({ deployment, sets, newSet, news, isRollout }: Pass): CountedStatus => {
    const status = countStatus(deployment, newSet, sets, clock);
    if (deployment.metadata.deletionTimestamp !== undefined) return status;
    notePause(deployment, status, clock);
    if (news && isRollout) noteNewSet(deployment, news, status, clock);
    if (isRollout) noteProgress(deployment, newSet, status, clock);
    return status;
  };

  /** The status and, on the same write, the revision, where `kubectl rollout history` looks for it. */
  const write = async ({ deployment, newSet }: Pass, status: CountedStatus): Promise<void> => {
    const next = Object.fromEntries(Object.entries(status).filter(([, value]) => value !== 0));
    const revision = newSet?.metadata.annotations?.[REVISION];
    const known = newest(deployments, deployment);
    const isSame = jsonEquals(known.status ?? {}, next);
    if (isSame && (revision === undefined || known.metadata.annotations?.[REVISION] === revision)) return;
    const update = (base: Deployment) => {
      const annotations =
        revision === undefined ? undefined : { ...base.metadata.annotations, [REVISION]: revision };
      const metadata = annotations ? { ...base.metadata, annotations } : base.metadata;
      return client.updateStatus(deploymentsResource, { ...base, metadata, status: next });
    };
    await unlessGone(writeOnNewest(deployments, deployment, update));
  };

  return async (key, enqueue) => {
    const deployment = deployments.get(key);
    if (!deployment) return;
    const pass = await roll(deployment, await writer.claim(deployment));
    const status = statusOf(pass);
    await write(pass, status);
    if (pass.problem !== undefined) throw pass.problem;
    const isDone = deployment.spec.paused || isComplete(deployment, status);
    if (isDone && deployment.metadata.deletionTimestamp === undefined) {
      for (const set of surplusHistory(deployment, oldOf(pass))) await writer.remove(set);
    }
    const waitMs = deadlineInMs(deployment, status, clock);
    if (waitMs !== undefined) enqueue(keyOf(deployment), waitMs);
  };
}
