import { describe, expect, it } from "vitest";
import type { ResourceList } from "../../../formats/index.ts";
import type { ResourceQuota } from "../generated/types.ts";
import type { KubeObject } from "../types.ts";
import { chargeQuotas } from "./charge.ts";
import type { CountedChange } from "./evaluator.ts";
import { quotaEvaluatorOf } from "./evaluators.ts";

const NOW_MS = Date.parse("2024-01-01T00:00:00Z");

const quota = (hard: ResourceList, used: ResourceList = {}, spec: object = {}, name = "q") =>
  ({
    metadata: { name },
    spec: { hard, ...spec },
    status: { hard, used: { ...Object.fromEntries(Object.keys(hard).map((one) => [one, "0"])), ...used } },
  }) as unknown as ResourceQuota;
const container = (name: string, requests: ResourceList = {}, limits: ResourceList = {}) => ({
  name,
  resources: { requests, limits },
});
const object = (spec: object, more: object = {}) =>
  ({ metadata: { name: "o", resourceVersion: "1" }, spec, ...more }) as unknown as KubeObject;
const pod = (containers: object[], spec: object = {}, more: object = {}) =>
  object({ containers, ...spec }, more);

/** Names of quotas and their new usage, or why not. */
function charged(
  resource: string,
  change: Partial<CountedChange> & { object: KubeObject },
  ...quotas: ResourceQuota[]
): Record<string, ResourceList> | string {
  const [name = "", ...group] = resource.split(".");
  const evaluator = quotaEvaluatorOf({ group: group.join("."), resource: name })!;
  const operation = change.oldObject ? "UPDATE" : "CREATE";
  const whole: CountedChange = { operation, subresource: undefined, oldObject: undefined, ...change };
  if (!evaluator.handles(whole)) return "not handled";
  try {
    const charges = chargeQuotas(evaluator, whole, quotas, {
      nowMs: NOW_MS,
      refuse: (why) => new Error(why),
    });
    return Object.fromEntries(charges.map((one) => [one.quota.metadata.name, one.used]));
  } catch (error) {
    return (error as Error).message;
  }
}

describe("the charge of a pod", () => {
  const small = pod([
    container("a", { cpu: "600m", memory: "1Gi" }, { cpu: "1" }),
    container("b", { cpu: "0.1" }),
  ]);

  it("is what its containers ask for, under all names", () => {
    const hard = {
      "count/pods": "9",
      pods: "9",
      cpu: "9",
      "requests.cpu": "9",
      "limits.memory": "9Gi",
      "requests.storage": "9",
    };
    const free = pod([
      container("a", { cpu: "600m" }, { memory: "1Gi" }),
      container("b", { cpu: "0.1" }, { memory: "1" }),
    ]);
    expect(charged("pods", { object: free }, quota(hard, { cpu: "1", pods: "2" }))).toEqual({
      q: {
        "count/pods": "1",
        pods: "3",
        cpu: "1700m",
        "requests.cpu": "700m",
        "limits.memory": "1073741825",
        "requests.storage": "0",
      },
    });
  });

  it.each<[what: string, quota: ResourceQuota, refusal: string]>([
    [
      "more than there is",
      quota({ "requests.cpu": "1", pods: "1" }, { "requests.cpu": "500m", pods: "1" }),
      "exceeded quota: q, requested: pods=1,requests.cpu=700m, used: pods=1,requests.cpu=500m, limited: pods=1,requests.cpu=1",
    ],
    [
      "what containers do not name",
      quota({ "limits.cpu": "9", "requests.memory": "9Gi", "requests.ephemeral-storage": "1" }),
      "failed quota: q: must specify limits.cpu for: b; requests.memory for: b",
    ],
    [
      "what is not counted yet",
      { ...quota({ pods: "1", cpu: "9" }), status: { hard: { pods: "1", cpu: "9" }, used: { pods: "0" } } },
      "status unknown for quota: q, resources: cpu,pods",
    ],
  ])("is refused where it is %s", (_, one, refusal) => {
    expect(charged("pods", { object: small }, one)).toBe(refusal);
  });

  it("counts devices, huge pages, sidecars and overhead", () => {
    const spec = {
      initContainers: [{ ...container("s", { cpu: "1", "hugepages-2Mi": "2Mi" }), restartPolicy: "Always" }],
      overhead: { cpu: "250m", memory: "1Mi" },
    };
    const many = pod([container("a", { cpu: "1", "example.com/gpu": "2" }, { cpu: "3" })], spec);
    const hard = {
      "requests.cpu": "9",
      "limits.ephemeral-storage": "9",
      "requests.example.com/gpu": "9",
      "hugepages-2Mi": "9Mi",
      "requests.hugepages-2Mi": "9Mi",
    };
    expect(charged("pods", { object: many }, quota(hard))).toEqual({
      q: {
        "requests.cpu": "2250m",
        "limits.ephemeral-storage": "0",
        "requests.example.com/gpu": "2",
        "hugepages-2Mi": "2Mi",
        "requests.hugepages-2Mi": "2Mi",
      },
    });
  });

  it.each<[scopes: object, spec: object, counts: boolean]>([
    [{ scopes: ["Terminating"] }, { activeDeadlineSeconds: 0 }, true],
    [{ scopes: ["Terminating"] }, {}, false],
    [{ scopes: ["NotTerminating"] }, {}, true],
    [{ scopes: ["BestEffort"] }, {}, true],
    [{ scopes: ["NotBestEffort"] }, {}, false],
    [{ scopes: ["NotTerminating", "NotBestEffort"] }, {}, false],
    [{ scopes: ["PriorityClass"] }, { priorityClassName: "a" }, true],
    [{ scopes: ["PriorityClass"] }, {}, false],
    [{ scopes: ["VolumeAttributesClass"] }, {}, false],
    [{ scopes: ["CrossNamespacePodAffinity"] }, {}, false],
    [
      { scopes: ["CrossNamespacePodAffinity"] },
      {
        affinity: {
          podAntiAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 1, podAffinityTerm: { topologyKey: "k", namespaceSelector: {} } },
            ],
          },
        },
      },
      true,
    ],
    ...[
      ["In", ["a", "b"], "a", true],
      ["In", ["b"], "a", false],
      ["In", ["b"], undefined, false],
      ["NotIn", ["b"], "a", true],
      ["NotIn", ["a"], "a", false],
      ["NotIn", ["a"], undefined, true],
      ["DoesNotExist", undefined, undefined, true],
      ["DoesNotExist", undefined, "a", false],
    ].map(([operator, values, priorityClassName, counts]): [object, object, boolean] => [
      { scopeSelector: { matchExpressions: [{ scopeName: "PriorityClass", operator, values }] } },
      { priorityClassName },
      counts as boolean,
    ]),
  ])("under %j of a pod with %j: %s", (scopes, spec, counts) => {
    const found = charged("pods", { object: pod([container("a")], spec) }, quota({ pods: "1" }, {}, scopes));
    expect(found).toEqual(counts ? { q: { pods: "1" } } : {});
  });

  it("is nothing but its number once it has ended", () => {
    const ended = pod([container("a", { cpu: "1" })], {}, { status: { phase: "Failed" } });
    expect(charged("pods", { object: ended }, quota({ cpu: "9", "count/pods": "9" }))).toEqual({
      q: { cpu: "0", "count/pods": "1" },
    });
    const overdue = { ...pod([container("a", { cpu: "1" })]) };
    overdue.metadata = {
      ...overdue.metadata,
      deletionTimestamp: "2023-12-31T23:59:00Z",
      deletionGracePeriodSeconds: 30,
    };
    expect(charged("pods", { object: overdue }, quota({ cpu: "9", pods: "9" }))).toEqual({});
  });

  it("of an update is what it asks for beyond what it had", () => {
    const sized = (cpu: string, status: object = {}) => pod([container("a", { cpu })], {}, { status });
    const resize = (from: KubeObject, to: KubeObject) =>
      charged(
        "pods",
        { object: to, oldObject: from, subresource: "resize" },
        quota({ cpu: "3", pods: "1" }, { cpu: "2", pods: "1" }),
      );
    expect(resize(sized("2"), sized("3"))).toEqual({ q: { cpu: "3", pods: "1" } });
    expect(resize(sized("2"), sized("4"))).toBe(
      "exceeded quota: q, requested: cpu=2, used: cpu=2, limited: cpu=3",
    );
    expect(resize(sized("2"), sized("1"))).toEqual({});
    // Until the node has followed, the larger of what it has and what it is to have counts.
    const given = {
      containerStatuses: [
        { name: "a", resources: { requests: { cpu: "2" } }, allocatedResources: { cpu: "2" } },
      ],
    };
    expect(resize(sized("1", given), sized("2", given))).toEqual({});
    expect(charged("pods", { object: sized("3"), oldObject: sized("2") }, quota({ cpu: "3" }))).toBe(
      "not handled",
    );
  });

  it("of an update that takes it under a scope is all that it asks for", () => {
    const before = pod([container("a", { cpu: "1" })]);
    const after = pod([container("a", { cpu: "1" })], { activeDeadlineSeconds: 5 });
    const scoped = quota({ cpu: "9" }, { cpu: "1" }, { scopes: ["Terminating"] });
    const plain = quota({ cpu: "9" }, { cpu: "1" }, {}, "plain");
    expect(charged("pods", { object: after, oldObject: before }, scoped, plain)).toEqual({ q: { cpu: "2" } });
  });
});

describe("the charge of other objects", () => {
  const service = (type: string, ports: object[], more: object = {}) => object({ type, ports, ...more });
  const services = quota({
    services: "9",
    "services.nodeports": "3",
    "services.loadbalancers": "1",
    "count/services": "9",
  });
  const usage = (nodePorts: number, loadBalancers = 0) => ({
    q: {
      services: "1",
      "services.nodeports": String(nodePorts),
      "services.loadbalancers": String(loadBalancers),
      "count/services": "1",
    },
  });

  it.each<[object: KubeObject, charge: object | string]>([
    [service("ClusterIP", [{ port: 1 }]), usage(0)],
    [service("NodePort", [{ port: 1 }, { port: 2 }]), usage(2)],
    [service("LoadBalancer", [{ port: 1 }]), usage(1, 1)],
    [
      service("LoadBalancer", [{ port: 1 }, { port: 2, nodePort: 3 }], {
        allocateLoadBalancerNodePorts: false,
      }),
      usage(1, 1),
    ],
    [
      service(
        "NodePort",
        [1, 2, 3, 4].map((port) => ({ port })),
      ),
      "exceeded quota: q, requested: services.nodeports=4, used: services.nodeports=0, limited: services.nodeports=3",
    ],
  ])("of service %j is %j", (one, charge) => {
    expect(charged("services", { object: one }, services)).toEqual(charge);
  });

  it("of a service that becomes a load balancer is what that adds", () => {
    const used = { services: "1", "count/services": "1", "services.loadbalancers": "1" };
    const full = quota(services.status!.hard!, used);
    const change = {
      object: service("LoadBalancer", [{ port: 1 }]),
      oldObject: service("ClusterIP", [{ port: 1 }]),
    };
    expect(charged("services", change, full)).toBe(
      "exceeded quota: q, requested: services.loadbalancers=1, used: services.loadbalancers=1, limited: services.loadbalancers=1",
    );
    expect(
      charged("services", { ...change, object: service("NodePort", [{ port: 1 }]) }, full),
    ).toMatchObject({
      q: { ...used, "services.nodeports": "1" },
    });
  });

  const claim = (storage: string, storageClassName?: string, more: object = {}) =>
    object({ storageClassName, resources: { requests: { storage } } }, more);
  const GOLD = "gold.storageclass.storage.k8s.io";

  it("of a claim counts its storage, by class too, in whole bytes", () => {
    const hard = {
      persistentvolumeclaims: "9",
      "requests.storage": "9Gi",
      [`${GOLD}/requests.storage`]: "1Gi",
      [`${GOLD}/persistentvolumeclaims`]: "9",
    };
    expect(charged("persistentvolumeclaims", { object: claim("1500m", "gold") }, quota(hard))).toEqual({
      q: {
        persistentvolumeclaims: "1",
        "requests.storage": "2",
        [`${GOLD}/requests.storage`]: "2",
        [`${GOLD}/persistentvolumeclaims`]: "1",
      },
    });
    expect(charged("persistentvolumeclaims", { object: claim("2Gi", "gold") }, quota(hard))).toBe(
      `exceeded quota: q, requested: ${GOLD}/requests.storage=2Gi, used: ${GOLD}/requests.storage=0, limited: ${GOLD}/requests.storage=1Gi`,
    );
    expect(charged("persistentvolumeclaims", { object: claim("2Gi", "other") }, quota(hard))).toMatchObject({
      q: { "requests.storage": "2Gi", [`${GOLD}/requests.storage`]: "0" },
    });
  });

  it("of a claim's status is taken without asking", () => {
    const allocated = { status: { allocatedResources: { storage: "3Gi" } } };
    const change = {
      object: claim("1Gi", "a", allocated),
      oldObject: claim("1Gi", "a"),
      subresource: "status",
    };
    expect(
      charged(
        "persistentvolumeclaims",
        change,
        quota({ "requests.storage": "1Gi" }, { "requests.storage": "1Gi" }),
      ),
    ).toEqual({
      q: { "requests.storage": "3Gi" },
    });
  });

  it("is their number, under the old names too", () => {
    const hard = { configmaps: "9", "count/configmaps": "9", secrets: "0", "count/widgets.example.com": "0" };
    expect(charged("configmaps", { object: object({}) }, quota(hard))).toMatchObject({
      q: { configmaps: "1", "count/configmaps": "1" },
    });
    expect(charged("secrets", { object: object({}) }, quota(hard))).toContain(
      "exceeded quota: q, requested: secrets=1,",
    );
    expect(charged("widgets.example.com", { object: object({}) }, quota(hard))).toContain(
      "count/widgets.example.com=1",
    );
    expect(
      charged(
        "configmaps",
        { object: object({}) },
        quota({ configmaps: "1" }, {}, { scopes: ["BestEffort"] }),
      ),
    ).toEqual({});
    expect(charged("configmaps", { object: object({}), oldObject: object({}) }, quota(hard))).toBe(
      "not handled",
    );
    expect(quotaEvaluatorOf({ group: "events.k8s.io", resource: "events" })).toBeUndefined();
  });

  it("is told by the first quota that it does not fit", () => {
    const change = { object: object({}) };
    const [wide, narrow] = [
      quota({ secrets: "2" }, {}, {}, "wide"),
      quota({ secrets: "0" }, {}, {}, "narrow"),
    ];
    expect(charged("secrets", change, wide, narrow)).toContain("exceeded quota: narrow");
    expect(charged("secrets", change, wide, quota({ pods: "0" }, {}, {}, "other"))).toEqual({
      wide: { secrets: "1" },
    });
  });
});
