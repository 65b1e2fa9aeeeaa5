import { silentLogger } from "../../../base/index.ts";
import { pods as podsResource } from "../../api/index.ts";
import { createInformerFactory, type KubeClient } from "../../client/index.ts";

/** Counts the pods that were ever there, by namespace. */
export class PodHistory {
  readonly #present = new Map<string, number>();
  readonly #most = new Map<string, number>();
  readonly #made = new Map<string, number>();
  readonly #stop = new AbortController();
  #done: Promise<void> = Promise.resolve();

  static async start(client: KubeClient): Promise<PodHistory> {
    const history = new PodHistory();
    const informers = createInformerFactory(client, { logger: silentLogger });
    const pods = informers.informer(podsResource);
    const count = (namespace: string, change: number) => {
      const now = (history.#present.get(namespace) ?? 0) + change;
      history.#present.set(namespace, now);
      history.#most.set(namespace, Math.max(now, history.#most.get(namespace) ?? 0));
    };
    pods.subscribe({
      onAdd: ({ metadata: { namespace = "" } }) => {
        history.#made.set(namespace, (history.#made.get(namespace) ?? 0) + 1);
        count(namespace, 1);
      },
      onDelete: ({ metadata: { namespace = "" } }) => count(namespace, -1),
    });
    history.#done = informers.run(history.#stop.signal);
    await pods.synced();
    return history;
  }

  of(namespace: string): { madeInAll: number; mostAtOnce: number } {
    return { madeInAll: this.#made.get(namespace) ?? 0, mostAtOnce: this.#most.get(namespace) ?? 0 };
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }
}
