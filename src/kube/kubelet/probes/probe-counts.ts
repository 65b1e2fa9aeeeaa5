import { counter, label } from "../../../formats/index.ts";
import type { Container, Pod } from "../../api/index.ts";
import type { ProbeOutcome } from "./probe-view.ts";
import type { ProbeKind } from "./probe-worker.ts";

const TYPE: Record<ProbeKind, string> = { startup: "Startup", liveness: "Liveness", readiness: "Readiness" };
const RESULT: Record<ProbeOutcome, string> = {
  success: "successful",
  failure: "failed",
  unknown: "unknown",
};

/** How often each container of the node's pods was probed, and with which results. */
export class ProbeCounts {
  readonly #byPod = new Map<string, Map<string, number>>();

  count({ metadata }: Pod, container: Container, kind: ProbeKind, outcome: ProbeOutcome): void {
    const labels = [
      label("container", container.name),
      label("namespace", metadata.namespace ?? ""),
      label("pod", metadata.name),
      label("pod_uid", metadata.uid),
      label("probe_type", TYPE[kind]),
      label("result", RESULT[outcome]),
    ].join(",");
    const counts = this.#byPod.get(metadata.uid) ?? new Map<string, number>();
    counts.set(`{${labels}}`, (counts.get(`{${labels}}`) ?? 0) + 1);
    this.#byPod.set(metadata.uid, counts);
  }

  forgetPod(uid: string): void {
    this.#byPod.delete(uid);
  }

  /** `/metrics/probes`. */
  metrics(): string {
    return counter(
      "prober_probe_total",
      "[BETA] Cumulative number of a liveness, readiness or startup probe for a container by result.",
      [...this.#byPod.values()].flatMap((counts) => [...counts]),
    )
      .join("\n")
      .concat("\n");
  }
}
