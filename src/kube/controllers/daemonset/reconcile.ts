import { jsonEquals } from "../../../formats/index.ts";
import type { DaemonSet, DaemonSetStatus, Node, Pod } from "../../api/index.ts";
import { daemonSets, pods as podsResource } from "../../api/index.ts";
import type { Informer } from "../../client/index.ts";
import type { ControllerDependencies, Enqueue } from "../controller.ts";
import type { EndedPods } from "../ended-pods.ts";
import { EXPIRE_MS } from "../expectations.ts";
import type { RevisionWriter } from "../history/index.ts";
import { newest, writeOnNewest } from "../newest.ts";
import { claimChildren } from "../owner.ts";
import type { PodWriter } from "../pod-writer.ts";
import { selects } from "../selectors.ts";
import { isNamespaceTerminating, unlessGone } from "../write-errors.ts";
import { daemonTemplate } from "./daemon-pod.ts";
import { type DaemonPass, type OnEnded, type PodChanges, planPods } from "./plan-pods.ts";
import { planUpdate } from "./plan-update.ts";
import { podsByNode } from "./pods-by-node.ts";
import { revisionsOf, surplusRevisions } from "./set-revisions.ts";
import { placementsOf } from "./should-run.ts";
import { statusOf } from "./status.ts";

/** At most this many pods are made, and as many deleted, in one pass (upstream's BurstReplicas). */
const BURST = 250;

export interface DaemonSetSources {
  sets: Informer<DaemonSet>;
  pods: Informer<Pod>;
  nodes: Informer<Node>;
  history: RevisionWriter;
  writer: PodWriter;
  failures: EndedPods;
}

/** Brings one set's pods to one on each node that is meant, of its present template; then its status to what is there. */
export function createReconciler(
  { client, clock, recorder }: ControllerDependencies,
  { sets, pods, nodes, history, writer, failures }: DaemonSetSources,
): (key: string, enqueue: Enqueue) => Promise<void> {
  const claimPods = async (set: DaemonSet): Promise<Pod[]> => {
    const claimed = await claimChildren({
      client,
      owner: set,
      ownerResource: daemonSets,
      children: pods,
      childResource: podsResource,
      matches: (pod) => selects(set, pod),
    });
    return claimed.map((pod) => newest(pods, pod));
  };

  const tellOfEnded = (set: DaemonSet, pod: Pod, nodeName: string): void => {
    const isFailed = pod.status?.phase === "Failed";
    const what = `${isFailed ? "failed" : "succeeded"} daemon pod ${pod.metadata.namespace}/${pod.metadata.name}`;
    const text = `Found ${what} on node ${nodeName}, will try to ${isFailed ? "kill" : "delete"} it`;
    if (isFailed) recorder.event(set, "Warning", "FailedDaemonPod", text);
    else recorder.event(set, "Normal", "SucceededDaemonPod", text);
  };

  /** Returns what went wrong. */
  const carryOut = async ({ set, hash }: DaemonPass, changes: PodChanges): Promise<unknown> => {
    const plans = changes.nodes.slice(0, BURST).map((nodeName) => {
      return { template: daemonTemplate(set, hash, nodeName), generateName: `${set.metadata.name}-` };
    });
    const { problem } = await writer.create(set, plans);
    const deletions = await writer.delete(set, changes.pods.slice(0, BURST));
    return problem ?? deletions.problem;
  };

  const isNothing = (changes: PodChanges): boolean => changes.nodes.length + changes.pods.length === 0;

  /** First one pod a node, then, once all is settled, the present template. */
  const advance = async (pass: DaemonPass, ended: OnEnded): Promise<unknown> => {
    const missing = planPods(pass, ended);
    if (!isNothing(missing)) return carryOut(pass, missing);
    if (pass.set.spec.updateStrategy?.type !== "RollingUpdate") return undefined;
    return carryOut(pass, planUpdate(pass));
  };

  /** Conditions are nobody's here, and stay. */
  const writeStatus = async (set: DaemonSet, counts: DaemonSetStatus): Promise<void> => {
    const next = ({ status }: DaemonSet): DaemonSetStatus => {
      return { ...counts, ...(status?.conditions ? { conditions: status.conditions } : {}) };
    };
    const known = newest(sets, set);
    if (jsonEquals(known.status, next(known))) return;
    const write = (base: DaemonSet) => client.updateStatus(daemonSets, { ...base, status: next(base) });
    await unlessGone(writeOnNewest(sets, set, write));
  };

  return async (key, enqueue) => {
    if (!sets.get(key)) return writer.forget(key);
    const isSettled = await writer.isSettled(key);
    const set = sets.get(key);
    // The revisions of a set that is on its way out may be gone already.
    if (!set || set.metadata.deletionTimestamp !== undefined) return;
    const owned = await claimPods(set);
    const { hash, collisionCount, old } = await revisionsOf(set, owned, history, client);
    const placements = placementsOf([...nodes.list()], set);
    const pass = { set, hash, placements, byNode: podsByNode(owned), clock };
    const ended: OnEnded = {
      failures,
      onEnded: (pod, nodeName) => tellOfEnded(set, pod, nodeName),
      recheckIn: (ms) => enqueue(key, ms),
    };
    // What was made and deleted between two looks of the informer is never seen.
    if (!isSettled) enqueue(key, EXPIRE_MS + 1);
    const problem = isSettled ? await advance(pass, ended) : undefined;
    if (isSettled && problem === undefined)
      for (const one of surplusRevisions(set, old, owned)) await history.remove(one);
    const generation = isSettled ? set.metadata.generation : set.status?.observedGeneration;
    const { status, recheckInMs } = statusOf(pass, generation ?? 0, collisionCount);
    await writeStatus(set, status);
    if (recheckInMs !== undefined) enqueue(key, recheckInMs);
    if (problem !== undefined && !isNamespaceTerminating(problem)) throw problem;
  };
}
