import {
  type Clock,
  errorMessage,
  isGantryError,
  type Logger,
  systemClock,
  WorkQueue,
} from "../../../base/index.ts";
import { isMirrorPod, MIRROR_ANNOTATION, type Pod, pods } from "../../api/index.ts";
import type { KubeClient } from "../../client/index.ts";
import { podKey } from "../naming.ts";
import { ManifestDirectory } from "./manifest-directory.ts";
import { isMirrorOf } from "./static-pod.ts";

const LOOK_EVERY_MS = 1000;
/** How soon a node that is not registered yet is asked for again. */
const UNTIL_REGISTERED_MS = 200;
const RETRY = { retryInitialMs: 200, retryMaxMs: 30_000 };

export interface StaticPodsOptions {
  /** Of the manifests; without it there are no static pods. */
  dir: string | undefined;
  nodeName: string;
  nodeUid: () => string | undefined;
  client: KubeClient;
  /** What the API has on this node under `namespace/name`. */
  apiPod: (key: string) => Pod | undefined;
  /** Has the pod run from now on. */
  run: (pod: Pod) => void;
  /** Has it end, within its grace. */
  end: (pod: Pod) => void;
  /** The pod's picture in the API has changed. */
  onMirror: (pod: Pod) => void;
  logger: Logger;
  clock?: Clock;
}

/**
 * Pods that files ask for: run whatever the API says, with a picture of each in the API (its mirror pod), which is made anew
 * when somebody deletes it. A changed file is another pod: the former one has ended before the next begins.
 */
export class StaticPods {
  readonly #options: StaticPodsOptions;
  readonly #directory: ManifestDirectory | undefined;
  readonly #mirrors: WorkQueue;
  #wanted = new Map<string, Pod>();
  /** By key, until nothing of them is left. */
  readonly #running = new Map<string, { pod: Pod; isEnding: boolean }>();

  constructor(options: StaticPodsOptions) {
    const { dir, nodeName, logger, clock = systemClock } = options;
    this.#options = options;
    if (dir !== undefined) this.#directory = new ManifestDirectory({ dir, nodeName, logger, clock });
    this.#mirrors = new WorkQueue((key) => this.#syncMirror(key), {
      ...RETRY,
      clock,
      onError: (key, error) =>
        logger.warn("a mirror pod is not as it should be, will retry", {
          pod: key,
          error: errorMessage(error),
        }),
    });
  }

  /** Looks at the files once. */
  async look(): Promise<void> {
    if (!this.#directory) return;
    this.#wanted = await this.#directory.read();
    for (const key of new Set([...this.#wanted.keys(), ...this.#running.keys()])) this.#settle(key);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock = systemClock } = this.#options;
    signal.addEventListener("abort", () => this.#mirrors.stop(), { once: true });
    if (!this.#directory) return;
    while (!signal.aborted) {
      await clock.sleep(LOOK_EVERY_MS, signal).catch(() => {});
      if (!signal.aborted) await this.look();
    }
  }

  /** Uid under which a pod runs here that the API has under this key: the static one's, for a mirror. */
  uidOf(namespace: string, name: string): string | undefined {
    return this.#running.get(`${namespace}/${name}`)?.pod.metadata.uid;
  }

  /** True if it was a mirror's, and is nobody else's business. */
  observe(pod: Pod): boolean {
    if (!isMirrorPod(pod)) return false;
    const key = podKey(pod);
    this.#mirrors.add(key);
    const running = this.#running.get(key);
    if (running && isMirrorOf(pod, running.pod)) this.#options.onMirror(running.pod);
    return true;
  }

  /** Nothing is left of a pod that ran. */
  finished(uid: string): void {
    for (const [key, { pod }] of this.#running) {
      if (pod.metadata.uid !== uid) continue;
      this.#running.delete(key);
      this.#settle(key);
      this.#mirrors.add(key);
    }
  }

  #settle(key: string): void {
    const { run, end } = this.#options;
    const wanted = this.#wanted.get(key);
    const running = this.#running.get(key);
    if (running) {
      if (running.isEnding || running.pod.metadata.uid === wanted?.metadata.uid) return;
      running.isEnding = true;
      end(running.pod);
      return;
    }
    if (!wanted) return;
    const pod = this.#withKnownStatus(wanted);
    this.#running.set(key, { pod, isEnding: false });
    run(pod);
    this.#mirrors.add(key);
  }

  /** A pod that ran before the program was started is as the API was told last. */
  #withKnownStatus(pod: Pod): Pod {
    const mirror = this.#options.apiPod(podKey(pod));
    return mirror?.status && isMirrorOf(mirror, pod) ? { ...pod, status: mirror.status } : pod;
  }

  async #syncMirror(key: string): Promise<void> {
    const { apiPod } = this.#options;
    const mirror = apiPod(key);
    const pod = this.#running.get(key)?.pod;
    if (mirror) {
      if (!isMirrorPod(mirror)) {
        if (pod) throw new Error("the API has another pod of this name");
        return;
      }
      const isCurrent = pod !== undefined && isMirrorOf(mirror, pod);
      if (!isCurrent || mirror.metadata.deletionTimestamp !== undefined) await this.#delete(mirror);
      return;
    }
    if (pod) await this.#create(pod);
  }

  async #delete({ metadata: { namespace, name, uid } }: Pod): Promise<void> {
    try {
      const options = { gracePeriodSeconds: 0, preconditions: { uid } };
      await this.#options.client.delete(pods, namespace, name, options);
    } catch (error) {
      if (!isGantryError(error, "NotFound") && !isGantryError(error, "Conflict")) throw error;
    }
  }

  /** It belongs to its node, and goes with it. */
  async #create(pod: Pod): Promise<void> {
    const { client, nodeName, nodeUid } = this.#options;
    const uid = nodeUid();
    if (uid === undefined) {
      this.#mirrors.addAfter(podKey(pod), UNTIL_REGISTERED_MS);
      return;
    }
    const { name, namespace, labels, annotations } = pod.metadata;
    await client.create(pods, {
      metadata: {
        name,
        namespace,
        ...(labels ? { labels } : {}),
        annotations: { ...annotations, [MIRROR_ANNOTATION]: pod.metadata.uid },
        ownerReferences: [{ apiVersion: "v1", kind: "Node", name: nodeName, uid, controller: true }],
      },
      spec: pod.spec,
    });
  }
}
