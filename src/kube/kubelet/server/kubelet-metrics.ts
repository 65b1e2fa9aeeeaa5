import type { CriRuntimeService } from "../../../cri/types.ts";
import { counter, gauge, label } from "../../../formats/index.ts";
import type { Pod } from "../../api/index.ts";

export interface KubeletMetricsOptions {
  nodeName: string;
  runtime: Pick<CriRuntimeService, "listContainers" | "listPodSandboxes">;
  pods: () => Iterable<Pod>;
  /** How many pods were ended for want of a resource since the program's start, by the signal that told of it. */
  evictions: () => ReadonlyMap<string, number>;
}

/** The kubelet's `/metrics`. */
export async function kubeletMetrics(options: KubeletMetricsOptions): Promise<string> {
  const { nodeName, runtime, pods, evictions } = options;
  const states = new Map<string, number>();
  for (const { state } of await runtime.listContainers()) {
    const labels = `{${label("container_state", state.toLowerCase())}}`;
    states.set(labels, (states.get(labels) ?? 0) + 1);
  }
  const sandboxes = await runtime.listPodSandboxes();
  return [
    gauge("kubelet_node_name", "[ALPHA] The node's name. The count is always 1.", [
      [`{${label("node", nodeName)}}`, 1],
    ]),
    gauge("kubelet_running_containers", "[ALPHA] Number of containers currently running", states),
    gauge("kubelet_running_pods", "[ALPHA] Number of pods that have a running pod sandbox", {
      "": sandboxes.filter(({ state }) => state === "READY").length,
    }),
    gauge("kubelet_desired_pods", "[ALPHA] The number of pods the kubelet is being instructed to run.", {
      [`{${label("static", "")}}`]: [...pods()].length,
    }),
    counter(
      "kubelet_evictions",
      "[ALPHA] Cumulative number of pod evictions by eviction signal",
      [...evictions()].map(([signal, count]) => [`{${label("eviction_signal", signal)}}`, count] as const),
    ),
  ]
    .flat()
    .join("\n")
    .concat("\n");
}
