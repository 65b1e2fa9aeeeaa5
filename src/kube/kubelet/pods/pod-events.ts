import type { Container, Pod } from "../../api/index.ts";
import type { EventRecorder } from "../../client/index.ts";
import { containerFieldPath } from "../naming.ts";

/** Events about pods and their containers. */
export class PodEvents {
  readonly #recorder: EventRecorder;

  constructor(recorder: EventRecorder) {
    this.#recorder = recorder;
  }

  normal(pod: Pod, reason: string, message: string, container?: Container): void {
    this.#recorder.event(pod, "Normal", reason, message, container && containerFieldPath(pod, container));
  }

  warning(pod: Pod, reason: string, message: string, container?: Container): void {
    this.#recorder.event(pod, "Warning", reason, message, container && containerFieldPath(pod, container));
  }
}
