import type { Clock } from "../../../base/index.ts";
import type { Pod, StatefulSet } from "../../api/index.ts";
import { isPodTerminal } from "../../api/index.ts";
import type { EndedPods } from "../ended-pods.ts";
import { templateOf } from "../history/index.ts";
import { slowStart } from "../slow-start.ts";
import type { ClaimWriter } from "./claim-writer.ts";
import { startOf } from "./ordinals.ts";
import type { Place, Places } from "./places.ts";
import type { RevisionPair } from "./set-revisions.ts";
import { type NewPod, newStatefulPod, revisionOf } from "./stateful-pod.ts";
import type { StatefulPodWriter } from "./stateful-pod-writer.ts";
import { isAvailable, isHealthy, isTerminating } from "./status.ts";

/** Whether the next pod has to wait until something happens to this one. */
type Outcome = "next" | "wait";

export interface SetPass {
  set: StatefulSet;
  revisions: RevisionPair;
  places: Places;
  /** Asks for another pass where one has to wait. */
  recheckIn(ms: number): void;
}

/** What a pass acts by. */
export interface SetTools {
  pods: StatefulPodWriter;
  claims: ClaimWriter;
  ended: EndedPods;
  clock: Clock;
}

/** One pass over a set's pods (upstream's updateStatefulSet). */
export class PodSteering {
  readonly #pass: SetPass;
  readonly #tools: SetTools;
  readonly #isOrdered: boolean;
  /** Pods of the current revision that this pass deleted for the update. */
  deletedForUpdate = 0;

  constructor(pass: SetPass, tools: SetTools) {
    this.#pass = pass;
    this.#tools = tools;
    this.#isOrdered = pass.set.spec.podManagementPolicy !== "Parallel";
  }

  /** Makes what is missing, then deletes what is too much, then what is outdated; throws what went wrong. */
  async run(): Promise<void> {
    const { wanted, condemned } = this.#pass.places;
    if ((await this.#forAll(wanted, (place) => this.#fill(place))) === "wait") return;
    const settle = async (pod: Pod): Promise<Outcome> => {
      await this.#tools.claims.settleOwners(this.#pass.set, pod);
      return "next";
    };
    await this.#forAll(condemned, settle);
    if ((await this.#forAll(condemned, (pod) => this.#condemn(pod))) === "wait") return;
    if (this.#pass.set.spec.updateStrategy?.type !== "OnDelete") await this.#update();
  }

  /** One after the other until one has to be waited for, or all at once. */
  async #forAll<T>(all: readonly T[], act: (one: T) => Promise<Outcome>): Promise<Outcome> {
    if (this.#isOrdered) {
      for (const one of all) if ((await act(one)) === "wait") return "wait";
      return "next";
    }
    const problem = await slowStart(all.length, async (index) => void (await act(all[index]!)));
    if (problem !== undefined) throw problem;
    return "next";
  }

  async #fill({ ordinal, pod }: Place): Promise<Outcome> {
    const set = this.#pass.set;
    const { pods, claims } = this.#tools;
    if (pod === undefined) {
      await pods.create(set, this.#newPod(ordinal));
      return "wait";
    }
    if (isPodTerminal(pod)) {
      if (!isTerminating(pod)) await this.#clear(pod);
      return "wait";
    }
    if (pod.status?.phase === "Pending" && !isTerminating(pod)) await claims.ensure(set, pod);
    if (this.#isOrdered && (isTerminating(pod) || !isAvailable(set, pod, this.#tools.clock))) return "wait";
    if (!isTerminating(pod)) await pods.repair(set, pod);
    return "next";
  }

  /** Makes way for another pod; not at once each time, for that may end at once too. */
  async #clear(pod: Pod): Promise<void> {
    const { set } = this.#pass;
    const place = `${set.metadata.uid}/${pod.metadata.name}`;
    const waitMs = this.#tools.ended.remainingMs(place);
    if (waitMs > 0) return this.#pass.recheckIn(waitMs);
    this.#tools.ended.note(place);
    await this.#tools.pods.delete(this.#pass.set, pod);
  }

  /** With an ordered set all others have to be well before one more is deleted, unless that one is what is not. */
  async #condemn(pod: Pod): Promise<Outcome> {
    if (isTerminating(pod)) return this.#isOrdered ? "wait" : "next";
    const isWell = isAvailable(this.#pass.set, pod, this.#tools.clock);
    if (this.#isOrdered && !isWell && pod !== this.#pass.places.firstUnhealthy) return "wait";
    await this.#tools.pods.delete(this.#pass.set, pod);
    return "wait";
  }

  /** Deletes the last of the outdated pods, once those after it are well again. */
  async #update(): Promise<void> {
    const { current, update } = this.#pass.revisions;
    const partition = this.#pass.set.spec.updateStrategy?.rollingUpdate?.partition ?? 0;
    for (const { pod } of this.#pass.places.wanted.slice(partition).reverse()) {
      if (pod === undefined) return;
      const revision = revisionOf(pod);
      if (revision !== update.metadata.name && !isTerminating(pod)) {
        await this.#tools.pods.delete(this.#pass.set, pod);
        if (revision === current.metadata.name) this.deletedForUpdate++;
        return;
      }
      if (!isHealthy(pod)) return;
    }
  }

  /** Below the partition a pod is of the current revision; without a partition as long as not all of those are replaced. */
  #newPod(ordinal: number): NewPod {
    const set = this.#pass.set;
    const { type, rollingUpdate } = set.spec.updateStrategy ?? {};
    const kept =
      rollingUpdate === undefined ? (set.status?.currentReplicas ?? 0) : (rollingUpdate.partition ?? 0);
    const isKept = type === "RollingUpdate" && ordinal < startOf(set) + kept;
    const revision = isKept ? this.#pass.revisions.current : this.#pass.revisions.update;
    return newStatefulPod(set, templateOf(set, revision), revision.metadata.name, ordinal);
  }
}
