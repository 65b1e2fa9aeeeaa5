import { describe, expect, it } from "vitest";
import type { Container, Pod, PodStatus } from "../generated/types.ts";
import { toTable } from "../table.ts";
import { defaultPullPolicy } from "./pod/defaults.ts";
import { pods } from "./pod.ts";

const NOW = Date.parse("2024-05-01T12:00:00Z");

function makePod(spec: object = {}, status?: PodStatus): Pod {
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "web",
      namespace: "default",
      uid: "",
      resourceVersion: "",
      creationTimestamp: "2024-05-01T11:00:00Z",
    },
    spec: { containers: [{ name: "a", image: "shop/web:1.0" }], ...spec },
    ...(status === undefined ? {} : { status }),
  } as Pod;
  pods.defaults!(pod);
  return pod;
}

const errorsOf = (spec: object): string[] =>
  pods.validate!(makePod(spec)).map((one) => `${one.field}: ${one.message}`);
const withContainer = (container: object) => ({ containers: [{ name: "a", image: "x:1", ...container }] });

describe("defaults", () => {
  it("are upstream's", () => {
    expect(makePod().spec).toEqual({
      containers: [
        {
          name: "a",
          image: "shop/web:1.0",
          imagePullPolicy: "IfNotPresent",
          terminationMessagePath: "/dev/termination-log",
          terminationMessagePolicy: "File",
          resources: {},
        },
      ],
      dnsPolicy: "ClusterFirst",
      restartPolicy: "Always",
      securityContext: {},
      terminationGracePeriodSeconds: 30,
      schedulerName: "default-scheduler",
      enableServiceLinks: true,
    });
  });

  it("reach ports, probes, requests, environment and volumes", () => {
    const { spec } = makePod({
      ...withContainer({
        ports: [{ containerPort: 80 }],
        resources: { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "500m" } },
        readinessProbe: { httpGet: { port: 80 } },
        env: [{ name: "X", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
      }),
      serviceAccountName: "robot",
      volumes: [
        { name: "none" },
        { name: "secret", secret: { secretName: "s" } },
        { name: "token", projected: { sources: [{ serviceAccountToken: { path: "token" } }] } },
        { name: "host", hostPath: { path: "/" } },
      ],
    });
    const [container] = spec.containers as [Container];
    expect(container.ports).toEqual([{ containerPort: 80, protocol: "TCP" }]);
    expect(container.resources!.requests).toEqual({ cpu: "500m", memory: "1Gi" });
    expect(container.readinessProbe).toEqual({
      httpGet: { port: 80, path: "/", scheme: "HTTP" },
      timeoutSeconds: 1,
      periodSeconds: 10,
      successThreshold: 1,
      failureThreshold: 3,
    });
    expect(container.env![0]!.valueFrom!.fieldRef!.apiVersion).toBe("v1");
    expect(spec.serviceAccount).toBe("robot");
    expect(spec.volumes).toMatchObject([
      { emptyDir: {} },
      { secret: { defaultMode: 420 } },
      { projected: { defaultMode: 420, sources: [{ serviceAccountToken: { expirationSeconds: 3600 } }] } },
      { hostPath: { path: "/", type: "" } },
    ]);
  });

  it("pull always where the tag is latest or missing", () => {
    expect(defaultPullPolicy("busybox")).toBe("Always");
    expect(defaultPullPolicy("127.0.0.1:5000/busybox")).toBe("Always");
    expect(defaultPullPolicy("busybox:latest")).toBe("Always");
    expect(defaultPullPolicy("127.0.0.1:5000/busybox:1.36")).toBe("IfNotPresent");
    expect(defaultPullPolicy("busybox@sha256:abc")).toBe("IfNotPresent");
  });

  it("change nothing the second time", () => {
    const pod = makePod({ volumes: [{ name: "v" }] });
    const once = structuredClone(pod);
    pods.defaults!(pod);
    expect(pod).toEqual(once);
  });
});

describe("validation", () => {
  it("passes a usual pod", () => {
    expect(errorsOf({})).toEqual([]);
  });

  it.each([
    [{ containers: [] }, "spec.containers: Required value"],
    [{ containers: [{ image: "x" }] }, "spec.containers[0].name: Required value"],
    [{ containers: [{ name: "a" }] }, "spec.containers[0].image: Required value"],
    [
      withContainer({ name: "A" }),
      "spec.containers[0].name: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ],
    [
      {
        containers: [
          { name: "a", image: "x" },
          { name: "a", image: "x" },
        ],
      },
      'spec.containers[1].name: Duplicate value: "a"',
    ],
    [
      withContainer({ imagePullPolicy: "Sometimes" }),
      'spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"',
    ],
    [
      withContainer({ ports: [{ containerPort: 70000 }] }),
      "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
    ],
    [
      withContainer({ ports: [{ containerPort: 80, protocol: "ICMP" }] }),
      'spec.containers[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
    ],
    [
      withContainer({ resources: { limits: { cpu: "1" }, requests: { cpu: "2" } } }),
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    ],
    [
      withContainer({ resources: { requests: { memory: "-1" } } }),
      'spec.containers[0].resources.requests[memory]: Invalid value: "-1": must be greater than or equal to 0',
    ],
    [withContainer({ env: [{ name: "" }] }), "spec.containers[0].env[0].name: Required value"],
    [
      withContainer({ env: [{ name: "A", valueFrom: {} }] }),
      'spec.containers[0].env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`',
    ],
    [
      withContainer({ env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "spec.foo" } } }] }),
      'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.foo": error converting fieldPath: field label not supported: spec.foo',
    ],
    [
      withContainer({ volumeMounts: [{ name: "v", mountPath: "/v" }] }),
      'spec.containers[0].volumeMounts[0].name: Not found: "v"',
    ],
    [
      withContainer({ livenessProbe: {} }),
      "spec.containers[0].livenessProbe: Required value: must specify a handler type",
    ],
    [
      withContainer({ livenessProbe: { exec: { command: ["x"] }, successThreshold: 2 } }),
      "spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1",
    ],
    [
      withContainer({ livenessProbe: { httpGet: { port: 0 } } }),
      "spec.containers[0].livenessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive",
    ],
    [
      { restartPolicy: "Maybe" },
      'spec.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "OnFailure", "Never"',
    ],
    [
      { volumes: [{ name: "v", hostPath: { path: "/x" }, emptyDir: {} }] },
      "spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type",
    ],
    [{ volumes: [{ name: "v", secret: {} }] }, "spec.volumes[0].secret.secretName: Required value"],
    [{ volumes: [{ name: "v" }, { name: "v" }] }, 'spec.volumes[1].name: Duplicate value: "v"'],
    [
      { activeDeadlineSeconds: 0 },
      "spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive",
    ],
    [
      { tolerations: [{ operator: "Equal" }] },
      'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
    ],
    [
      { initContainers: [{ name: "i", image: "x", readinessProbe: { exec: { command: ["x"] } } }] },
      "spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always",
    ],
    [
      { ephemeralContainers: [{ name: "e", image: "x" }] },
      "spec.ephemeralContainers: Forbidden: cannot be set on create",
    ],
    [
      { dnsPolicy: "None" },
      "spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None",
    ],
  ])("refuses %j", (spec, expected) => {
    expect(errorsOf(spec)).toEqual([expected]);
  });
});

describe("updates", () => {
  const update = (change: (pod: Pod) => void, before = makePod()) => {
    const next = structuredClone(before);
    change(next);
    return pods.validateUpdate!(next, before).map((one) => `${one.field}: ${one.message}`);
  };

  it("may change images, tolerations and a shorter deadline", () => {
    expect(update((pod) => (pod.spec.containers[0]!.image = "x:2"))).toEqual([]);
    expect(update((pod) => (pod.spec.tolerations = [{ operator: "Exists" }]))).toEqual([]);
    expect(update((pod) => (pod.spec.activeDeadlineSeconds = 5))).toEqual([]);
    expect(update((pod) => (pod.metadata.labels = { a: "b" }))).toEqual([]);
  });

  it("may change nothing else", () => {
    const [message] = update((pod) => (pod.spec.containers[0]!.command = ["sh"]));
    expect(message).toMatch(
      /^spec: Forbidden: pod updates may not change fields other than `spec\.containers\[\*\]\.image`,`spec\.initContainers\[\*\]\.image`,`spec\.activeDeadlineSeconds`,`spec\.tolerations` \(only additions to existing tolerations\),`spec\.terminationGracePeriodSeconds` \(allow it to be set to 1 if it was previously negative\)\n/,
    );
    expect(update((pod) => pod.spec.containers.push({ name: "b", image: "x" }))).toEqual([
      "spec.containers: Forbidden: pod updates may not add or remove containers",
    ]);
    const deadline = makePod({ activeDeadlineSeconds: 5 });
    expect(update((pod) => (pod.spec.activeDeadlineSeconds = 6), deadline)).toEqual([
      "spec.activeDeadlineSeconds: Invalid value: 6: must be less than or equal to previous value",
    ]);
  });
});

describe("strategy", () => {
  it("begins pending, with its quality of service", () => {
    const classOf = (resources: object) => {
      const pod = makePod(withContainer({ resources }), { phase: "Running", podIP: "1.2.3.4" });
      pods.prepareForCreate!(pod);
      expect(pod.status).toEqual({ phase: "Pending", qosClass: pod.status!.qosClass });
      return pod.status!.qosClass;
    };
    expect(classOf({})).toBe("BestEffort");
    expect(classOf({ requests: { cpu: "1" } })).toBe("Burstable");
    expect(classOf({ limits: { cpu: "1", memory: "1Gi" } })).toBe("Guaranteed");
  });

  it("grants grace only to pods that run", () => {
    const grace = (spec: object, status: PodStatus, requested?: number) =>
      pods.gracePeriodSeconds!(makePod(spec, status), requested);
    expect(grace({}, {})).toBe(0);
    expect(grace({ nodeName: "n" }, { phase: "Running" })).toBe(30);
    expect(grace({ nodeName: "n" }, { phase: "Running" }, 5)).toBe(5);
    expect(grace({ nodeName: "n" }, { phase: "Running" }, -5)).toBe(1);
    expect(grace({ nodeName: "n" }, { phase: "Succeeded" })).toBe(0);
  });
});

describe("columns", () => {
  const cells = (pod: Pod) => toTable(pods, [pod], { nowMs: NOW }).rows[0]!.cells;
  const running = { running: { startedAt: "2024-05-01T11:00:00Z" } };
  const status = (state: object, more: object = {}) => ({
    name: "a",
    image: "x",
    imageID: "",
    ready: false,
    restartCount: 0,
    state,
    ...more,
  });

  it("show a running pod", () => {
    const pod = makePod({ nodeName: "n1" }, {
      phase: "Running",
      podIPs: [{ ip: "10.1.0.5" }],
      containerStatuses: [status(running, { ready: true })],
    } as PodStatus);
    expect(cells(pod)).toEqual(["web", "1/1", "Running", "0", "60m", "10.1.0.5", "n1", "<none>", "<none>"]);
  });

  it.each([
    [{ phase: "Pending" }, {}, ["0/1", "Pending", "0"]],
    [
      { phase: "Pending", containerStatuses: [status({ waiting: { reason: "ContainerCreating" } })] },
      {},
      ["0/1", "ContainerCreating", "0"],
    ],
    [
      {
        phase: "Running",
        containerStatuses: [
          status(
            { waiting: { reason: "CrashLoopBackOff" } },
            {
              restartCount: 2,
              lastState: { terminated: { exitCode: 1, finishedAt: "2024-05-01T11:57:00Z" } },
            },
          ),
        ],
      },
      {},
      ["0/1", "CrashLoopBackOff", "2 (3m ago)"],
    ],
    [
      {
        phase: "Succeeded",
        containerStatuses: [status({ terminated: { exitCode: 0, reason: "Completed" } })],
      },
      {},
      ["0/1", "Completed", "0"],
    ],
    [
      { phase: "Failed", containerStatuses: [status({ terminated: { exitCode: 3 } })] },
      {},
      ["0/1", "ExitCode:3", "0"],
    ],
    [
      { phase: "Failed", containerStatuses: [status({ terminated: { exitCode: 0, signal: 9 } })] },
      {},
      ["0/1", "Signal:9", "0"],
    ],
    [{ phase: "Failed", reason: "Evicted" }, {}, ["0/1", "Evicted", "0"]],
    [
      { phase: "Pending", initContainerStatuses: [status(running, { name: "i" })] },
      { initContainers: [{ name: "i", image: "x" }] },
      ["0/1", "Init:0/1", "0"],
    ],
    [
      {
        phase: "Pending",
        initContainerStatuses: [status({ waiting: { reason: "CrashLoopBackOff" } }, { name: "i" })],
      },
      { initContainers: [{ name: "i", image: "x" }] },
      ["0/1", "Init:CrashLoopBackOff", "0"],
    ],
    [
      { phase: "Pending", initContainerStatuses: [status({ terminated: { exitCode: 2 } }, { name: "i" })] },
      { initContainers: [{ name: "i", image: "x" }] },
      ["0/1", "Init:ExitCode:2", "0"],
    ],
    [
      {
        phase: "Pending",
        conditions: [{ type: "PodScheduled", status: "False", reason: "SchedulingGated" }],
      },
      {},
      ["0/1", "SchedulingGated", "0"],
    ],
  ])("of %j", (state, spec, expected) => {
    expect(cells(makePod(spec, state as unknown as PodStatus)).slice(1, 4)).toEqual(expected);
  });

  it("say Terminating while a pod is deleted", () => {
    const pod = makePod({}, { phase: "Running" });
    pod.metadata.deletionTimestamp = "2024-05-01T12:00:00Z";
    expect(cells(pod)[2]).toBe("Terminating");
  });
});
