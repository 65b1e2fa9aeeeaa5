import { describe, expect, it } from "vitest";
import { kinds } from "../../api/index.ts";
import { admitted, lookupAmong } from "../testing/admitted.ts";
import { describeAnswers } from "../testing/answer-table.ts";
import { alwaysAdmit, alwaysDeny } from "./always.ts";
import { alwaysPullImages } from "./always-pull-images.ts";
import { namespaceExists } from "./namespace-existence.ts";
import { ownerReferencesPermissionEnforcement } from "./owner-references-permission-enforcement.ts";
import { podNodeSelector } from "./pod-node-selector.ts";
import { podTolerationRestriction } from "./pod-toleration-restriction.ts";

const PODS = "/api/v1/namespaces/default/pods";
const pod = (name: string, spec: object = {}) => ({
  metadata: { name },
  spec: { containers: [{ name: "c", image: "i" }], automountServiceAccountToken: false, ...spec },
});
const antiAffinity = (topologyKey: string) => ({
  affinity: {
    podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: {}, topologyKey }] },
  },
});
const service = (name: string, externalIPs: string[]) => ({
  metadata: { name },
  spec: { ports: [{ port: 80 }], externalIPs },
});

describeAnswers("plugins that are off by default", {
  admissionPlugins: {
    enable: [
      "AlwaysPullImages",
      "DenyServiceExternalIPs",
      "ExtendedResourceToleration",
      "LimitPodHardAntiAffinityTopology",
      "NamespaceAutoProvision",
    ],
    disable: ["TaintNodesByCondition"],
  },
  rows: [
    {
      request: `POST ${PODS}`,
      body: pod("a", {
        containers: [
          {
            name: "c",
            image: "i:1",
            imagePullPolicy: "Never",
            resources: { limits: { "example.com/gpu": "1" } },
          },
        ],
        tolerations: [
          { key: "example.com/gpu", operator: "Exists", effect: "NoSchedule", tolerationSeconds: undefined },
          { key: "x", operator: "Exists" },
        ],
      }),
      code: 201,
      object: {
        spec: {
          containers: [{ imagePullPolicy: "Always" }],
          tolerations: [
            { key: "example.com/gpu", operator: "Exists", effect: "NoSchedule" },
            { key: "x", operator: "Exists" },
            { key: "node.kubernetes.io/not-ready" },
            { key: "node.kubernetes.io/unreachable" },
          ],
        },
      },
    },
    { request: `POST ${PODS}`, body: pod("b", antiAffinity("kubernetes.io/hostname")), code: 201 },
    {
      request: `POST ${PODS}`,
      body: pod("c", antiAffinity("zone")),
      code: 403,
      message:
        'pods "c" is forbidden: affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey zone but only key kubernetes.io/hostname is allowed',
    },
    {
      request: "POST /api/v1/namespaces/default/services",
      body: service("s", ["192.0.2.1"]),
      code: 403,
      message: 'services "s" is forbidden: Use of external IPs is denied by admission control',
    },
    { request: "POST /api/v1/namespaces/default/services", body: service("s", []), code: 201 },
    {
      request: "POST /api/v1/namespaces/fresh/configmaps",
      body: { metadata: { name: "a" } },
      code: 201,
    },
    {
      request: "GET /api/v1/namespaces/fresh",
      code: 200,
      object: {
        metadata: { name: "fresh", labels: { "kubernetes.io/metadata.name": "fresh" } },
        spec: { finalizers: ["kubernetes"] },
        status: { phase: "Active" },
      },
    },
    {
      request: "POST /api/v1/nodes",
      body: { metadata: { name: "n" } },
      code: 201,
      object: { spec: {} },
    },
  ],
});

describe("AlwaysDeny and AlwaysAdmit", () => {
  it("say what they are called", async () => {
    const sent = { resource: "pods", object: { metadata: { generateName: "p-" } } };
    expect((await admitted(alwaysAdmit, sent)).refused).toBeUndefined();
    expect((await admitted(alwaysDeny, sent)).refused).toBe(
      '403 Forbidden pods "p-" is forbidden: admission control is denying all modifications',
    );
  });
});

describe("NamespaceExists", () => {
  it.each([
    ["pods", "n", undefined],
    ["pods", "absent", '404 NotFound namespaces "absent" not found'],
    ["nodes", undefined, undefined],
  ])("lets %s into namespace %j: %j", async (resource, namespace, refused) => {
    const sent = { resource, namespace, object: { metadata: { name: "a" } } };
    expect((await admitted(namespaceExists(findNamespace({})), sent)).refused).toBe(refused);
  });
});

describe("AlwaysPullImages", () => {
  const sent = (image: string, imagePullPolicy: string) => ({
    metadata: { name: "p" },
    spec: { containers: [{ name: "c", image, imagePullPolicy }] },
  });

  it("leaves alone who brings no image", async () => {
    const oldObject = sent("i", "Never");
    const policyOf = async (image: string) =>
      (await admitted(alwaysPullImages, { resource: "pods", object: sent(image, "Never"), oldObject })).object
        .spec.containers[0].imagePullPolicy;
    expect(await policyOf("i")).toBe("Never");
    expect(await policyOf("j")).toBe("Always");
  });

  it("refuses what somebody changed after it", async () => {
    const { validate } = alwaysPullImages;
    const judged = { name: alwaysPullImages.name, validate: validate! };
    const spec = {
      containers: [{ name: "c", image: "i", imagePullPolicy: "Never" }],
      volumes: [{ name: "v", image: { reference: "r" } }],
    };
    const { refused } = await admitted(judged, {
      resource: "pods",
      object: { metadata: { name: "p" }, spec },
    });
    expect(refused).toBe(
      '500  [pods "p" is forbidden: spec.containers[0].imagePullPolicy: Unsupported value: "Never": supported values: "Always", pods "p" is forbidden: spec.volumes[0].image.pullPolicy: Unsupported value: "": supported values: "Always"]',
    );
  });
});

/** Of a namespace `n` with some annotations. */
const findNamespace = (annotations: Record<string, string>) => (name: string) =>
  lookupAmong({ namespaces: [{ metadata: { name: "n", annotations } }] }).get(
    { group: "", resource: "namespaces", namespaced: false },
    undefined,
    name,
  );

describe("PodNodeSelector", () => {
  const selected = (selector: string, nodeSelector: object) =>
    admitted(podNodeSelector(findNamespace({ "scheduler.alpha.kubernetes.io/node-selector": selector })), {
      resource: "pods",
      object: { metadata: { name: "p" }, spec: { nodeSelector } },
    });

  it("adds the namespace's selector to a pod's own", async () => {
    const { object } = await selected("a=b, c = d", { c: "d", e: "f" });
    expect(object.spec.nodeSelector).toEqual({ a: "b", c: "d", e: "f" });
  });

  it.each([
    [
      "a=b",
      '403 Forbidden pods "p" is forbidden: pod node label selector conflicts with its namespace node label selector',
    ],
    ["a", "500  invalid selector: [a]"],
    ["a=b=c", "500  invalid selector: [a b c]"],
    [
      "-=b",
      `500  <nil>: Invalid value: "-": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
    ],
  ])("refuses with %j", async (selector, refused) => {
    expect((await selected(selector, { a: "x" })).refused).toBe(refused);
  });
});

describe("PodTolerationRestriction", () => {
  const tolerated = (annotations: Record<string, object>, spec: object, oldObject?: object) => {
    const texts = Object.entries(annotations).map(([key, value]) => [
      `scheduler.alpha.kubernetes.io/${key}`,
      JSON.stringify(value),
    ]);
    return admitted(podTolerationRestriction(findNamespace(Object.fromEntries(texts))), {
      resource: "pods",
      object: { metadata: { name: "p" }, spec: { containers: [], ...spec } },
      ...(oldObject ? { oldObject } : {}),
    });
  };
  const bears = (key: string) => ({ key, operator: "Exists" });

  it("adds what the namespace's pods bear, and memory pressure for those that ask for something", async () => {
    const defaultTolerations = [bears("d")];
    const { object } = await tolerated({ defaultTolerations }, { tolerations: [bears("own")] });
    expect(object.spec.tolerations).toEqual([bears("own"), bears("d")]);
    const asking = { containers: [{ name: "c", resources: { requests: { cpu: "1" } } }] };
    const pressure = { key: "node.kubernetes.io/memory-pressure", operator: "Exists", effect: "NoSchedule" };
    expect((await tolerated({ defaultTolerations }, asking)).object.spec.tolerations).toEqual([
      bears("d"),
      pressure,
    ]);
    expect((await tolerated({ defaultTolerations }, asking, {})).object.spec.tolerations).toEqual([pressure]);
  });

  it("refuses what goes beyond what they may bear", async () => {
    const tolerationsWhitelist = [bears("a")];
    const narrow = { key: "a", operator: "Equal", value: "v", effect: "NoSchedule" };
    expect((await tolerated({ tolerationsWhitelist }, { tolerations: [narrow] })).refused).toBeUndefined();
    expect((await tolerated({ tolerationsWhitelist }, { tolerations: [bears("b")] })).refused).toBe(
      "500  pod tolerations (possibly merged with namespace default tolerations) conflict with its namespace whitelist",
    );
  });
});

describe("OwnerReferencesPermissionEnforcement", () => {
  const owner = (more: object = {}) => ({
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    name: "r",
    uid: "u",
    ...more,
  });
  const owned = (...ownerReferences: object[]) => ({ metadata: { name: "p", ownerReferences } });
  const judge = async (allowed: string[], object: object, oldObject?: object, more: object = {}) => {
    const plugin = ownerReferencesPermissionEnforcement({
      authorizer: {
        authorize: (_, info) => {
          if (!info.isResource) return { decision: "noOpinion" };
          const { verb, resource, subresource, name } = info;
          const asked = `${verb} ${resource}/${subresource ?? ""} ${name}`;
          return { decision: allowed.includes(asked) ? "allow" : "noOpinion", reason: "no right" };
        },
      },
      kinds: {
        findByKind: (group, version, kind) =>
          kinds.find((one) => one.group === group && one.version === version && one.kind === kind),
      },
    });
    const sent = { resource: "pods", name: "p", object, ...(oldObject ? { oldObject } : {}), ...more };
    return (await admitted(plugin, sent)).refused?.replace('403 Forbidden pods "p" is forbidden: ', "");
  };
  const blocking = owner({ blockOwnerDeletion: true });
  const NO_DELETE = "cannot set an ownerRef on a resource you can't delete: no right, <nil>";
  const NO_FINALIZERS =
    "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: no right, <nil>";

  it.each<[allowed: string[], object: object, oldObject: object | undefined, refused: string | undefined]>([
    [[], owned(owner()), undefined, undefined],
    [[], owned(owner()), owned(owner()), undefined],
    [[], owned(owner()), owned(), NO_DELETE],
    [["delete pods/ p"], owned(owner()), owned(), undefined],
    [[], owned(blocking), undefined, NO_FINALIZERS],
    [["update replicasets/finalizers r"], owned(blocking), undefined, undefined],
    [["update */finalizers *"], owned(blocking), undefined, undefined],
    [["delete pods/ p"], owned(blocking), owned(owner()), NO_FINALIZERS],
    [["delete pods/ p"], owned(blocking, owner({ uid: "v" })), owned(blocking), undefined],
    [
      [],
      owned(owner({ kind: "Nothing", blockOwnerDeletion: true })),
      undefined,
      'cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion apps/v1 Kind Nothing: no matches for kind "Nothing" in version "apps/v1"',
    ],
  ])("with %j judges %j after %j", async (allowed, object, oldObject, refused) => {
    expect(await judge(allowed, object, oldObject)).toBe(refused);
  });

  it("leaves a pod's status to its strategy", async () => {
    expect(await judge([], owned(owner()), owned(), { subresource: "status" })).toBeUndefined();
  });
});
