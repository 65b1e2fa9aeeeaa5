import { describe, expect, it } from "vitest";
import { systemClock } from "../../../../base/index.ts";
import type { KubeObject } from "../../../api/index.ts";
import { admitted, type SentRequest } from "../../testing/admitted.ts";
import { describeAnswers } from "../../testing/answer-table.ts";
import { DEFAULT_CONFIGURATION } from "./configuration.ts";
import { podSecurity } from "./pod-security.ts";
import { PREFIX } from "./policy.ts";

const NAMESPACES = "/api/v1/namespaces";
const labelled = (name: string, labels: Record<string, string>) => ({
  metadata: {
    name,
    labels: Object.fromEntries(Object.entries(labels).map(([key, value]) => [PREFIX + key, value])),
  },
});
const pod = (name: string, spec: object = {}, metadata: object = {}) => ({
  metadata: { name, ...metadata },
  spec: { containers: [{ name: "c", image: "i" }], automountServiceAccountToken: false, ...spec },
});
const deployment = (spec: object) => ({
  metadata: { name: "d" },
  spec: {
    selector: { matchLabels: { a: "b" } },
    template: { metadata: { labels: { a: "b" } }, spec: pod("", spec).spec },
  },
});
const replicas = (name: string, uid: string) =>
  pod(
    name,
    { hostIPC: true },
    { ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "r", uid, controller: true }] },
  );
const stored = (namespace: string, labels: Record<string, string>): [string, object][] => [
  [NAMESPACES, labelled(namespace, labels)],
  [`${NAMESPACES}/${namespace}/serviceaccounts`, { metadata: { name: "default" } }],
];
const PODS = (namespace: string) => `POST ${NAMESPACES}/${namespace}/pods`;
const relabel = (name: string, labels: Record<string, string | null>) => ({
  request: `PATCH ${NAMESPACES}/${name}`,
  headers: { "content-type": "application/merge-patch+json" },
  body: {
    metadata: { labels: Object.fromEntries(Object.entries(labels).map(([k, v]) => [PREFIX + k, v])) },
  },
});
const PID = "host namespaces (hostPID=true)";

describeAnswers("Pod Security of pods", {
  stored: [
    ...stored("baseline", { enforce: "baseline", "enforce-version": "v1.30" }),
    ...stored("warned", { warn: "baseline", audit: "restricted" }),
    [`${NAMESPACES}/baseline/pods`, pod("there")],
  ],
  rows: [
    { request: PODS("baseline"), body: pod("a"), code: 201, warnings: [] },
    {
      request: PODS("baseline"),
      body: pod("b", { hostPID: true }),
      code: 403,
      reason: "Forbidden",
      message: `pods "b" is forbidden: violates PodSecurity "baseline:v1.30": ${PID}`,
      warnings: [],
    },
    {
      request: PODS("warned"),
      body: pod("b", { hostPID: true }),
      code: 201,
      warnings: [`would violate PodSecurity "baseline:latest": ${PID}`],
    },
    { request: PODS("default"), body: pod("b", { hostPID: true }), code: 201, warnings: [] },
    {
      request: `PATCH ${NAMESPACES}/baseline/pods/there/ephemeralcontainers`,
      headers: { "content-type": "application/merge-patch+json" },
      body: {
        spec: { ephemeralContainers: [{ name: "e", image: "i", securityContext: { privileged: true } }] },
      },
      code: 403,
      message:
        'pods "there" is forbidden: violates PodSecurity "baseline:v1.30": privileged (container "e" must not set securityContext.privileged=true)',
    },
  ],
});

describeAnswers("Pod Security of templates", {
  stored: stored("baseline", { enforce: "baseline" }),
  rows: [
    {
      request: "POST /apis/apps/v1/namespaces/baseline/deployments",
      body: deployment({ hostPID: true }),
      code: 201,
      warnings: [`would violate PodSecurity "baseline:latest": ${PID}`],
    },
    {
      request: "PATCH /apis/apps/v1/namespaces/baseline/deployments/d/scale",
      headers: { "content-type": "application/merge-patch+json" },
      body: { spec: { replicas: 2 } },
      code: 200,
      warnings: [],
    },
  ],
});

describeAnswers("Pod Security of namespaces", {
  stored: [
    ...stored("n", {}),
    [`${NAMESPACES}/n/pods`, pod("b", { hostPID: true })],
    [`${NAMESPACES}/n/pods`, pod("a", { hostPID: true, nodeName: "x" })],
    [`${NAMESPACES}/n/pods`, replicas("r-1", "u")],
    [`${NAMESPACES}/n/pods`, replicas("r-2", "u")],
    [`${NAMESPACES}/n/pods`, replicas("r-3", "u")],
    [`${NAMESPACES}/n/pods`, pod("z", { volumes: [{ name: "v", hostPath: { path: "/" } }] })],
    [`${NAMESPACES}/n/pods`, pod("fine")],
  ],
  rows: [
    {
      request: `POST ${NAMESPACES}`,
      body: labelled("wrong", { enforce: "strict", "warn-version": "1.30" }),
      code: 422,
      reason: "Invalid",
      message:
        'Namespace "wrong" is invalid: [metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted, metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "1.30": must be "latest" or "v1.x"]',
    },
    {
      ...relabel("n", { enforce: "baseline" }),
      code: 200,
      warnings: [
        'existing pods in namespace "n" violate the new PodSecurity enforce level "baseline:latest"',
        "a (and 4 other pods): host namespaces",
        "z: hostPath volumes",
      ],
    },
    { ...relabel("n", { audit: "restricted" }), code: 200, warnings: [] },
    { ...relabel("n", { enforce: "privileged" }), code: 200, warnings: [] },
    { ...relabel("n", { enforce: "nonsense" }), code: 422 },
  ],
});

describe("PodSecurity", () => {
  const spec = pod("p", { hostPID: true, runtimeClassName: "sandboxed" }).spec;
  const object = (metadata: object, more: object = {}) => ({ metadata, ...more });

  async function validated(
    resource: string,
    of: Partial<SentRequest>,
    { labels = {}, exemptions = {}, existing = [] as object[] } = {},
  ) {
    const plugin = podSecurity({
      findNamespace: async () => labelled("n", labels) as KubeObject,
      listPods: async () => existing as KubeObject[],
      clock: systemClock,
      configuration: {
        ...DEFAULT_CONFIGURATION,
        exemptions: { ...DEFAULT_CONFIGURATION.exemptions, ...exemptions },
      },
    });
    const sent = { resource, object: object({ name: "p" }, { spec }), ...of };
    const { refused = "admitted", annotations, warnings } = await admitted(plugin, sent);
    const told = Object.entries(annotations).map(([key, value]) => [key.slice(PREFIX.length), value]);
    return { outcome: refused, annotations: Object.fromEntries(told), warnings };
  }

  it("tells the audit log what it enforces and what it finds", async () => {
    const labels = { enforce: "baseline", "enforce-version": "v1.30", audit: "baseline" };
    expect(await validated("pods", {}, { labels })).toMatchObject({
      outcome: expect.stringContaining('violates PodSecurity "baseline:v1.30"'),
      annotations: {
        "enforce-policy": "baseline:v1.30",
        "audit-violations": `would violate PodSecurity "baseline:latest": ${PID}`,
      },
    });
    expect(await validated("pods", {})).toMatchObject({
      outcome: "admitted",
      annotations: { "enforce-policy": "privileged:latest" },
    });
  });

  it("is as strict as can be where the labels are wrong", async () => {
    const { outcome, annotations } = await validated("pods", {}, { labels: { enforce: "x" } });
    expect(outcome).toContain('violates PodSecurity "restricted:latest": ');
    expect(annotations.error).toBe(
      `Failed to parse policy: metadata.labels[${PREFIX}enforce]: Invalid value: "x": must be one of privileged, baseline, restricted`,
    );
  });

  it.each([
    ["namespace", { namespaces: ["n"] }],
    ["user", { usernames: ["u"] }],
    ["runtimeClass", { runtimeClasses: ["sandboxed"] }],
  ])("lets through what is exempt by its %s", async (exempt, exemptions) => {
    const labels = { enforce: "baseline" };
    expect(await validated("pods", {}, { labels, exemptions })).toEqual({
      outcome: "admitted",
      annotations: { exempt },
      warnings: [],
    });
    const template = object({ name: "d" }, { spec: { template: { spec } } });
    expect(
      (await validated("deployments.apps", { object: template }, { labels, exemptions })).warnings,
    ).toEqual([]);
  });

  it("tells of labels on an exempt namespace that they are in vain", async () => {
    const next = object(
      labelled("n", { enforce: "baseline", "audit-version": "v1.1", warn: "privileged" }).metadata,
    );
    const { warnings } = await validated(
      "namespaces",
      { object: next },
      { exemptions: { namespaces: ["n"] } },
    );
    expect(warnings).toEqual([
      'namespace "n" is exempt from Pod Security, and the policy (enforce=baseline:latest) will be ignored',
    ]);
  });

  it("looks at a pod again only when its images or containers change", async () => {
    const labels = { enforce: "baseline" };
    const oldObject = object({ name: "p" }, { spec });
    const update = (containers: object[]) => ({
      oldObject,
      object: object({ name: "p", labels: { a: "b" } }, { spec: { ...spec, containers } }),
    });
    const same = await validated("pods", update([{ name: "c", image: "i" }]), { labels });
    expect(same).toEqual({ outcome: "admitted", annotations: {}, warnings: [] });
    const other = await validated("pods", update([{ name: "c", image: "j" }]), { labels });
    expect(other.outcome).toContain("violates PodSecurity");
  });

  it("looks at the first pod of each controller before it looks at a second one", async () => {
    const replicaOf = (uid: string, count: number) =>
      Array.from({ length: count }, (_, index) => {
        const { metadata, spec } = replicas(`${uid}-${index}`, uid);
        return object(metadata, { spec });
      });
    const alone = object(
      { name: "alone" },
      { spec: pod("", { volumes: [{ name: "v", hostPath: {} }] }).spec },
    );
    const existing = [...replicaOf("many", 3001), alone];
    const oldObject = object(labelled("n", {}).metadata);
    const next = object(labelled("n", { enforce: "baseline" }).metadata);
    const { warnings } = await validated("namespaces", { object: next, oldObject }, { existing });
    expect(warnings).toEqual([
      "new PodSecurity enforce level only checked against the first 3000 of 3002 existing pods",
      'existing pods in namespace "n" violate the new PodSecurity enforce level "baseline:latest"',
      "alone: hostPath volumes",
      "many-0 (and 2998 other pods): host namespaces",
    ]);
  });
});

describeAnswers("Pod Security by its configuration", {
  admissionPlugins: {
    podSecurity: {
      defaults: { ...DEFAULT_CONFIGURATION.defaults, enforce: { level: "baseline", version: "latest" } },
      exemptions: { usernames: [], namespaces: ["exempt"], runtimeClasses: [] },
    },
  },
  stored: [...stored("silent", {}), ...stored("exempt", {}), ...stored("open", { enforce: "privileged" })],
  rows: [
    {
      request: PODS("silent"),
      body: pod("p", { hostPID: true }),
      code: 403,
      message: `pods "p" is forbidden: violates PodSecurity "baseline:latest": ${PID}`,
    },
    { request: PODS("exempt"), body: pod("p", { hostPID: true }), code: 201 },
    { request: PODS("open"), body: pod("p", { hostPID: true }), code: 201 },
  ],
});
