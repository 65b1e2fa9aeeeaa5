import { describeAnswers } from "../testing/answer-table.ts";

const PODS = "/api/v1/namespaces/default/pods";
const C = "spec.containers[0]";
const guaranteed = { limits: { cpu: "1", memory: "1Gi" } };
const burstable = {
  requests: { cpu: "1", "example.com/x": "1" },
  limits: { memory: "1Gi", "example.com/x": "1" },
};

const pod = (name: string, resources: object, more: object = {}) => ({
  metadata: { name, labels: { l: "1" } },
  spec: {
    containers: [{ name: "c", image: "i", resources }],
    initContainers: [{ name: "i", image: "i", resources }],
    nodeName: "n",
    automountServiceAccountToken: false,
    ...more,
  },
});
const patch = (name: string, spec: object) => ({
  request: `PATCH ${PODS}/${name}/resize`,
  headers: { "content-type": "application/strategic-merge-patch+json" },
  body: { metadata: { labels: { l: "2" } }, spec },
});
const resized = (name: string, resources: object, more: object = {}) =>
  patch(name, { containers: [{ name: "c", resources, ...more }] });

describeAnswers("resizes of pods", {
  stored: [
    [PODS, pod("g", guaranteed)],
    [PODS, pod("b", burstable)],
    [
      PODS,
      {
        ...pod("static", {}),
        metadata: { name: "static", annotations: { "kubernetes.io/config.mirror": "x" } },
      },
    ],
    [PODS, pod("none", {}, { initContainers: [{ name: "s", image: "i", restartPolicy: "Always" }] })],
  ],
  rows: [
    {
      ...resized("b", { requests: { cpu: "500m" } }, { image: "other" }),
      code: 200,
      object: {
        metadata: { labels: { l: "1" }, generation: 2 },
        spec: {
          containers: [{ image: "i", resources: { requests: { cpu: "500m", "example.com/x": "1" } } }],
        },
      },
    },
    { request: `GET ${PODS}/b/resize`, code: 200, object: { kind: "Pod" } },
    {
      ...resized("b", { limits: { memory: "512Mi" }, requests: { "example.com/x": "2" } }),
      code: 422,
      causes: [
        `${C}.resources.requests: Invalid value: "2": must be equal to example.com/x limit of 1`,
        `${C}.resources.requests: Invalid value: "1Gi": must be less than or equal to memory limit of 512Mi`,
        `${C}.resources.limits[memory]: Forbidden: memory limits cannot be decreased unless resizePolicy is RestartContainer`,
        "spec: Forbidden: only cpu and memory resources are mutable",
      ],
    },
    {
      ...resized("g", { limits: { cpu: "2" } }),
      code: 422,
      causes: ['spec: Invalid value: "Guaranteed": Pod QOS Class may not change as a result of resizing'],
    },
    { ...resized("g", { limits: { cpu: "2" }, requests: { cpu: "2" } }), code: 200 },
    {
      ...resized("b", { requests: { cpu: null } }),
      code: 422,
      causes: [`${C}.resources.requests: Forbidden: resource requests cannot be removed`],
    },
    {
      ...patch("g", {
        initContainers: [{ name: "i", resources: { limits: { cpu: "2" }, requests: { cpu: "2" } } }],
      }),
      code: 422,
      causes: ["spec: Forbidden: resources for non-sidecar init containers are immutable"],
    },
    {
      ...patch("g", { containers: [{ name: "d", image: "i" }] }),
      code: 422,
      causes: [
        'spec: Invalid value: "Guaranteed": Pod QOS Class may not change as a result of resizing',
        "spec.containers: Forbidden: containers may not be added or removed on resize",
      ],
    },
    {
      ...resized("none", { limits: { memory: "1Gi" } }),
      code: 422,
      causes: [
        'spec: Invalid value: "BestEffort": Pod QOS Class may not change as a result of resizing',
        `${C}.resources.limits[memory]: Forbidden: memory limits cannot be added unless resizePolicy is RestartContainer`,
      ],
    },
    {
      ...resized("static", {}),
      code: 422,
      message: 'Pod "static" is invalid: : Forbidden: static pods cannot be resized',
    },
  ],
});
