import { errorMessage } from "../../../base/index.ts";
import { formatQuantity, labelSelectorFrom, quantityMilliValue } from "../../../formats/index.ts";
import {
  labelSelectorText,
  type Pod,
  type V2MetricIdentifier,
  type V2MetricSpec,
  type V2MetricStatus,
  type V2MetricTarget,
} from "../../api/index.ts";
import { isReady } from "../pod-state.ts";
import type { MetricQuery, MetricsClient } from "./metrics-client.ts";
import {
  averageRatio,
  podRequests,
  replicasForRatio,
  replicasForShare,
  replicasForUsage,
  utilizationRatio,
} from "./replica-calculator.ts";
import type { AutoscalerSettings } from "./settings.ts";

/** What one metric asks for. */
export interface Proposal {
  replicas: number;
  /** As events name the metric. */
  name: string;
  status: V2MetricStatus;
}

/** Why a metric asks for nothing. */
export class MetricFailure extends Error {
  /** Of the event and the condition. */
  readonly reason: string;
  /** What is told of it; the error's own message says of which metric it is. */
  readonly why: string;

  constructor(reason: string, why: string, message: string) {
    super(message);
    this.reason = reason;
    this.why = why;
  }
}

/** The pods whose number is to be worked out, and where figures come from. */
export interface Scaled {
  namespace: string;
  /** Text of the target's selector. */
  selector: string;
  pods: readonly Pod[];
  specReplicas: number;
  statusReplicas: number;
  metrics: MetricsClient;
  nowMs: number;
  settings: AutoscalerSettings;
}

type Proposer = (scaled: Scaled, spec: V2MetricSpec) => Promise<Proposal>;

interface SourceType {
  reason: string;
  /** How a failure of it is told. */
  failed: (spec: V2MetricSpec) => string;
  propose: Proposer;
}

const SOURCES: Record<string, SourceType> = {
  Resource: {
    reason: "FailedGetResourceMetric",
    failed: ({ resource }) => `failed to get ${resource!.name} resource metric value`,
    propose: async (scaled, { resource }) => {
      const { name, target } = resource!;
      const { current, ...found } = await proposeForResource(scaled, name, target);
      return { ...found, status: { type: "Resource", resource: { name, current } } };
    },
  },
  ContainerResource: {
    reason: "FailedGetContainerResourceMetric",
    failed: ({ containerResource }) => `failed to get ${containerResource!.container} container metric value`,
    propose: async (scaled, { containerResource }) => {
      const { name, container, target } = containerResource!;
      const { current, ...found } = await proposeForResource(scaled, name, target, container);
      return {
        ...found,
        status: { type: "ContainerResource", containerResource: { name, container, current } },
      };
    },
  },
  Pods: {
    reason: "FailedGetPodsMetric",
    failed: () => "failed to get pods metric value",
    propose: proposeForPods,
  },
  Object: {
    reason: "FailedGetObjectMetric",
    failed: () => "failed to get object metric value",
    propose: proposeForObject,
  },
  External: {
    reason: "FailedGetExternalMetric",
    failed: ({ external }) => `failed to get ${external!.metric.name} external metric value`,
    propose: proposeForExternal,
  },
};

/** What the metric asks for. Throws MetricFailure. */
export async function proposalOf(scaled: Scaled, spec: V2MetricSpec): Promise<Proposal> {
  const source = SOURCES[spec.type];
  if (!source) {
    const why = `unknown metric source type ${JSON.stringify(spec.type)}`;
    throw new MetricFailure("InvalidMetricSourceType", why, why);
  }
  try {
    return await source.propose(scaled, spec);
  } catch (error) {
    const why = errorMessage(error);
    throw new MetricFailure(source.reason, why, `${source.failed(spec)}: ${why}`);
  }
}

async function proposeForResource(scaled: Scaled, name: string, target: V2MetricTarget, container?: string) {
  const { namespace, selector, pods, specReplicas, nowMs, settings } = scaled;
  const { averageValue, averageUtilization } = target;
  if (averageValue === undefined && averageUtilization === undefined) {
    throw new Error(
      "invalid resource metric source: neither an average utilization target nor an average value (usage) target was set",
    );
  }
  const what = averageValue === undefined ? "utilization" : "usage";
  return told(`failed to get ${name} ${what}`, async () => {
    const metrics = await told(`unable to get metrics for resource ${name}`, () =>
      scaled.metrics.resource(name, namespace, selector, container),
    );
    const common = { pods, metrics, resource: name, currentReplicas: specReplicas, nowMs, settings };
    if (averageValue !== undefined) {
      const target = quantityMilliValue(averageValue);
      const ratioOf = averageRatio(target);
      const { replicas, usage } = replicasForUsage({ ...common, ratioOf, assumedOf: () => target });
      return {
        replicas,
        name: `${name} resource`,
        current: { averageValue: milliText(usage.milliValue) },
      };
    }
    const percent = averageUtilization!;
    let requests: Map<string, number> | undefined;
    const requested = () => {
      requests ??= podRequests(pods, name, container);
      return requests;
    };
    const { replicas, usage } = replicasForUsage({
      ...common,
      ratioOf: (known) => utilizationRatio(requested(), percent)(known),
      assumedOf: (pod) => Math.trunc(((requested().get(pod) ?? 0) * Math.max(100, percent)) / 100),
    });
    const ofContainer = container === undefined ? "" : "container ";
    return {
      replicas,
      name: `${name} ${ofContainer}resource utilization (percentage of request)`,
      current: { averageUtilization: usage.utilization!, averageValue: milliText(usage.milliValue) },
    };
  });
}

async function proposeForPods(scaled: Scaled, { pods: source }: V2MetricSpec): Promise<Proposal> {
  const { namespace, selector, pods, specReplicas, nowMs, settings } = scaled;
  const { metric, target } = source!;
  const query = queryOf(metric);
  const metrics = await told(`unable to get metric ${metric.name}`, () =>
    scaled.metrics.ofPods(query, namespace, selector),
  );
  const targetMilli = quantityMilliValue(target.averageValue ?? "0");
  const { replicas, usage } = replicasForUsage({
    pods,
    metrics,
    resource: undefined,
    currentReplicas: specReplicas,
    nowMs,
    settings,
    ratioOf: averageRatio(targetMilli),
    assumedOf: () => targetMilli,
  });
  const current = { averageValue: milliText(usage.milliValue) };
  return {
    replicas,
    name: `pods metric ${metric.name}`,
    status: { type: "Pods", pods: { metric, current } },
  };
}

async function proposeForObject(scaled: Scaled, { object }: V2MetricSpec): Promise<Proposal> {
  const { namespace } = scaled;
  const { metric, target, describedObject } = object!;
  const query = queryOf(metric);
  const read = async () => {
    try {
      return await scaled.metrics.ofObject(query, namespace, describedObject);
    } catch (error) {
      const { kind, name } = describedObject;
      throw new Error(
        `unable to get metric ${metric.name}: ${errorMessage(error)} on ${kind} ${namespace}/${name}`,
      );
    }
  };
  const status = (current: object): V2MetricStatus => ({
    type: "Object",
    object: { describedObject, metric, current },
  });
  if (target.type === "Value" && target.value !== undefined) {
    const milliValue = await read();
    const replicas = replicasForValue(scaled, milliValue, target.value);
    const name = `${describedObject.kind} metric ${metric.name}`;
    return { replicas, name, status: status({ value: milliText(milliValue) }) };
  }
  if (target.type === "AverageValue" && target.averageValue !== undefined) {
    const found = await told(`failed to get ${metric.name} object metric`, async () =>
      replicasForShare(
        await read(),
        quantityMilliValue(target.averageValue!),
        scaled.statusReplicas,
        scaled.settings,
      ),
    );
    return {
      replicas: found.replicas,
      name: externalName(metric),
      status: status({ averageValue: milliText(found.milliValue) }),
    };
  }
  throw new Error("invalid object metric source: neither a value target nor an average value target was set");
}

async function proposeForExternal(scaled: Scaled, { external }: V2MetricSpec): Promise<Proposal> {
  const { namespace, statusReplicas } = scaled;
  const { metric, target } = external!;
  const read = () =>
    told(`unable to get external metric ${namespace}/${metric.name}/${selectorText(metric)}`, async () => {
      const values = await scaled.metrics.external(queryOf(metric), namespace);
      return values.reduce((sum, value) => sum + value, 0);
    });
  const name = externalName(metric);
  const status = (current: object): V2MetricStatus => ({ type: "External", external: { metric, current } });
  if (target.averageValue !== undefined) {
    const { replicas, milliValue } = await told(`failed to get ${metric.name} external metric`, async () =>
      replicasForShare(
        await read(),
        quantityMilliValue(target.averageValue!),
        statusReplicas,
        scaled.settings,
      ),
    );
    return { replicas, name, status: status({ averageValue: milliText(milliValue) }) };
  }
  if (target.value === undefined) {
    throw new Error(
      "invalid external metric source: neither a value target nor an average value target was set",
    );
  }
  return told(`failed to get external metric ${metric.name}`, async () => {
    const milliValue = await read();
    const replicas = replicasForValue(scaled, milliValue, target.value!);
    return { replicas, name, status: status({ value: milliText(milliValue) }) };
  });
}

function replicasForValue(
  { pods, specReplicas, settings }: Scaled,
  milliValue: number,
  target: string,
): number {
  return replicasForRatio(milliValue / quantityMilliValue(target), specReplicas, settings, () => {
    if (pods.length > 0) return pods.filter((pod) => pod.status?.phase === "Running" && isReady(pod)).length;
    throw new Error(
      "unable to calculate ready pods: no pods returned by selector while calculating replica count",
    );
  });
}

/** Throws where the metric's selector says nothing that can be understood. */
function queryOf({ name, selector }: V2MetricIdentifier): MetricQuery {
  return { name, selector: labelSelectorFrom(selector).toString() };
}

const externalName = (metric: V2MetricIdentifier) =>
  `external metric ${metric.name}(${selectorText(metric)})`;

const selectorText = ({ selector }: V2MetricIdentifier): string => labelSelectorText(selector);

const milliText = (milliValue: number): string =>
  formatQuantity({ nanos: BigInt(milliValue) * 1_000_000n, format: "DecimalSI" });

/** Says what was to be done before what kept it from being done. */
async function told<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Error(`${what}: ${errorMessage(error)}`);
  }
}
