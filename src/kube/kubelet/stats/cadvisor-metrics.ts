import { counter, gauge, label, type MetricValue } from "../../../formats/index.ts";
import { hostInfo } from "../../../kernel/index.ts";
import { podsInSample, type SampledPod } from "./pods-in-sample.ts";
import type { SampledContainer, UsageSample } from "./usage-sampler.ts";

/** `/metrics/cadvisor`: figures of containers and of pods' networks under cAdvisor's names. */
export function cadvisorMetrics(sample: UsageSample): string {
  const pods = podsInSample(sample);
  const each = (value: (container: SampledContainer) => number, more = ""): MetricValue[] =>
    pods.flatMap((pod) =>
      pod.containers.map(
        (one) => [`{${containerLabels(pod, one)}${more}}`, value(one), one.usage.readAtMs] as const,
      ),
    );
  const network = (counter: "rxBytes" | "txBytes" | "rxErrors" | "txErrors"): MetricValue[] =>
    pods.flatMap((pod) => networkValues(pod, counter));
  const { cpus, memoryBytes } = hostInfo();
  return [
    counter(
      "container_cpu_usage_seconds_total",
      "Cumulative cpu time consumed in seconds.",
      each(({ usage }) => usage.cpuUsageNs / 1e9, `,${label("cpu", "total")}`),
    ),
    gauge(
      "container_memory_usage_bytes",
      "Current memory usage in bytes, including all memory regardless of when it was accessed",
      each(({ usage }) => usage.memoryUsageBytes),
    ),
    gauge(
      "container_memory_working_set_bytes",
      "Current working set in bytes.",
      each(({ usage }) => usage.memoryWorkingSetBytes),
    ),
    gauge(
      "container_memory_rss",
      "Size of RSS in bytes.",
      each(({ usage }) => usage.memoryRssBytes),
    ),
    gauge(
      "container_processes",
      "Number of processes running inside the container.",
      each(({ usage }) => usage.processes),
    ),
    gauge(
      "container_start_time_seconds",
      "Start time of the container since unix epoch in seconds.",
      each(({ status }) => Number(status.startedAtNs) / 1e9),
    ),
    counter(
      "container_network_receive_bytes_total",
      "Cumulative count of bytes received",
      network("rxBytes"),
    ),
    counter(
      "container_network_receive_errors_total",
      "Cumulative count of errors encountered while receiving",
      network("rxErrors"),
    ),
    counter(
      "container_network_transmit_bytes_total",
      "Cumulative count of bytes transmitted",
      network("txBytes"),
    ),
    counter(
      "container_network_transmit_errors_total",
      "Cumulative count of errors encountered while transmitting",
      network("txErrors"),
    ),
    gauge("machine_cpu_cores", "Number of logical CPU cores.", { "": cpus }),
    gauge("machine_memory_bytes", "Amount of memory installed on the machine.", { "": memoryBytes }),
  ]
    .flat()
    .join("\n")
    .concat("\n");
}

/** The containers of a pod share its network: any of them tells of it. */
function networkValues(
  { name, namespace, containers }: SampledPod,
  counter: "rxBytes" | "txBytes" | "rxErrors" | "txErrors",
): MetricValue[] {
  const usage = containers.at(-1)!.usage;
  return usage.networks.map((link) => {
    const labels = [label("interface", link.name), label("namespace", namespace), label("pod", name)];
    return [`{${labels.join(",")}}`, link[counter], usage.readAtMs];
  });
}

function containerLabels({ name, namespace }: SampledPod, { status }: SampledContainer): string {
  return [
    label("container", status.metadata.name),
    label("id", status.id),
    label("image", status.imageRef),
    label("name", status.id),
    label("namespace", namespace),
    label("pod", name),
  ].join(",");
}
