/** A pod in no slice is remembered for so long: what comes of its Services' slices by then knows that it goes. */
const REMEMBER_MS = 300_000;

/**
 * Pods of which the node knows that they are going away. What EndpointSlices say of them may be older than that: they
 * come by way of a controller, which may not have heard of the deletion, or just have begun to write of the pod.
 */
export class Departures {
  readonly #pods = new Map<string, { toldAtMs: number; isEnding: boolean }>();

  add(podUid: string, nowMs: number): void {
    this.#pods.set(podUid, { toldAtMs: nowMs, isEnding: this.isEnding(podUid) });
  }

  /** From now on its containers may end at any moment. */
  end(podUid: string): void {
    const pod = this.#pods.get(podUid);
    if (pod) pod.isEnding = true;
  }

  has(podUid: string): boolean {
    return this.#pods.has(podUid);
  }

  isEnding(podUid: string): boolean {
    return this.#pods.get(podUid)?.isEnding === true;
  }

  /** Drops pods that nothing speaks of any more. */
  forget(nowMs: number, isInSlices: (podUid: string) => boolean): void {
    for (const [podUid, { toldAtMs }] of this.#pods) {
      if (nowMs - toldAtMs > REMEMBER_MS && !isInSlices(podUid)) this.#pods.delete(podUid);
    }
  }
}
