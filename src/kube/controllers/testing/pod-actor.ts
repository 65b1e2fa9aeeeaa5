import { isGantryError, silentLogger } from "../../../base/index.ts";
import type { Pod } from "../../api/index.ts";
import { isPodTerminal, pods as podsResource } from "../../api/index.ts";
import { createInformerFactory, type KubeClient } from "../../client/index.ts";

export interface PodActorOptions {
  /** Whether a running pod is ready; asked at each event and by `look`. */
  isReady?: (pod: Pod) => boolean;
  node?: (pod: Pod) => string;
  /** With which exit code the containers of a running pod have ended, if they have; asked at each event and by `look`. */
  exitCode?: (pod: Pod) => number | undefined;
  /** How long each of its steps takes. */
  delayMs?: () => number;
}

/** Of a container that SIGKILL has ended. */
const KILLED = 137;

/** In place of scheduler and kubelet: binds pods, says that they run and how they end, lets deleted ones go. */
export class PodActor {
  readonly #client: KubeClient;
  readonly #options: PodActorOptions;
  readonly #stop = new AbortController();
  readonly #pods;
  readonly #done: Promise<void>;
  /** Most pods that were there at once, in all namespaces. */
  mostAtOnce = 0;
  readonly #present = new Set<string>();
  readonly #addresses = new Map<string, string>();
  #isPaused = false;

  private constructor(client: KubeClient, options: PodActorOptions) {
    this.#client = client;
    this.#options = options;
    const informers = createInformerFactory(client, { logger: silentLogger });
    this.#pods = informers.informer(podsResource);
    this.#done = informers.run(this.#stop.signal);
    this.#pods.subscribe({
      onAdd: (pod) => {
        this.#present.add(pod.metadata.uid);
        this.mostAtOnce = Math.max(this.mostAtOnce, this.#present.size);
        void this.#act(pod);
      },
      onUpdate: (pod) => void this.#act(pod),
      onDelete: (pod) => this.#present.delete(pod.metadata.uid),
    });
  }

  static async start(client: KubeClient, options: PodActorOptions = {}): Promise<PodActor> {
    const actor = new PodActor(client, options);
    await actor.#pods.synced();
    return actor;
  }

  /** The kubelet does nothing for a while. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Looks at all pods again, because what `isReady` says has changed or a pause is over. */
  async look(): Promise<void> {
    this.#isPaused = false;
    await Promise.all([...this.#pods.list()].map((pod) => this.#act(pod)));
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #act(pod: Pod): Promise<void> {
    if (this.#isPaused) return;
    const delayMs = this.#options.delayMs?.() ?? 0;
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    const { namespace, name, uid, deletionTimestamp } = pod.metadata;
    try {
      if (deletionTimestamp !== undefined) {
        if (this.#options.exitCode && pod.spec.nodeName) await this.#end(pod, KILLED);
        const preconditions = { uid };
        return await this.#client.delete(podsResource, namespace, name, {
          gracePeriodSeconds: 0,
          preconditions,
        });
      }
      if (!pod.spec.nodeName) {
        await this.#client.createSubresource(podsResource, namespace!, name, "binding", {
          metadata: { name, namespace },
          target: { kind: "Node", name: this.#options.node?.(pod) ?? "node-1" },
        });
        return;
      }
      await this.#setStatus(pod);
    } catch (error) {
      if (!isGantryError(error, "NotFound") && !isGantryError(error, "Conflict")) throw error;
    }
  }

  async #setStatus(pod: Pod): Promise<void> {
    if (isPodTerminal(pod)) return;
    const exitCode = pod.status?.phase === "Running" ? this.#options.exitCode?.(pod) : undefined;
    if (exitCode !== undefined) return this.#end(pod, exitCode);
    const status = this.#options.isReady?.(pod) === false ? "False" : "True";
    const known = pod.status?.conditions?.find((one: { type: string }) => one.type === "Ready");
    if (known?.status === status) return;
    const podIP = pod.status?.podIP ?? this.#addressOf(pod.metadata.uid);
    const conditions = [{ type: "Ready", status, lastTransitionTime: new Date().toISOString() }];
    const body = {
      metadata: { uid: pod.metadata.uid },
      status: { phase: "Running", podIP, podIPs: [{ ip: podIP }], conditions },
    };
    const { namespace, name } = pod.metadata;
    await this.#client.patch(podsResource, namespace, name, "strategic", body, { subresource: "status" });
  }

  /** The containers end, and the pod with them. */
  async #end(pod: Pod, exitCode: number): Promise<void> {
    if (isPodTerminal(pod)) return;
    const now = new Date().toISOString();
    const state = { terminated: { exitCode, finishedAt: now } };
    const { namespace, name, uid } = pod.metadata;
    const status = {
      phase: exitCode === 0 ? "Succeeded" : "Failed",
      conditions: [{ type: "Ready", status: "False", lastTransitionTime: now }],
      containerStatuses: pod.spec.containers.map(({ name, image }) => {
        return { name, image, imageID: "", ready: false, restartCount: 0, state };
      }),
    };
    const body = { metadata: { uid }, status };
    await this.#client.patch(podsResource, namespace, name, "strategic", body, { subresource: "status" });
  }

  /** The same whenever it is asked, also before the pod is seen with it: a pod has one address of a family. */
  #addressOf(uid: string): string {
    const known = this.#addresses.get(uid);
    if (known !== undefined) return known;
    const count = this.#addresses.size + 1;
    const address = `10.244.${Math.floor(count / 250)}.${(count % 250) + 1}`;
    this.#addresses.set(uid, address);
    return address;
  }
}
