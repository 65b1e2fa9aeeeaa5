import type { Namespace, Node, Pod } from "../api/index.ts";
import { isPodTerminal } from "../api/index.ts";
import type { Informer } from "../client/index.ts";
import { eventLabel } from "./event-label.ts";
import type { ClusterEvent } from "./framework.ts";
import { podInfoOf } from "./pod-info.ts";
import { placementView, schedulingView } from "./queue-events.ts";
import type { SchedulingContext } from "./scheduling-context.ts";
import type { VolumeObjects } from "./volumes/volume-objects.ts";

export interface WatchedObjects {
  pods: Informer<Pod>;
  nodes: Informer<Node>;
  namespaces: Informer<Namespace>;
  storage: VolumeObjects;
}

/** Takes room on a node. */
const isPlaced = (pod: Pod) => Boolean(pod.spec.nodeName) && !isPodTerminal(pod);
/** As upstream names pods in events. */
const sortOf = (pod: Pod) => (pod.spec.nodeName ? "AssignedPod" : "UnschedulablePod");
const labelsOf = (pod: Pod): string => JSON.stringify(pod.metadata.labels);

type Context = Pick<SchedulingContext, "snapshot" | "queue" | "isOurs" | "profileOf" | "metrics">;

/** Keeps snapshot and queue current with what happens in the cluster, until the returned functions are called. */
export function watchCluster(context: Context, watched: WatchedObjects): (() => void)[] {
  const { snapshot, queue } = context;
  const { pods, nodes, namespaces, storage } = watched;
  const { events } = context.metrics;
  const podWatch = new PodWatch(context);
  const happened = (event: ClusterEvent, note: () => void = () => {}): void =>
    events.handle(eventLabel(event), () => {
      note();
      queue.clusterChanged(event);
    });
  return [
    namespaces.subscribe({
      onAdd: (one) => snapshot.setNamespace(one),
      onUpdate: (one) => snapshot.setNamespace(one),
      onDelete: (one) => snapshot.removeNamespace(one.metadata.name),
    }),
    nodes.subscribe({
      onAdd: (node) => happened({ type: "node", node }, () => snapshot.setNode(node)),
      onUpdate: (node, previous) => {
        if (schedulingView(node) === schedulingView(previous)) snapshot.setNode(node);
        else happened({ type: "node", node, previous }, () => snapshot.setNode(node));
      },
      onDelete: (node) =>
        happened({ type: "node", previous: node }, () => snapshot.removeNode(node.metadata.name)),
    }),
    pods.subscribe({
      onAdd: (pod) => events.handle(`${sortOf(pod)}Add`, () => podWatch.changed(pod)),
      onUpdate: (pod, previous) =>
        events.handle(`${sortOf(pod)}${sortOf(pod) === sortOf(previous) ? "Update" : "Add"}`, () =>
          podWatch.changed(pod, previous),
        ),
      onDelete: (pod) => events.handle(`${sortOf(pod)}Delete`, () => podWatch.gone(pod)),
    }),
    ...storage.subscribe((event) => happened(event)),
  ];
}

class PodWatch {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  changed(pod: Pod, previous?: Pod): void {
    const { snapshot, queue, isOurs } = this.#context;
    snapshot.setPod(pod);
    this.#noteNomination(pod, previous);
    if (!isOurs(pod)) queue.remove(pod.metadata.uid);
    else if (this.#isGated(pod)) queue.hold(pod);
    else if (!previous || this.#isGated(previous) || placementView(pod) !== placementView(previous))
      queue.add(pod);
    else queue.refresh(pod);
    const was = previous !== undefined && isPlaced(previous);
    if (was && !isPlaced(pod)) queue.clusterChanged({ type: "pod-gone", pod });
    else if (isPlaced(pod) && !was) queue.clusterChanged({ type: "pod-placed", pod });
    else if (isPlaced(pod) && previous && labelsOf(pod) !== labelsOf(previous))
      queue.clusterChanged({ type: "pod-placed", pod, previous });
    else if (was && asksForLess(pod, previous)) queue.clusterChanged({ type: "pod-gone", pod: previous });
  }

  #isGated(pod: Pod): boolean {
    const gates = pod.spec.schedulingGates ?? [];
    return gates.length > 0 && this.#context.profileOf(pod)?.heedsGates === true;
  }

  gone(pod: Pod): void {
    const { snapshot, queue } = this.#context;
    queue.remove(pod.metadata.uid);
    snapshot.removePod(pod.metadata.uid);
    this.#forgetNomination(pod);
    if (isPlaced(pod)) queue.clusterChanged({ type: "pod-gone", pod });
  }

  /** What the status says of it, where that has changed; else the decisions here are newer. */
  #noteNomination(pod: Pod, previous: Pod | undefined): void {
    const { snapshot, isOurs } = this.#context;
    const name = pod.status?.nominatedNodeName;
    if (!isOurs(pod)) this.#forgetNomination(pod);
    else if (name === previous?.status?.nominatedNodeName) return;
    else if (name) snapshot.nominator.set(pod, name);
    else this.#forgetNomination(pod);
  }

  /** Its place may be had by others now. */
  #forgetNomination(pod: Pod): void {
    const { snapshot, queue } = this.#context;
    if (snapshot.nominator.remove(pod.metadata.uid)) queue.clusterChanged({ type: "pod-gone", pod });
  }
}

/** It was resized: something of what it had is free. */
function asksForLess(pod: Pod, previous: Pod): boolean {
  const now = podInfoOf(pod).requests;
  return [...podInfoOf(previous).requests].some(([name, amount]) => (now.get(name) ?? 0) < amount);
}
