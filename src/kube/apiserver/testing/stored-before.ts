import { parsed, type RecordedAnswer } from "./recorded-answers.ts";

// biome-ignore lint/suspicious/noExplicitAny: objects of every kind
type Json = any;

/** A collection's path, and what stood in it when the requests were recorded. */
export type StoredBefore = [collection: string, object: Json][];

const named = (name: string, more: object = {}) => ({ metadata: { name }, ...more });
const container = { name: "c", image: "i:1" };
const template = (...containers: object[]) => ({
  metadata: { labels: { a: "b" } },
  spec: { containers: containers.length > 0 ? containers : [container] },
});
const workload = (more: object = {}) => ({
  spec: { replicas: 0, selector: { matchLabels: { a: "b" } }, template: template(), ...more },
});
const MICRO_TIME = "2020-01-01T00:00:00.000000Z";

const core = (namespace: string, resource: string) => `/api/v1/namespaces/${namespace}/${resource}`;
const group = (name: string, namespace: string, resource: string) =>
  `/apis/${name}/v1/namespaces/${namespace}/${resource}`;
const rbac = "rbac.authorization.k8s.io";
const roleRef = { apiGroup: rbac, kind: "Role", name: "r" };

/** Objects that the requests for reading look at. */
function forReading(): StoredBefore {
  const configMaps = [0, 1, 2, 3, 4].map((at): [string, Json] => [
    core("rd3", "configmaps"),
    { metadata: { name: `c${at}`, labels: { app: at % 2 ? "a" : "b", n: `${at}` } }, data: { k: `${at}` } },
  ]);
  const involvedObject = { kind: "Pod", namespace: "rd3", name: "p1" };
  return [
    ...configMaps,
    [
      core("rd3", "pods"),
      { metadata: { name: "p1", labels: { app: "p1" } }, spec: { containers: [container] } },
    ],
    [core("rd3", "secrets"), named("s1", { data: { a: "YQ==" } })],
    [core("rd3", "services"), named("s1", { spec: { ports: [{ port: 80 }], selector: { a: "b" } } })],
    [
      core("rd3", "endpoints"),
      named("e1", { subsets: [{ addresses: [{ ip: "10.1.2.3" }], ports: [{ port: 80 }] }] }),
    ],
    [core("rd3", "events"), named("e1", { involvedObject, reason: "r", message: "m", type: "Normal" })],
    [
      "/api/v1/nodes",
      {
        metadata: {
          name: "zz-n1",
          labels: { "node-role.kubernetes.io/control-plane": "", "node-role.kubernetes.io/x": "" },
        },
        spec: { unschedulable: true },
      },
    ],
    [group("apps", "rd3", "deployments"), named("d1", workload())],
    [group("apps", "rd3", "replicasets"), named("r1", workload())],
    [group("apps", "rd3", "controllerrevisions"), named("cr1", { revision: 1, data: { a: 1 } })],
    [
      group("coordination.k8s.io", "rd3", "leases"),
      named("l1", { spec: { holderIdentity: "a", renewTime: MICRO_TIME } }),
    ],
    [
      group("discovery.k8s.io", "rd3", "endpointslices"),
      named("es1", { addressType: "IPv4", endpoints: [{ addresses: ["10.1.2.3"] }], ports: [{ port: 80 }] }),
    ],
    [group(rbac, "rd3", "roles"), named("r1", { rules: [] })],
    [group(rbac, "rd3", "rolebindings"), named("rb1", { roleRef, subjects: [{ kind: "User", name: "u" }] })],
    [`/apis/${rbac}/v1/clusterroles`, named("zz-cr1", { rules: [] })],
    [
      `/apis/${rbac}/v1/clusterrolebindings`,
      named("zz-crb1", {
        roleRef: { ...roleRef, kind: "ClusterRole" },
        subjects: [{ kind: "User", name: "u" }],
      }),
    ],
  ];
}

/** Objects of the requests that came in order. */
function forUpdates(recorded: readonly RecordedAnswer[]): StoredBefore {
  const finalizers = ["x/y", "z/w"];
  const env = [
    { name: "A", value: "1" },
    { name: "B", value: "2" },
  ];
  const ports = [{ containerPort: 80 }, { containerPort: 81 }];
  const main = { ...container, env, ports };
  const emptyDir = { name: "v", emptyDir: {} };
  const pod = {
    automountServiceAccountToken: false,
    schedulerName: "none",
    terminationGracePeriodSeconds: 5,
    tolerations: [{ key: "k", operator: "Exists" }],
    volumes: [emptyDir],
    initContainers: [{ name: "i", image: "i" }],
    containers: [main, { name: "d", image: "j:1" }],
  };
  const ofDeployment = {
    metadata: { labels: { a: "b" } },
    spec: {
      ...pod,
      volumes: [emptyDir, { name: "w", secret: { secretName: "s" } }],
      imagePullSecrets: [{ name: "a" }, { name: "b" }],
      hostAliases: [{ ip: "1.1.1.1", hostnames: ["a"] }],
    },
  };
  const strategy = { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } };
  const gone = recorded.flatMap(({ path }) => /configmaps\/(del\d+)/.exec(path)?.[1] ?? []);
  return [
    [core("rq2", "configmaps"), named("a", { data: { k: "v3" } })],
    ...gone.map((name): [string, Json] => [core("rq2", "configmaps"), named(name)]),
    [core("rq2", "secrets"), named("im", { immutable: true })],
    [
      core("rq2", "services"),
      named("s", {
        spec: {
          ports: [
            { name: "a", port: 80 },
            { name: "b", port: 81 },
          ],
          selector: { a: "b" },
        },
      }),
    ],
    [core("rq2", "pods"), { metadata: { name: "p", labels: { l: "1" }, finalizers }, spec: pod }],
    [
      group("apps", "rq2", "deployments"),
      {
        metadata: { name: "d", labels: { l: "1", m: "2" }, finalizers },
        ...workload({ template: ofDeployment, paused: true, strategy }),
      },
    ],
  ];
}

/** Objects for which no request shows all of them. */
const FULL: Record<string, Json> = {
  "u1-secret": { data: { a: "YQ==" }, type: "Opaque" },
  "u1-event": { involvedObject: { kind: "Pod", namespace: "t1", name: "p" }, reason: "r" },
  "u1-controllerrevision": { revision: 1, data: { a: 1 } },
  "u1-replicaset": workload({
    template: {
      metadata: { labels: { a: "b" } },
      spec: {
        containers: [container],
        securityContext: { sysctls: [{ name: "kernel.shm_rmid_forced", value: "0" }] },
      },
    },
  }),
  "u1-role": { rules: [{ verbs: ["get"], apiGroups: [""], resources: ["pods"] }] },
  "u1-clusterrole": {
    rules: [
      { verbs: ["get", "*"], apiGroups: ["", "apps"], resources: ["pods", "pods/log"], resourceNames: ["x"] },
      { verbs: ["get"], nonResourceURLs: ["/a", "/b*"] },
    ],
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { k: "v" } }] },
  },
  "u1-rolebinding": { roleRef, subjects: [{ kind: "User", name: "u", apiGroup: rbac }] },
  "u1-clusterrolebinding": {
    roleRef: { ...roleRef, kind: "ClusterRole" },
    subjects: [{ kind: "User", name: "u", apiGroup: rbac }],
  },
};

/**
 * What stood in the original's store. The objects named `u1-…` are what the requests about them agree on: each has one
 * field changed.
 */
export function storedBefore(recorded: readonly RecordedAnswer[]): StoredBefore {
  const namespaces = ["t1", "rq2", "rd3"].flatMap(
    (name): StoredBefore => [
      ["/api/v1/namespaces", named(name)],
      [core(name, "serviceaccounts"), named("default")],
    ],
  );
  return [...namespaces, ...forReading(), ...forUpdates(recorded), ...agreedOn(recorded)];
}

function agreedOn(recorded: readonly RecordedAnswer[]): StoredBefore {
  const objects = recorded.map(({ path, body }) => ({
    target: path.split("?")[0]!,
    object: parsed(body ?? ""),
  }));
  const targets = new Set(objects.flatMap(({ target }) => /^.*\/u1-[a-z]+$/.exec(target)?.[0] ?? []));
  return [...targets].map((target): [string, Json] => {
    const at = target.lastIndexOf("/");
    const [collection, name] = [target.slice(0, at), target.slice(at + 1)];
    const sent = objects
      .filter((one) => one.target === target && one.object?.kind)
      .map(({ object }) => object);
    const uid = sent.find(({ metadata }) => metadata?.uid)?.metadata.uid;
    const rich = objects.filter(
      (one) => one.target === collection && one.object?.metadata?.labels?.m === "2",
    );
    const object =
      FULL[name] ?? agreed(sent.length > 2 ? sent : [...sent, ...rich.map(({ object }) => object)]);
    return [collection, { ...object, metadata: { ...object.metadata, name, uid } }];
  });
}

/** Each field as most have it. */
function agreed(values: Json[]): Json {
  const half = values.length / 2;
  const objects = values.filter((value) => typeof value === "object" && value !== null);
  if (objects.length <= half) return mostFrequent(values);
  if (Array.isArray(objects[0])) {
    const length = Number(mostFrequent(objects.map((list) => list.length)));
    const same = objects.filter((list) => list.length === length);
    return Array.from({ length }, (_, at) => agreed(same.map((list) => list[at])));
  }
  const keys = new Set(objects.flatMap((object) => Object.keys(object)));
  const shared = [...keys].filter((key) => objects.filter((object) => key in object).length >= half);
  return Object.fromEntries(
    shared.map((key) => [
      key,
      agreed(objects.filter((object) => key in object).map((object) => object[key])),
    ]),
  );
}

function mostFrequent(values: Json[]): Json {
  const counts = new Map<string, number>();
  for (const value of values) {
    const text = JSON.stringify(value);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const [text] = [...counts].sort((a, b) => b[1] - a[1])[0]!;
  return JSON.parse(text);
}
