import type { Pod } from "../../api/index.ts";
import { pods as podsResource } from "../../api/index.ts";
import type { KubeClient } from "../../client/index.ts";
import type { ControllerDependencies } from "../controller.ts";
import { Expectations } from "../expectations.ts";
import { unlessGone } from "../write-errors.ts";

/** On each pod of a Job until its end stands in the Job's status, so that no pod goes uncounted. */
export const TRACKING_FINALIZER = "batch.kubernetes.io/job-tracking";

export function isTracked({ metadata }: Pod): boolean {
  return metadata.finalizers?.includes(TRACKING_FINALIZER) === true;
}

/** Takes the finalizer off, where it is on; `resourceVersion` where it must be the very pod that was looked at. */
export async function untrack(
  client: KubeClient,
  pod: Pod,
  precondition: { resourceVersion?: string } = {},
): Promise<void> {
  if (!isTracked(pod)) return;
  const { namespace, name, uid } = pod.metadata;
  const metadata = { uid, ...precondition, "$deleteFromPrimitiveList/finalizers": [TRACKING_FINALIZER] };
  await unlessGone(client.patch(podsResource, namespace, name, "strategic", { metadata }));
}

/** Takes the finalizer off pods, and remembers of which that has not shown in the informer yet. */
export class FinalizerRemovals {
  readonly #client: KubeClient;
  readonly #removals: Expectations;

  constructor({ client, clock }: ControllerDependencies) {
    this.#client = client;
    this.#removals = new Expectations(clock);
  }

  /** Whether it was taken off the pod, which may not show that yet. */
  isRemoved(key: string, uid: string): boolean {
    return this.#removals.awaits(key, uid);
  }

  /** The pod shows that it is off, or is gone. */
  observe(key: string, pod: Pod): void {
    this.#removals.observe(key, pod.metadata.uid);
  }

  forget(key: string): void {
    this.#removals.forget(key);
  }

  /** Returns of which pods it is off now, and the first failure. */
  async remove(
    key: string,
    pods: readonly Pod[],
  ): Promise<{ removed: ReadonlySet<string>; problem: unknown }> {
    const removed = new Set<string>();
    const removeOne = async (pod: Pod): Promise<void> => {
      const { uid } = pod.metadata;
      this.#removals.expect(key, uid);
      try {
        await untrack(this.#client, pod);
      } catch (error) {
        // Where nobody knows it is done again: the status says that the pod is not counted yet.
        this.#removals.observe(key, uid);
        throw error;
      }
      removed.add(uid);
    };
    const results = await Promise.allSettled(pods.map(removeOne));
    return { removed, problem: results.find((result) => result.status === "rejected")?.reason };
  }
}
