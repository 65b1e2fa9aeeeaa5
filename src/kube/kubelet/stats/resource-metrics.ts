import { counter, gauge, label, type MetricValue } from "../../../formats/index.ts";
import { podSum, podsInSample, type SampledPod } from "./pods-in-sample.ts";
import type { SampledContainer, UsageSample } from "./usage-sampler.ts";

/** `/metrics/resource`: what autoscaling and `kubectl top` need, for a metrics-server that reads nodes. */
export function resourceMetrics(sample: UsageSample): string {
  const { usage } = sample.node;
  const pods = podsInSample(sample);
  const ofContainers = (value: (container: SampledContainer) => number) =>
    pods.flatMap((pod) =>
      pod.containers.map((one): MetricValue => [containerLabels(pod, one), value(one), one.usage.readAtMs]),
    );
  const ofPods = (value: (container: SampledContainer) => number) =>
    pods.map((pod): MetricValue => [podLabels(pod), podSum(pod, value), latest(pod)]);
  const ofNode = (value: number): MetricValue[] => [["", value, usage.readAtMs]];
  return [
    counter(
      "container_cpu_usage_seconds_total",
      "[STABLE] Cumulative cpu time consumed by the container in core-seconds",
      ofContainers(cpuSeconds),
    ),
    gauge(
      "container_memory_working_set_bytes",
      "[STABLE] Current working set of the container in bytes",
      ofContainers(workingSet),
    ),
    gauge(
      "container_start_time_seconds",
      "[STABLE] Start time of the container since unix epoch in seconds",
      ofContainers(({ status }) => Number(status.startedAtNs) / 1e9),
    ),
    counter(
      "node_cpu_usage_seconds_total",
      "[STABLE] Cumulative cpu time consumed by the node in core-seconds",
      ofNode(usage.cpuUsageNs / 1e9),
    ),
    gauge(
      "node_memory_working_set_bytes",
      "[STABLE] Current working set of the node in bytes",
      ofNode(usage.memoryWorkingSetBytes),
    ),
    counter(
      "pod_cpu_usage_seconds_total",
      "[STABLE] Cumulative cpu time consumed by the pod in core-seconds",
      ofPods(cpuSeconds),
    ),
    gauge(
      "pod_memory_working_set_bytes",
      "[STABLE] Current working set of the pod in bytes",
      ofPods(workingSet),
    ),
  ]
    .flat()
    .join("\n")
    .concat("\n");
}

const cpuSeconds = ({ usage }: SampledContainer) => usage.cpuUsageNs / 1e9;
const workingSet = ({ usage }: SampledContainer) => usage.memoryWorkingSetBytes;
const latest = ({ containers }: SampledPod) => Math.max(...containers.map(({ usage }) => usage.readAtMs));

const podLabels = ({ namespace, name }: SampledPod) =>
  `{${label("namespace", namespace)},${label("pod", name)}}`;

const containerLabels = ({ namespace, name }: SampledPod, { status }: SampledContainer) =>
  `{${label("container", status.metadata.name)},${label("namespace", namespace)},${label("pod", name)}}`;
