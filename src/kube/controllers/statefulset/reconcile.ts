import type { BackoffOptions } from "../../../base/index.ts";
import { jsonEquals } from "../../../formats/index.ts";
import type { Pod, StatefulSet, StatefulSetStatus } from "../../api/index.ts";
import { pods as podsResource, statefulSets } from "../../api/index.ts";
import type { Informer } from "../../client/index.ts";
import type { ControllerDependencies, Enqueue } from "../controller.ts";
import { EndedPods } from "../ended-pods.ts";
import { EXPIRE_MS } from "../expectations.ts";
import type { RevisionWriter } from "../history/index.ts";
import { newest, writeOnNewest } from "../newest.ts";
import { OwnWrites } from "../own-writes.ts";
import { claimChildren } from "../owner.ts";
import { selects } from "../selectors.ts";
import { isNamespaceTerminating, unlessGone } from "../write-errors.ts";
import type { ClaimWriter } from "./claim-writer.ts";
import { ordinalOf } from "./ordinals.ts";
import { placesOf } from "./places.ts";
import { revisionsOf, surplusRevisions } from "./set-revisions.ts";
import { isMember } from "./stateful-pod.ts";
import type { StatefulPodWriter } from "./stateful-pod-writer.ts";
import { nextAvailableInMs, type SetRevisions, statusOf } from "./status.ts";
import { PodSteering } from "./steer-pods.ts";

export interface StatefulSetSources {
  sets: Informer<StatefulSet>;
  pods: Informer<Pod>;
  history: RevisionWriter;
  writers: { pods: StatefulPodWriter; claims: ClaimWriter };
}

/** Upstream makes pods that ended anew at once; of one that the kubelet refuses each time this makes up to some a second. */
const ENDED_POD_BACKOFF: BackoffOptions = { initialMs: 100, maxMs: 10_000 };

/** Brings one set's pods to what it asks for, one step a pass where they have an order, then its status to what is there. */
export function createReconciler(
  dependencies: ControllerDependencies,
  { sets, pods, history, writers }: StatefulSetSources,
): (key: string, enqueue: Enqueue) => Promise<void> {
  const { client, clock } = dependencies;
  /** Which revision is the current one is kept in the status alone. */
  const written = new OwnWrites(sets);
  const tools = { ...writers, ended: new EndedPods(clock, ENDED_POD_BACKOFF), clock };

  const claimPods = async (set: StatefulSet): Promise<Pod[]> => {
    const claimed = await claimChildren({
      client,
      owner: set,
      ownerResource: statefulSets,
      children: pods,
      childResource: podsResource,
      matches: (pod) => isMember(set, pod) && selects(set, pod),
    });
    return claimed.map((pod) => newest(pods, pod)).filter((pod) => ordinalOf(pod) >= 0);
  };

  const writeStatus = async (
    set: StatefulSet,
    owned: readonly Pod[],
    revisions: SetRevisions,
    deletedForUpdate: number,
  ): Promise<void> => {
    const counts = statusOf(set, owned, revisions, deletedForUpdate, clock);
    // Conditions are nobody's here, and stay.
    const next = ({ status }: StatefulSet): StatefulSetStatus => {
      return { ...counts, ...(status?.conditions ? { conditions: status.conditions } : {}) };
    };
    const known = newest(sets, set);
    if (jsonEquals(known.status, next(known))) return;
    await unlessGone(
      writeOnNewest(sets, set, async (base) => {
        written.note(await client.updateStatus(statefulSets, { ...base, status: next(base) }));
      }),
    );
  };

  /** Returns what went wrong, once the status is written and the history short enough. */
  const advance = async (
    set: StatefulSet,
    owned: readonly Pod[],
    isSettled: boolean,
    recheckIn: (ms: number) => void,
  ): Promise<unknown> => {
    const revisions = await revisionsOf(set, await history.claim(set), history);
    const steering = new PodSteering({ set, revisions, places: placesOf(set, owned), recheckIn }, tools);
    let problem: unknown;
    if (isSettled) await steering.run().catch((error: unknown) => (problem = error));
    const { current, update, collisionCount } = revisions;
    const names = { current: current.metadata.name, update: update.metadata.name, collisionCount };
    await writeStatus(set, owned, names, steering.deletedForUpdate);
    for (const one of surplusRevisions(set, revisions, owned)) await history.remove(one);
    return problem;
  };

  return async (key, enqueue) => {
    const isSettled = writers.pods.isSettled(key);
    const set = written.newest(key);
    if (!set) {
      written.forget(key);
      return writers.pods.forget(key);
    }
    const owned = await claimPods(set);
    if (set.metadata.deletionTimestamp !== undefined) {
      const { currentRevision = "", updateRevision = "", collisionCount = 0 } = set.status ?? {};
      return writeStatus(set, owned, { current: currentRevision, update: updateRevision, collisionCount }, 0);
    }
    // What was made and deleted between two looks of the informer is never seen.
    if (!isSettled) enqueue(key, EXPIRE_MS + 1);
    const problem = await advance(set, owned, isSettled, (ms) => enqueue(key, ms));
    const recheckInMs = nextAvailableInMs(set, owned, clock);
    if (recheckInMs !== undefined) enqueue(key, recheckInMs);
    if (problem !== undefined && !isNamespaceTerminating(problem)) throw problem;
  };
}
