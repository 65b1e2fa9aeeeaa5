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
import { defaultConfiguration, type SchedulerConfiguration } from "./config/index.ts";
import { DecisionWriter } from "./decision-writer.ts";
import { DefaultSelectors } from "./default-selectors.ts";
import { ExtenderCalls } from "./extenders/ask-extenders.ts";
import { Extender } from "./extenders/extender.ts";
import type { SchedulingPlugin } from "./framework.ts";
import { SchedulerMetrics } from "./metrics/scheduler-metrics.ts";
import { createProfile, type Profile, type ProfileOptions } from "./profile.ts";
import { SchedulingQueue } from "./queue.ts";
import { SchedulingCycle } from "./scheduling-cycle.ts";
import { Snapshot } from "./snapshot.ts";
import { VolumeObjects } from "./volumes/volume-objects.ts";

export interface SchedulerOptions {
  client: KubeClient;
  informers: InformerFactory;
  /** Writes the events of a profile. */
  recorderFor(schedulerName: string): EventRecorder;
  logger: Logger;
  clock: Clock;
  /** Upstream's defaults where it is absent. */
  configuration?: SchedulerConfiguration | undefined;
  /** Where it is counted what is done. */
  metrics?: SchedulerMetrics;
  /** Instead of those that the configuration names. */
  plugins?: readonly SchedulingPlugin<never>[];
}

const SLICE_MS = 5;
const MAX_SLICE_MS = 25;

/** As long as the others took: where much is to be done by all, pods must not wait for their nodes until all else is done. */
const sliceAfter = (othersMs: number): number => Math.min(MAX_SLICE_MS, Math.max(SLICE_MS, othersMs));

/** Finds a node for every pod that has none, one pod at a time; binding goes on beside it. */
export function createScheduler(options: SchedulerOptions): Service {
  const { informers, logger, clock, configuration = defaultConfiguration() } = options;
  const pods = informers.informer(podsResource);
  const nodes = informers.informer(nodesResource);
  const namespaces = informers.informer(namespacesResource);
  const budgets = informers.informer(podDisruptionBudgets);
  const storage = new VolumeObjects(informers);
  const selectors = new DefaultSelectors(informers);
  const metrics = options.metrics ?? new SchedulerMetrics(clock);
  const extenders = extendersOf(configuration, options);
  /** The scheduler is stopped: nobody waits any more. */
  let isOver = false;

  const profileOf = ({ spec }: Pod): Profile | undefined => profiles.get(spec.schedulerName ?? "");
  const isOurs = (pod: Pod): boolean =>
    !pod.spec.nodeName &&
    profileOf(pod) !== undefined &&
    !isPodTerminal(pod) &&
    pod.metadata.deletionTimestamp === undefined;
  const waitingForm = ({ metadata: { namespace, name, uid } }: Pod): Pod | undefined => {
    const known = pods.get(`${namespace}/${name}`);
    return !isOver && known?.metadata.uid === uid && isOurs(known) ? known : undefined;
  };

  const profiles = profilesOf(configuration, {
    plugins: {
      ...options,
      objects: storage,
      together: (pod) => selectors.of(pod),
      nodeOf: (name) => nodes.get(name),
      isWaiting: (pod) => waitingForm(pod) !== undefined,
    },
    given: options.plugins,
    general: configuration,
    budgets: () => budgets.list(),
    extenders,
    timerOf: (profile) => metrics.timerOf(profile),
  });
  const snapshot = new Snapshot();
  const queue = new SchedulingQueue(clock, {
    backoff: {
      initialMs: configuration.podInitialBackoffSeconds * 1000,
      maxMs: configuration.podMaxBackoffSeconds * 1000,
    },
    counted: (name, cause) => metrics.events.incoming(name, cause),
  });
  metrics.read(() => ({
    pending: queue.pending,
    refused: queue.refused(),
    inFlight: queue.inFlight,
    cache: snapshot.sizes,
  }));
  const writer = new DecisionWriter({ ...options, extenders, metrics });
  const context = {
    snapshot,
    queue,
    writer,
    metrics,
    extenders,
    clock,
    profileOf,
    isOurs,
    waitingForm,
  };
  const cycle = new SchedulingCycle(context, new BindingCycle(context), logger);

  const work = async (signal: AbortSignal): Promise<void> => {
    let sliceEndMs = clock.monotonicMs() + SLICE_MS;
    for (let next = await queue.next(signal); next; next = await queue.next(signal)) {
      const asking = cycle.schedule(next);
      if (asking) await asking;
      await writer.room();
      const nowMs = clock.monotonicMs();
      if (nowMs < sliceEndMs) continue;
      await new Promise((resolve) => setImmediate(resolve));
      sliceEndMs = clock.monotonicMs() + sliceAfter(clock.monotonicMs() - nowMs);
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

function extendersOf(
  { extenders }: SchedulerConfiguration,
  { clock, logger }: Pick<SchedulerOptions, "clock" | "logger">,
): ExtenderCalls | undefined {
  if (extenders.length === 0) return undefined;
  return new ExtenderCalls(
    extenders.map((one) => new Extender(one, clock)),
    logger,
  );
}

/** By what pods name in spec.schedulerName. */
function profilesOf(
  { profiles }: SchedulerConfiguration,
  options: ProfileOptions,
): ReadonlyMap<string, Profile> {
  return new Map(profiles.map((one) => [one.schedulerName, createProfile(one, options)]));
}
