import { type Clock, errorMessage, type Logger, rfc3339Seconds, WorkQueue } from "../../../base/index.ts";
import { jsonEquals } from "../../../formats/index.ts";
import {
  type CustomResourceDefinition,
  customKinds,
  customResourceDefinitions,
  isConditionTrue,
  isStatusError,
  type KindCatalog,
  type KindDefinition,
} from "../../api/index.ts";
import { createInformerFactory } from "../../client/index.ts";
import type { KubeClient } from "../../client/types.ts";
import type { WebhookClient } from "../webhook/webhook-client.ts";
import { converterOf } from "./convert-objects.ts";
import { withStatus } from "./definition-status.ts";
import { endDefinition } from "./end-definition.ts";

export interface CustomKindsServiceOptions {
  kinds: KindCatalog;
  client: KubeClient;
  webhooks: WebhookClient;
  clock: Clock;
  logger: Logger;
}

const RETRY_MAX_MS = 5000;

interface Served {
  spec: CustomResourceDefinition["spec"];
  names: unknown;
  isTerminating: boolean;
  sinceRevision: number;
  kinds: KindDefinition[];
}

/** Serves what custom resource definitions define: enters their kinds into the catalog, and sees to their conditions and their end. */
export class CustomKinds {
  readonly #options: CustomKindsServiceOptions;
  readonly #served = new Map<string, Served>();

  constructor(options: CustomKindsServiceOptions) {
    this.#options = options;
  }

  /** Ready once all definitions that there are are served. */
  async run({ signal, ready }: { signal: AbortSignal; ready: () => void }): Promise<void> {
    const { client, logger, clock } = this.#options;
    const factory = createInformerFactory(client, { logger, clock });
    const informer = factory.informer<CustomResourceDefinition>(customResourceDefinitions);
    const running = factory.run(signal);
    const enqueue = (name: string) => queue.add(name);
    const queue: WorkQueue = new WorkQueue((name) => this.#reconcile(name, [...informer.list()], enqueue), {
      concurrency: 1,
      retryMaxMs: RETRY_MAX_MS,
      clock,
      onError: (name, error) => {
        if (!signal.aborted && !isStatusError(error, "Conflict"))
          logger.warn("a custom resource definition is tried again", { name, error: errorMessage(error) });
      },
    });
    try {
      await informer.synced(signal);
      this.#serveAll([...informer.list()]);
      const changed = ({ metadata }: CustomResourceDefinition) => queue.add(metadata.name);
      const unsubscribe = informer.subscribe({
        onAdd: changed,
        onUpdate: changed,
        onDelete: (gone) => {
          queue.add(gone.metadata.name);
          // Its names are free now.
          for (const other of informer.list()) if (other.spec.group === gone.spec.group) changed(other);
        },
      });
      ready();
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      unsubscribe();
    } finally {
      await queue.stop();
      await running;
    }
  }

  /** Those that were established before, as one change of the catalog. */
  #serveAll(definitions: readonly CustomResourceDefinition[]): void {
    const added = definitions.filter(isEstablished).flatMap((one) => this.#enter(one).kinds);
    if (added.length > 0) this.#options.kinds.replace([], this.#new(added));
  }

  async #reconcile(
    name: string,
    definitions: readonly CustomResourceDefinition[],
    enqueue: (name: string) => void,
  ): Promise<void> {
    const definition = definitions.find(({ metadata }) => metadata.name === name);
    if (!definition) return this.#remove(name);
    const { client, clock } = this.#options;
    if (definition.metadata.deletionTimestamp !== undefined) {
      if (isEstablished(definition)) this.#serve(definition);
      return endDefinition({ client, clock }, definition, () => this.#remove(name));
    }
    const next = withStatus(definition, definitions, rfc3339Seconds(clock.nowMs()));
    // Who sees that it is established finds it served.
    if (isEstablished(next)) this.#serve(next);
    else this.#remove(name);
    if (next === definition) return;
    await client.updateStatus(customResourceDefinitions, next);
    for (const other of definitions)
      if (other !== definition && other.spec.group === definition.spec.group && !isEstablished(other))
        enqueue(other.metadata.name);
  }

  #serve(definition: CustomResourceDefinition): void {
    const before = this.#served.get(definition.metadata.name);
    const after = this.#enter(definition);
    if (before === after) return;
    this.#options.kinds.replace(before?.kinds ?? [], this.#new(after.kinds));
  }

  #enter(definition: CustomResourceDefinition): Served {
    const { metadata, spec, status } = definition;
    const names = status?.acceptedNames;
    const isTerminating = metadata.deletionTimestamp !== undefined;
    const known = this.#served.get(metadata.name);
    const hasSameSpec = known !== undefined && jsonEquals(known.spec, spec);
    if (hasSameSpec && known.isTerminating === isTerminating && jsonEquals(known.names, names)) return known;
    const sinceRevision = hasSameSpec ? known.sinceRevision : Number(metadata.resourceVersion);
    const convert = converterOf(definition, this.#options.webhooks);
    const kinds = customKinds(definition, { convert, sinceRevision });
    const served: Served = { spec, names, isTerminating, sinceRevision, kinds };
    this.#served.set(metadata.name, served);
    return served;
  }

  /** What is built in stays what it is. */
  #new(kinds: readonly KindDefinition[]): KindDefinition[] {
    const own = new Set([...this.#served.values()].flatMap((one) => one.kinds));
    return kinds.filter(({ group, version, resource }) => {
      const present = this.#options.kinds.find(group, version, resource);
      return !present || own.has(present) || present.conversion !== undefined;
    });
  }

  #remove(name: string): void {
    const served = this.#served.get(name);
    if (!served) return;
    this.#served.delete(name);
    this.#options.kinds.replace(served.kinds, []);
  }
}

function isEstablished(definition: CustomResourceDefinition): boolean {
  return isConditionTrue(definition, "Established");
}
