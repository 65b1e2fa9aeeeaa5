import type {
  LabelSelector,
  V2CrossVersionObjectReference,
  V2MetricIdentifier,
  V2MetricSpec,
  V2MetricStatus,
} from "../generated/types.ts";
import { type GoObject, isPresent, member } from "./go-members.ts";

/**
 * Metrics as the annotations of autoscaling/v1 hold them: with the members in the order of upstream's structs, in which
 * Go writes them. What is undefined is not written; a quantity that v1 cannot leave out is 0.
 */
export function v1MetricSpec(spec: V2MetricSpec): object {
  const { type, object, pods, resource, containerResource, external } = spec;
  return {
    type,
    object: object && {
      target: reference(object.describedObject),
      metricName: object.metric.name,
      targetValue: object.target.value ?? "0",
      selector: selector(object.metric),
      averageValue: object.target.averageValue,
    },
    pods: pods && {
      metricName: pods.metric.name,
      targetAverageValue: pods.target.averageValue ?? "0",
      selector: selector(pods.metric),
    },
    resource: resource && { name: resource.name, ...utilization(resource.target) },
    containerResource: containerResource && {
      name: containerResource.name,
      ...utilization(containerResource.target),
      container: containerResource.container,
    },
    external: external && {
      metricName: external.metric.name,
      metricSelector: selector(external.metric),
      targetValue: external.target.value,
      targetAverageValue: external.target.averageValue,
    },
  };
}

export function v1MetricStatus(status: V2MetricStatus): object {
  const { type, object, pods, resource, containerResource, external } = status;
  return {
    type,
    object: object && {
      target: reference(object.describedObject),
      metricName: object.metric.name,
      currentValue: object.current.value ?? "0",
      selector: selector(object.metric),
      averageValue: object.current.averageValue,
    },
    pods: pods && {
      metricName: pods.metric.name,
      currentAverageValue: pods.current.averageValue ?? "0",
      selector: selector(pods.metric),
    },
    resource: resource && { name: resource.name, ...currentUtilization(resource.current) },
    containerResource: containerResource && {
      name: containerResource.name,
      ...currentUtilization(containerResource.current),
      container: containerResource.container,
    },
    external: external && {
      metricName: external.metric.name,
      metricSelector: selector(external.metric),
      currentValue: external.current.value ?? "0",
      currentAverageValue: external.current.averageValue,
    },
  };
}

interface Amounts {
  averageUtilization?: number;
  averageValue?: string;
}

const utilization = ({ averageUtilization, averageValue }: Amounts) => ({
  targetAverageUtilization: averageUtilization,
  targetAverageValue: averageValue,
});

const currentUtilization = ({ averageUtilization, averageValue }: Amounts) => ({
  currentAverageUtilization: averageUtilization,
  currentAverageValue: averageValue ?? "0",
});

const reference = ({ kind, name, apiVersion }: V2CrossVersionObjectReference) => ({ kind, name, apiVersion });

function selector({ selector: of }: V2MetricIdentifier): LabelSelector | undefined {
  if (of === undefined) return undefined;
  const labels = Object.entries(of.matchLabels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    ...(labels.length > 0 ? { matchLabels: Object.fromEntries(labels) } : {}),
    ...(of.matchExpressions
      ? {
          matchExpressions: of.matchExpressions.map(({ key, operator, values }) => ({
            key,
            operator,
            values,
          })),
        }
      : {}),
  };
}

/** The other way round: what a v1 metric is in v2, its values as they came. */
export function v2MetricSpec(v1: GoObject): object {
  return {
    type: member(v1, "type"),
    object: source(v1, "object", (one) => ({
      describedObject: member(one, "target"),
      metric: identifier(one, "selector"),
      target: {
        type: isPresent(one, "averageValue") ? "AverageValue" : "Value",
        value: member(one, "targetValue") ?? "0",
        averageValue: member(one, "averageValue"),
      },
    })),
    pods: source(v1, "pods", (one) => ({
      metric: identifier(one, "selector"),
      target: { type: "AverageValue", averageValue: member(one, "targetAverageValue") ?? "0" },
    })),
    resource: source(v1, "resource", (one) => ({ name: member(one, "name"), target: target(one) })),
    containerResource: source(v1, "containerResource", (one) => ({
      name: member(one, "name"),
      container: member(one, "container"),
      target: target(one),
    })),
    external: source(v1, "external", (one) => ({
      metric: identifier(one, "metricSelector"),
      target: {
        type: isPresent(one, "targetValue") ? "Value" : "AverageValue",
        value: member(one, "targetValue"),
        averageValue: member(one, "targetAverageValue"),
      },
    })),
  };
}

export function v2MetricStatus(v1: GoObject): object {
  return {
    type: member(v1, "type"),
    object: source(v1, "object", (one) => ({
      describedObject: member(one, "target"),
      metric: identifier(one, "selector"),
      current: { value: member(one, "currentValue") ?? "0", averageValue: member(one, "averageValue") },
    })),
    pods: source(v1, "pods", (one) => ({
      metric: identifier(one, "selector"),
      current: { averageValue: member(one, "currentAverageValue") ?? "0" },
    })),
    resource: source(v1, "resource", (one) => ({ name: member(one, "name"), current: current(one) })),
    containerResource: source(v1, "containerResource", (one) => ({
      name: member(one, "name"),
      container: member(one, "container"),
      current: current(one),
    })),
    external: source(v1, "external", (one) => ({
      metric: identifier(one, "metricSelector"),
      current: {
        value: member(one, "currentValue") ?? "0",
        averageValue: member(one, "currentAverageValue"),
      },
    })),
  };
}

function source(v1: GoObject, name: string, convert: (one: GoObject) => object): object | undefined {
  const one = member(v1, name);
  return one === undefined ? undefined : convert(one as GoObject);
}

const identifier = (one: GoObject, selectorName: string) => ({
  name: member(one, "metricName"),
  selector: member(one, selectorName),
});

const target = (one: GoObject) => ({
  type: isPresent(one, "targetAverageUtilization") ? "Utilization" : "AverageValue",
  averageValue: member(one, "targetAverageValue"),
  averageUtilization: member(one, "targetAverageUtilization"),
});

const current = (one: GoObject) => ({
  averageValue: member(one, "currentAverageValue") ?? "0",
  averageUtilization: member(one, "currentAverageUtilization"),
});
