import type { KindRefusals } from "../refusals.table.ts";

const base = {
  metadata: { name: "x", namespace: "n" },
  spec: { maxReplicas: 3, scaleTargetRef: { kind: "Deployment", name: "d" } },
};
const metric = (one: object) => ({ spec: { metrics: [one] } });
const cpu = (target: object) => metric({ type: "Resource", resource: { name: "cpu", target } });
const scaleUp = (rules: object) => ({ spec: { behavior: { scaleUp: rules } } });
const ANNOTATION = "autoscaling.alpha.kubernetes.io";
const annotated = (name: string, value: unknown) => ({
  metadata: {
    annotations: { [`${ANNOTATION}/${name}`]: typeof value === "string" ? value : JSON.stringify(value) },
  },
});
const TYPES = 'supported values: "ContainerResource", "External", "Object", "Pods", "Resource"';
const ZERO =
  'resource.Quantity{i:resource.int64Amount{value:0, scale:0}, d:resource.infDecAmount{Dec:(*inf.Dec)(nil)}, s:"0", Format:"DecimalSI"}';

export const AUTOSCALING_REFUSALS: Record<string, KindRefusals> = {
  "autoscaling/v2 HorizontalPodAutoscaler": {
    base,
    create: [
      [
        { spec: { minReplicas: 0, maxReplicas: 0, scaleTargetRef: { name: "" } } },
        "Invalid spec.minReplicas: Invalid value: 0: must be greater than or equal to 1",
        "Invalid spec.maxReplicas: Invalid value: 0: must be greater than 0",
        "Required spec.scaleTargetRef.name: Required value",
        "Forbidden spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas",
      ],
      [
        { spec: { minReplicas: 4 } },
        "Invalid spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`",
      ],
      [cpu({ type: "Utilization", averageUtilization: 50 })],
      [
        cpu({ type: "Utilization", averageUtilization: 0, averageValue: "0" }),
        `Invalid spec.metrics[0].resource.target.averageValue: Invalid value: ${ZERO}: must be positive`,
        "Invalid spec.metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0",
        "Forbidden spec.metrics[0].resource.target.averageValue: Forbidden: may not set both a target raw value and a target utilization",
      ],
      [
        cpu({ type: "Odd", averageValue: "1" }),
        'Invalid spec.metrics[0].resource.target.type: Invalid value: "Odd": must be either Utilization, Value, or AverageValue',
      ],
      [
        metric({}),
        "Required spec.metrics[0].type: Required value: must specify a metric source type",
        `NotSupported spec.metrics[0].type: Unsupported value: "": ${TYPES}`,
        `NotSupported spec.metrics[0].type: Unsupported value: "": ${TYPES}`,
      ],
      [
        metric({ type: "Pods", external: { metric: { name: "m" }, target: { type: "Value", value: "1" } } }),
        "Required spec.metrics[0].pods: Required value: must populate information for the given metric source",
      ],
      [
        metric({
          type: "External",
          external: { metric: { name: "m" }, target: { type: "Value", value: "1", averageValue: "1" } },
          pods: {},
        }),
        "Forbidden spec.metrics[0].external.target.value: Forbidden: may not set both a target value for metric and a per-pod target",
        "Forbidden spec.metrics[0].pods: Forbidden: must populate the given metric source only",
      ],
      [
        metric({ type: "Pods", pods: { metric: { name: "a/b" }, target: { type: "AverageValue" } } }),
        "Invalid spec.metrics[0].pods.metric.name: Invalid value: \"a/b\": may not contain '/'",
        "Required spec.metrics[0].pods.target.averageValue: Required value: must specify a positive target averageValue",
      ],
      [
        metric({
          type: "Object",
          object: {
            describedObject: { kind: "K", name: "o" },
            metric: { name: "m" },
            target: { type: "Value" },
          },
        }),
        "Required spec.metrics[0].object.target.averageValue: Required value: must set either a target value or averageValue",
      ],
      [
        metric({
          type: "ContainerResource",
          containerResource: {
            name: "v",
            container: "c",
            target: { type: "Utilization", averageUtilization: 1 },
          },
        }),
        "Invalid spec.metrics[0].containerResource.name: Invalid value: v: must be a standard resource type or fully qualified",
        "Invalid spec.metrics[0].containerResource.name: Invalid value: v: must be a standard resource for containers",
      ],
      [scaleUp({ tolerance: "-1" })],
      [
        scaleUp({ policies: [], selectPolicy: "Odd", stabilizationWindowSeconds: 3601 }),
        "Invalid spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600",
        'NotSupported spec.behavior.scaleUp.selectPolicy: Unsupported value: "Odd": supported values: "Disabled", "Max", "Min"',
        "Required spec.behavior.scaleUp.policies: Required value: must specify at least one Policy",
      ],
      [
        scaleUp({ policies: [{ type: "Odd", value: 0, periodSeconds: 1801 }] }),
        'NotSupported spec.behavior.scaleUp.policies[0].type: Unsupported value: "Odd": supported values: "Percent", "Pods"',
        "Invalid spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero",
        "Invalid spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800",
      ],
    ],
    status: [
      [
        { status: { currentReplicas: -1, desiredReplicas: -2 } },
        "Invalid status.currentReplicas: Invalid value: -1: must be greater than or equal to 0",
        "Invalid status.desiredReplicas: Invalid value: -2: must be greater than or equal to 0",
      ],
    ],
  },
  "autoscaling/v1 HorizontalPodAutoscaler": {
    base,
    create: [
      [
        { spec: { targetCPUUtilizationPercentage: 0 } },
        "Invalid spec.metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0",
      ],
      [
        annotated("metrics", [{ type: "Resource", resource: { name: "memory" } }]),
        "Required spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization",
      ],
      [
        annotated("behavior", { ScaleUp: { StabilizationWindowSeconds: 5 } }),
        "Required spec.behavior.scaleUp.policies: Required value: must specify at least one Policy",
      ],
      // What cannot be read says nothing.
      [annotated("behavior", { ScaleUp: { StabilizationWindowSeconds: "5" } })],
      [annotated("metrics", "[{")],
      [annotated("metrics", [{ type: "Resource", resource: [] }])],
    ],
    status: [
      [
        { status: { desiredReplicas: -2 } },
        "Invalid status.desiredReplicas: Invalid value: -2: must be greater than or equal to 0",
      ],
    ],
  },
};
