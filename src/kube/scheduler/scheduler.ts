import type { Clock, Logger, Service } from "../../base/index.ts";
import type { Pod } from "../api/index.ts";
import {
  isPodTerminal,
  namespaces as namespacesResource,
  nodes as nodesResource,
  podDisruptionBudgets,
  pods as podsResource,
} from "../api/index.ts";
import type { EventRecorder, InformerFactory, KubeClient } from "../client/index.ts";
import { BindingCycle } from "./binding-cycle.ts";
import { watchCluster } from "./cluster-watch.ts";
import { DecisionWriter } from "./decision-writer.ts";
import { DefaultSelectors } from "./default-selectors.ts";
import type { SchedulingPlugin } from "./framework.ts";
import { allPlugins } from "./plugins/index.ts";
import { SchedulingQueue } from "./queue.ts";
import { SchedulingCycle } from "./scheduling-cycle.ts";
import { NodeSelector } from "./select-node.ts";
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

/** Finds a node for every pod that has none, one pod at a time; binding goes on beside it. */
export function createScheduler(options: SchedulerOptions): Service {
  const { informers, logger, clock, schedulerName = "default-scheduler" } = options;
  const pods = informers.informer(podsResource);
  const nodes = informers.informer(nodesResource);
  const namespaces = informers.informer(namespacesResource);
  const budgets = informers.informer(podDisruptionBudgets);
  const storage = new VolumeObjects(informers);
  const selectors = new DefaultSelectors(informers);
  /** The scheduler is stopped: nobody waits any more. */
  let isOver = false;

  const isOurs = (pod: Pod) =>
    !pod.spec.nodeName &&
    pod.spec.schedulerName === schedulerName &&
    !isPodTerminal(pod) &&
    pod.metadata.deletionTimestamp === undefined;
  const waitingForm = ({ metadata: { namespace, name, uid } }: Pod): Pod | undefined => {
    const known = pods.get(`${namespace}/${name}`);
    return !isOver && known?.metadata.uid === uid && isOurs(known) ? known : undefined;
  };

  const plugins =
    options.plugins ??
    allPlugins({
      ...options,
      objects: storage,
      together: (pod) => selectors.of(pod),
      nodeOf: (name) => nodes.get(name),
      isWaiting: (pod) => waitingForm(pod) !== undefined,
    });
  const context = {
    snapshot: new Snapshot(),
    queue: new SchedulingQueue(clock),
    writer: new DecisionWriter(options),
    plugins,
    selector: new NodeSelector(plugins, { budgets: () => budgets.list() }),
    isOurs,
    waitingForm,
  };
  const { queue, writer } = context;
  const cycle = new SchedulingCycle(context, new BindingCycle(context));

  const work = async (signal: AbortSignal): Promise<void> => {
    let sliceEndMs = clock.monotonicMs() + SLICE_MS;
    for (let next = await queue.next(signal); next; next = await queue.next(signal)) {
      try {
        cycle.schedule(next.pod, next.attempts);
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
      const subscriptions = watchCluster(context, { pods, nodes, namespaces, storage });
      await work(signal);
      isOver = true;
      for (const unsubscribe of subscriptions) unsubscribe();
      await writer.idle();
    },
  };
}
