import {
  type Clock,
  errorMessage,
  isGantryError,
  type Logger,
  rfc3339Seconds,
  type Service,
} from "../../base/index.ts";
import { nodes as nodesResource, pods as podsResource } from "../api/index.ts";
import type { KubeObject } from "../api/types.ts";
import type { EventRecorder, InformerFactory, KubeClient } from "../client/index.ts";
import type { SchedulingPlugin } from "./framework.ts";
import { defaultPlugins } from "./plugins/index.ts";
import { SchedulingQueue } from "./queue.ts";
import { selectNode } from "./select-node.ts";
import { Snapshot } from "./snapshot.ts";

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

const isOver = (pod: KubeObject) => pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";

/** Finds a node for every pod that has none, one pod at a time; binding goes on beside it. */
export function createScheduler(options: SchedulerOptions): Service {
  const { client, informers, recorder, logger, clock } = options;
  const schedulerName = options.schedulerName ?? "default-scheduler";
  const plugins = options.plugins ?? defaultPlugins;
  const pods = informers.informer(podsResource);
  const nodes = informers.informer(nodesResource);
  const snapshot = new Snapshot();
  const queue = new SchedulingQueue(clock);

  const isOurs = (pod: KubeObject) =>
    !pod.spec.nodeName &&
    pod.spec.schedulerName === schedulerName &&
    !isOver(pod) &&
    pod.metadata.deletionTimestamp === undefined;
  const isGated = (pod: KubeObject) => (pod.spec.schedulingGates ?? []).length > 0;

  const podChanged = (pod: KubeObject, previous?: KubeObject): void => {
    snapshot.setPod(pod);
    if (!isOurs(pod)) {
      queue.remove(pod.metadata.uid);
      const freed =
        previous &&
        (isOver(pod) !== isOver(previous) || Boolean(pod.spec.nodeName) !== Boolean(previous.spec.nodeName));
      if (freed) queue.clusterChanged();
    } else if (isGated(pod)) {
      queue.remove(pod.metadata.uid);
    } else if (!previous || pod.metadata.generation !== previous.metadata.generation || isGated(previous)) {
      queue.add(pod);
    } else queue.refresh(pod);
  };

  const subscribe = (): (() => void)[] => [
    nodes.subscribe({
      onAdd: (node) => {
        snapshot.setNode(node);
        queue.clusterChanged();
      },
      onUpdate: (node, previous) => {
        snapshot.setNode(node);
        if (schedulingView(node) !== schedulingView(previous)) queue.clusterChanged();
      },
      onDelete: (node) => snapshot.removeNode(node.metadata.name),
    }),
    pods.subscribe({
      onAdd: (pod) => podChanged(pod),
      onUpdate: podChanged,
      onDelete: (pod) => {
        queue.remove(pod.metadata.uid);
        snapshot.removePod(pod.metadata.uid);
        if (pod.spec.nodeName) queue.clusterChanged();
      },
    }),
  ];

  const bind = async (pod: KubeObject, node: string): Promise<void> => {
    const { namespace, name, uid } = pod.metadata;
    await client.createSubresource(podsResource, namespace!, name, "binding", {
      apiVersion: "v1",
      kind: "Binding",
      metadata: { name, namespace, uid },
      target: { apiVersion: "v1", kind: "Node", name: node },
    });
    recorder.event(pod, "Normal", "Scheduled", `Successfully assigned ${namespace}/${name} to ${node}`);
  };

  const bindLater = async (pod: KubeObject, node: string, attempts: number): Promise<void> => {
    try {
      await bind(pod, node);
    } catch (error) {
      snapshot.forget(pod.metadata.uid);
      if (isGantryError(error, "NotFound")) return;
      if (isGantryError(error, "Conflict")) {
        logger.debug("pod was bound by somebody else", { pod: pod.metadata.name });
        return;
      }
      logger.warn("binding failed, will retry", { pod: pod.metadata.name, node, error: errorMessage(error) });
      queue.failed(pod, attempts);
      queue.clusterChanged();
    }
  };

  /** The condition that tells why the pod waits; written only when it says something new. */
  const tellUnschedulable = async (pod: KubeObject, message: string): Promise<void> => {
    recorder.event(pod, "Warning", "FailedScheduling", message);
    const known = pod.status?.conditions?.find((one: { type: string }) => one.type === "PodScheduled");
    if (known?.status === "False" && known.message === message) return;
    const condition = {
      type: "PodScheduled",
      status: "False",
      reason: "Unschedulable",
      message,
      lastTransitionTime:
        known?.status === "False" ? known.lastTransitionTime : rfc3339Seconds(clock.nowMs()),
    };
    const body = { metadata: { uid: pod.metadata.uid }, status: { conditions: [condition] } };
    try {
      await client.patch(podsResource, pod.metadata.namespace, pod.metadata.name, "strategic", body, {
        subresource: "status",
      });
    } catch (error) {
      if (!isGantryError(error, "NotFound") && !isGantryError(error, "Conflict")) throw error;
    }
  };

  const scheduleOne = async (pod: KubeObject, attempts: number): Promise<void> => {
    const selection = selectNode(pod, snapshot, plugins);
    if (selection.node === undefined) {
      queue.failed(pod, attempts);
      await tellUnschedulable(pod, selection.message);
      return;
    }
    snapshot.assume(pod, selection.node);
    void bindLater(pod, selection.node, attempts);
  };

  return {
    name: "scheduler",
    needs: ["apiserver"],
    async run({ signal, ready }) {
      ready();
      try {
        await Promise.all([pods.synced(signal), nodes.synced(signal)]);
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
      const subscriptions = subscribe();
      for (;;) {
        const next = await queue.next(signal);
        if (!next) break;
        try {
          await scheduleOne(next.pod, next.attempts);
        } catch (error) {
          logger.warn("scheduling failed, will retry", {
            pod: next.pod.metadata.name,
            error: errorMessage(error),
          });
        }
      }
      for (const unsubscribe of subscriptions) unsubscribe();
    },
  };
}

/** What of a node decides about scheduling; heartbeats change none of it. */
function schedulingView(node: KubeObject): string {
  return JSON.stringify([node.metadata.labels, node.spec, node.status?.allocatable]);
}
