import type { CriContainerStatus } from "../../../cri/types.ts";
import { terminationMessage } from "../containers/termination-message.ts";
import type { ObjectReader } from "../objects/referenced-objects.ts";
import type { PodAllocation } from "../resize/pod-allocation.ts";
import { noResize } from "../resize/resize-state.ts";
import type { WaitingReason } from "../status/container-statuses.ts";
import type { PodFailure } from "../status/pod-status.ts";

/** More than a pod has ended containers that are kept. */
const REMEMBERED_WORDS = 64;

/** What the kubelet keeps of one pod between two looks at it; everything else is read from the runtime and the API. */
export class PodMemory {
  readonly objects: ObjectReader;
  /** Why containers were not started at the last try. */
  readonly waitingReasons = new Map<string, WaitingReason>();
  /** The pod as a whole has failed for this; its containers are to be ended, and may still run. */
  failure: PodFailure | undefined;
  /** Why the node did not take the pod in. */
  rejection: PodFailure | undefined;
  /** What the node has promised to it. */
  readonly allocation: PodAllocation;
  readonly resize = noResize();
  readonly #lastWords = new Map<string, string>();

  constructor(objects: ObjectReader, allocation: PodAllocation) {
    this.objects = objects;
    this.allocation = allocation;
  }

  /** Read once: an ended container says nothing more. */
  terminationMessage(status: CriContainerStatus): string {
    const known = this.#lastWords.get(status.id);
    if (known !== undefined) return known;
    const message = terminationMessage(status);
    if (this.#lastWords.size >= REMEMBERED_WORDS)
      this.#lastWords.delete(this.#lastWords.keys().next().value!);
    this.#lastWords.set(status.id, message);
    return message;
  }
}
