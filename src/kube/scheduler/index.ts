import { type Clock, errorMessage, type Logger, type Service } from "../../base/index.ts";
import type { Node, Pod } from "../api/index.ts";
import {
  isPodTerminal,
  namespaces as namespacesResource,
  nodes as nodesResource,
  podDisruptionBudgets,
  pods as podsResource,
} from "../api/index.ts";
import type { EventRecorder, InformerFactory, KubeClient } from "../client/index.ts";
import { DecisionWriter } from "./decision-writer.ts";
import { DefaultSelectors } from "./default-selectors.ts";
import type { ClusterEvent, SchedulingPlugin } from "./framework.ts";
import { defaultProfile } from "./plugins/index.ts";
import { podInfoOf } from "./pod-info.ts";
import { SchedulingQueue } from "./queue.ts";
import { NodeSelector, type Selection } from "./select-node.ts";
import { Snapshot } from "./snapshot.ts";
import { VolumeObjects } from "./volumes/volume-objects.ts";

export interface SchedulerOptions {
  client: KubeClient;
  informers: InformerFactory;
  recorder: EventRecorder;
  logger: Logger;
  clock: Clock;
  /** Pods name it in spec.schedulerName. */
  schedulerName?: string;
  plugins?: readonly SchedulingPlugin<never>[];
}

const SLICE_MS = 5;
const EVERYTHING: readonly ClusterEvent["type"][] = ["node", "pod-gone", "pod-placed"];

const isGated = (pod: Pod) => (pod.spec.schedulingGates ?? []).length > 0;
/** Takes room on a node. */
const isPlaced = (pod: Pod) => Boolean(pod.spec.nodeName) && !isPodTerminal(pod);

/** Finds a node for every pod that has none, one pod at a time; binding goes on beside it. */
export function createScheduler(options: SchedulerOptions): Service {
  const { informers, logger, clock, schedulerName = "default-scheduler" } = options;
  const pods = informers.informer(podsResource);
  const nodes = informers.informer(nodesResource);
  const namespaces = informers.informer(namespacesResource);
  const snapshot = new Snapshot();
  const queue = new SchedulingQueue(clock);
  const budgets = informers.informer(podDisruptionBudgets);
  const storage = new VolumeObjects(informers);
  const selectors = new DefaultSelectors(informers);
  const plugins =
    options.plugins ??
    defaultProfile({
      ...options,
      objects: storage,
      together: (pod) => selectors.of(pod),
      nodeOf: (name) => nodes.get(name),
      isWaiting: (pod) => waitingForm(pod) !== undefined,
    });
  const selector = new NodeSelector(plugins, { budgets: () => budgets.list() });
  const writer = new DecisionWriter(options);
  /** The scheduler is stopped: nobody waits any more. */
  let isOver = false;
  /** Whose victims are being told to go. */
  const preempting = new Set<string>();

  const isOurs = (pod: Pod) =>
    !pod.spec.nodeName &&
    pod.spec.schedulerName === schedulerName &&
    !isPodTerminal(pod) &&
    pod.metadata.deletionTimestamp === undefined;

  /** What the status says of it, where that has changed; else the decisions here are newer. */
  const noteNomination = (pod: Pod, previous: Pod | undefined): void => {
    const name = pod.status?.nominatedNodeName;
    if (!isOurs(pod)) forgetNomination(pod);
    else if (name === previous?.status?.nominatedNodeName) return;
    else if (name) snapshot.nominator.set(pod, name);
    else forgetNomination(pod);
  };

  /** Its place may be had by others now. */
  const forgetNomination = (pod: Pod): void => {
    const { uid } = pod.metadata;
    if (snapshot.nominator.remove(uid)) queue.clusterChanged({ type: "pod-gone", pod });
  };

  const podChanged = (pod: Pod, previous?: Pod): void => {
    snapshot.setPod(pod);
    noteNomination(pod, previous);
    if (!isOurs(pod) || isGated(pod)) queue.remove(pod.metadata.uid);
    else if (!previous || isGated(previous) || placementView(pod) !== placementView(previous)) queue.add(pod);
    else queue.refresh(pod);
    const was = previous !== undefined && isPlaced(previous);
    if (was && !isPlaced(pod)) queue.clusterChanged({ type: "pod-gone", pod });
    else if (isPlaced(pod) && !was) queue.clusterChanged({ type: "pod-placed", pod });
    else if (isPlaced(pod) && previous && labelsOf(pod) !== labelsOf(previous))
      queue.clusterChanged({ type: "pod-placed", pod, previous });
  };

  const subscribe = (): (() => void)[] => [
    namespaces.subscribe({
      onAdd: (one) => snapshot.setNamespace(one),
      onUpdate: (one) => snapshot.setNamespace(one),
      onDelete: (one) => snapshot.removeNamespace(one.metadata.name),
    }),
    nodes.subscribe({
      onAdd: (node) => {
        snapshot.setNode(node);
        queue.clusterChanged({ type: "node", node });
      },
      onUpdate: (node, previous) => {
        snapshot.setNode(node);
        if (schedulingView(node) !== schedulingView(previous))
          queue.clusterChanged({ type: "node", node, previous });
      },
      onDelete: (node) => {
        snapshot.removeNode(node.metadata.name);
        queue.clusterChanged({ type: "node", previous: node });
      },
    }),
    pods.subscribe({
      onAdd: (pod) => podChanged(pod),
      onUpdate: podChanged,
      onDelete: (pod) => {
        queue.remove(pod.metadata.uid);
        snapshot.removePod(pod.metadata.uid);
        forgetNomination(pod);
        if (isPlaced(pod)) queue.clusterChanged({ type: "pod-gone", pod });
      },
    }),
    ...storage.subscribe(() => queue.clusterChanged({ type: "storage" })),
  ];

  /** Drives out the victims; the pod waits until they are gone. Who had less right to the place looks for another one. */
  const driveOut = (pod: Pod, node: string, victims: readonly Pod[]): void => {
    const { uid } = pod.metadata;
    snapshot.nominator.set(pod, node);
    const { priority } = podInfoOf(pod);
    for (const other of [...snapshot.nominator.on(node)]) {
      if (other.priority >= priority) continue;
      snapshot.nominator.remove(other.pod.metadata.uid);
      writer.clearNomination(other.pod);
      queue.activate(other.pod.metadata.uid);
    }
    preempting.add(uid);
    writer.preempt(
      { pod, node, victims },
      () => preempting.delete(uid),
      () => queue.activate(uid),
    );
  };

  /** Whether a pod has left the node that this one has in prospect. */
  const leavesProspect = (event: ClusterEvent, uid: string): boolean =>
    event.type === "pod-gone" &&
    Boolean(event.pod.spec.nodeName) &&
    event.pod.spec.nodeName === snapshot.nominator.nodeOf(uid);

  const wait = (pod: Pod, attempts: number, selection: Selection & { node: undefined }): void => {
    const { message, refusedBy, preemption } = selection;
    const { uid } = pod.metadata;
    queue.unschedulable(
      pod,
      attempts,
      (event, waiting) =>
        !preempting.has(uid) &&
        (leavesProspect(event, uid) || isWorthATry(event, waiting, refusedBy, snapshot)),
    );
    const { nominate, victims = [] } = preemption;
    if (nominate === "") snapshot.nominator.remove(uid);
    writer.tellUnschedulable(pod, message, nominate);
    if (victims.length > 0) driveOut(pod, nominate!, victims);
  };

  /** As the pod is now, where it still waits. Who was bound by somebody else, or is gone, leaves the queue by its own event. */
  const waitingForm = ({ metadata: { namespace, name, uid } }: Pod): Pod | undefined => {
    const known = pods.get(`${namespace}/${name}`);
    return !isOver && known?.metadata.uid === uid && isOurs(known) ? known : undefined;
  };

  /** The node that it had in prospect stays so. */
  const giveUp = (pod: Pod, attempts: number, node: string, promised: string | undefined): void => {
    for (const plugin of plugins) plugin.unreserve?.(pod, node);
    snapshot.forget(pod.metadata.uid);
    const known = waitingForm(pod);
    if (known && promised !== undefined) snapshot.nominator.set(known, promised);
    queue.clusterChanged({ type: "pod-gone", pod });
    if (known) queue.retry(known, attempts);
  };

  const bind = (pod: Pod, attempts: number, node: string): void => {
    const promised = snapshot.nominator.nodeOf(pod.metadata.uid);
    snapshot.nominator.remove(pod.metadata.uid);
    snapshot.assume(pod, node);
    for (const plugin of plugins) plugin.reserve?.(pod, node);
    const write = (): void =>
      writer.bind(pod, node, {
        onSuccess: () => {
          for (const plugin of plugins) plugin.postBind?.(pod);
        },
        onFailure: () => giveUp(pod, attempts, node, promised),
      });
    const { before, failed } = beforeBinding(plugins, pod, node);
    if (before.length === 0) {
      write();
      return;
    }
    // What takes long keeps nobody else waiting.
    Promise.all(before).then(write, (error) => {
      if (waitingForm(pod))
        writer.tellUnschedulable(pod, `running PreBind plugin "${failed()}": ${errorMessage(error)}`);
      giveUp(pod, attempts, node, promised);
    });
  };

  const scheduleOne = (pod: Pod, attempts: number): void => {
    const selection = selector.select(pod, snapshot);
    if (selection.node === undefined) wait(pod, attempts, selection);
    else bind(pod, attempts, selection.node);
  };

  const work = async (signal: AbortSignal): Promise<void> => {
    let sliceEndMs = clock.monotonicMs() + SLICE_MS;
    for (let next = await queue.next(signal); next; next = await queue.next(signal)) {
      try {
        scheduleOne(next.pod, next.attempts);
      } catch (error) {
        logger.error("scheduling failed, will retry", { pod: next.pod.metadata.name, error });
        queue.retry(next.pod, next.attempts);
      }
      await writer.room();
      if (clock.monotonicMs() < sliceEndMs) continue;
      await new Promise((resolve) => setImmediate(resolve));
      sliceEndMs = clock.monotonicMs() + SLICE_MS;
    }
  };

  return {
    name: "scheduler",
    needs: ["apiserver"],
    async run({ signal, ready }) {
      ready();
      try {
        await Promise.all(
          [pods, nodes, namespaces, budgets, storage, selectors].map((one) => one.synced(signal)),
        );
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
      const subscriptions = subscribe();
      await work(signal);
      isOver = true;
      for (const unsubscribe of subscriptions) unsubscribe();
      await writer.idle();
    },
  };
}

/** The plugins' work before a pod is bound, and which of them failed first. */
function beforeBinding(plugins: readonly SchedulingPlugin<never>[], pod: Pod, node: string) {
  let failed = "";
  const before = plugins.flatMap(({ name, preBind }) => {
    const work = preBind?.(pod, node);
    if (!work) return [];
    const noting = work.catch((error) => {
      failed ||= name;
      throw error;
    });
    return [noting];
  });
  return { before, failed: () => failed };
}

/** Whether an event may change what the pod was refused for; where there was no node at all only nodes help. */
function isWorthATry(
  event: ClusterEvent,
  pod: Pod,
  refusedBy: ReadonlySet<SchedulingPlugin<unknown>>,
  snapshot: Snapshot,
): boolean {
  if (refusedBy.size === 0) return event.type === "node" && event.node !== undefined;
  // A new node is another one than those that refused.
  if (event.type === "node" && event.node && !event.previous) return true;
  for (const { wokenBy = EVERYTHING, mayHelp } of refusedBy)
    if (wokenBy.includes(event.type) && (mayHelp?.(pod, event, snapshot) ?? true)) return true;
  return false;
}

/** What of a node decides about scheduling; heartbeats change none of it. */
function schedulingView(node: Node): string {
  return JSON.stringify([node.metadata.labels, node.spec, node.status?.allocatable]);
}

/** What of a waiting pod decides about its placement and may still be changed. */
function placementView(pod: Pod): string {
  return JSON.stringify([pod.metadata.labels, pod.spec]);
}

const labelsOf = (pod: Pod): string => JSON.stringify(pod.metadata.labels);
