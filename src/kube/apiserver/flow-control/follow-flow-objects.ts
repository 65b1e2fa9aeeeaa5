import { type Clock, errorMessage, type Logger, rfc3339Seconds, WorkQueue } from "../../../base/index.ts";
import {
  type FlowSchema,
  flowSchemas,
  isStatusError,
  type PriorityLevelConfiguration,
  priorityLevelConfigurations,
} from "../../api/index.ts";
import { createInformerFactory } from "../../client/index.ts";
import type { Informer, KubeClient } from "../../client/types.ts";
import { keepFlowControl } from "../bootstrap/flow-control.ts";
import { danglingCondition, saysSo } from "./dangling-condition.ts";
import type { FlowControl } from "./flow-control.ts";

export interface FollowFlowObjectsOptions {
  flowControl: FlowControl;
  client: KubeClient;
  clock: Clock;
  logger: Logger;
}

/** Upstream borrowingAdjustmentPeriod. */
const ADJUST_MS = 10_000;
/** How often the objects are looked at that the server makes. */
const UPKEEP_MS = 60_000;
const RETRY_MAX_MS = 30_000;
const FIELD_MANAGER = "api-priority-and-fairness-config-consumer-v1";
/** All objects are taken up together. */
const CONFIGURATION = "configuration";

/** Has flow control do what the FlowSchemas and PriorityLevelConfigurations say, and tells in their status where one names a level that is not there. */
export class FollowFlowObjects {
  readonly #options: FollowFlowObjectsOptions;

  constructor(options: FollowFlowObjectsOptions) {
    this.#options = options;
  }

  /** Ready once the objects that there are are in effect. */
  async run({ signal, ready }: { signal: AbortSignal; ready: () => void }): Promise<void> {
    const { client, logger, clock, flowControl } = this.#options;
    const factory = createInformerFactory(client, { logger, clock });
    const levels = factory.informer<PriorityLevelConfiguration>(priorityLevelConfigurations);
    const schemas = factory.informer<FlowSchema>(flowSchemas);
    const running = factory.run(signal);
    const queue = new WorkQueue(() => this.#configure(levels, schemas), {
      concurrency: 1,
      retryMaxMs: RETRY_MAX_MS,
      clock,
      onError: (_, error) => {
        if (!signal.aborted) logger.warn("flow control is configured again", { error: errorMessage(error) });
      },
    });
    const stopAdjusting = clock.every(ADJUST_MS, () => flowControl.adjust(), { unref: true });
    const stopUpkeep = clock.every(UPKEEP_MS, () => void this.#keep(signal), { unref: true });
    const changed = () => queue.add(CONFIGURATION);
    try {
      await Promise.all([levels.synced(signal), schemas.synced(signal)]);
      flowControl.configure([...levels.list()], [...schemas.list()]);
      flowControl.onDrained = changed;
      const handlers = { onAdd: changed, onUpdate: changed, onDelete: changed };
      levels.subscribe(handlers);
      schemas.subscribe(handlers);
      ready();
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    } finally {
      stopAdjusting();
      stopUpkeep();
      await queue.stop();
      await running;
    }
  }

  async #configure(
    levels: Informer<PriorityLevelConfiguration>,
    schemas: Informer<FlowSchema>,
  ): Promise<void> {
    this.#options.flowControl.configure([...levels.list()], [...schemas.list()]);
    for (const schema of schemas.list()) {
      const { name } = schema.spec.priorityLevelConfiguration;
      await this.#tell(schema, danglingCondition(name, levels.get(name) !== undefined));
    }
  }

  async #tell(schema: FlowSchema, condition: ReturnType<typeof danglingCondition>): Promise<void> {
    if (saysSo(schema, condition)) return;
    const { client, clock } = this.#options;
    const { name } = schema.metadata;
    const lastTransitionTime = rfc3339Seconds(clock.nowMs());
    const applied = {
      apiVersion: "flowcontrol.apiserver.k8s.io/v1",
      kind: "FlowSchema",
      metadata: { name },
      status: { conditions: [{ ...condition, lastTransitionTime }] },
    };
    const options = { subresource: "status", fieldManager: FIELD_MANAGER, force: true };
    try {
      await client.patch(flowSchemas, undefined, name, "apply", applied, options);
    } catch (error) {
      // Deleted meanwhile.
      if (!isStatusError(error, "NotFound")) throw error;
    }
  }

  async #keep(signal: AbortSignal): Promise<void> {
    const { client, logger } = this.#options;
    try {
      await keepFlowControl(client);
    } catch (error) {
      if (!signal.aborted) logger.warn("flow control objects are kept later", { error: errorMessage(error) });
    }
  }
}
