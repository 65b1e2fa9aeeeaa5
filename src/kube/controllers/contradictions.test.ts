import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { silentLogger, systemClock } from "../../base/index.ts";
import {
  cronJobs,
  deployments,
  events,
  horizontalPodAutoscalers,
  jobs,
  type KindDefinition,
  type KubeObject,
  namespaces as namespacesResource,
  podDisruptionBudgets,
  pods,
  replicaSets,
  replicationControllers,
  serviceAccounts,
  statefulSets,
} from "../api/index.ts";
import { startTestServer, type TestServer } from "../apiserver/testing/start-test-server.ts";
import { createInformerFactory, type UserInfo } from "../client/index.ts";
import { createControllerManager } from "./index.ts";
import { eventually } from "./testing/eventually.ts";
import { cronJob, deployment, job, pod, podTemplate, replicaSet, statefulSet } from "./testing/objects.ts";

const WATCHED_MS = 2000;
/** What a second may cost when nothing is to be done: a tenth of a processor. */
const CPU_SHARE = 0.1;
const WRITES = new Set(["create", "update", "patch", "delete", "deletecollection"]);

const as = (name: string): UserInfo => ({ name, groups: ["system:authenticated"] });
const asAccount = (name: string): UserInfo => ({
  name: `system:serviceaccount:kube-system:${name}`,
  groups: ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"],
});

describe("objects that contradict each other", () => {
  let server: TestServer;
  let stop: () => Promise<void>;
  let namespace: string;
  let count = 0;
  /** Who wrote what, since it was last asked. */
  let writes: string[] = [];

  beforeAll(async () => {
    server = await startTestServer({
      observer: {
        begin: ({ info, local }) => {
          if (local && WRITES.has(info.verb) && info.isResource) writes.push(`${info.verb} ${info.resource}`);
          return { end: () => {} };
        },
      },
    });
    const ownClient = server.as(as("system:kube-controller-manager"));
    const informers = createInformerFactory(ownClient, { logger: silentLogger });
    const manager = createControllerManager({
      clientFor: (identity) => server.as(asAccount(identity)),
      ownClient,
      informers,
      kinds: server.api.kinds,
      caCertificate: "ca",
      issueToken: () => "token",
      authority: { notAfterMs: Number.MAX_SAFE_INTEGER, issue: () => "certificate" },
      podCidr: "10.244.0.0/16",
      nodeCidrMaskSize: 24,
      loadBalancerCidr: "10.97.0.0/24",
      logger: silentLogger,
      clock: systemClock,
    });
    const over = new AbortController();
    const ran = [informers.run(over.signal), manager.run({ signal: over.signal, ready: () => {} })];
    stop = async () => {
      over.abort();
      await Promise.all(ran);
      await server.stop();
    };
  });
  beforeEach(async () => {
    namespace = `contradiction-${count++}`;
    await server.client.create(namespacesResource, { metadata: { name: namespace } });
    await eventually(() => server.client.get(serviceAccounts, namespace, "default"));
  });
  afterAll(() => stop());

  /** Nothing more is written of it, and nothing is thought about for long. */
  const expectQuiet = async (allowed: Record<string, number> = {}): Promise<void> => {
    await systemClock.sleep(500);
    writes = [];
    const before = process.cpuUsage();
    await systemClock.sleep(WATCHED_MS);
    const { user, system } = process.cpuUsage(before);
    const counts: Record<string, number> = {};
    for (const write of writes) counts[write] = (counts[write] ?? 0) + 1;
    for (const [write, number] of Object.entries(counts))
      expect(number, `${write} in ${WATCHED_MS} ms`).toBeLessThanOrEqual(allowed[write] ?? 0);
    expect((user + system) / 1000).toBeLessThan(WATCHED_MS * CPU_SHARE);
  };
  const create = (kind: KindDefinition, object: object) => server.client.create(kind, object as KubeObject);
  const list = async (kind: KindDefinition) =>
    (await server.client.list<KubeObject>(kind, { namespace })).items;
  const news = async () => (await list(events)).map(({ reason, message }) => `${reason}: ${message}`);
  const ownersOfPods = async () => {
    const found: Record<string, number> = {};
    for (const { metadata } of await list(pods)) {
      const owner = metadata.ownerReferences?.[0]?.name ?? "nobody";
      found[owner] = (found[owner] ?? 0) + 1;
    }
    return found;
  };

  const labels = { app: "web" };
  const ofWeb = { selector: { matchLabels: labels }, template: podTemplate(labels) };

  it("controllers that select the same pods have each their own", async () => {
    await create(replicaSets, replicaSet("one", namespace, 2, ofWeb));
    await create(replicaSets, replicaSet("two", namespace, 2, ofWeb));
    await create(replicationControllers, {
      metadata: { name: "three", namespace },
      spec: { replicas: 2, selector: labels, template: podTemplate(labels) },
    });
    await create(
      statefulSets,
      statefulSet("four", namespace, 1, { podManagementPolicy: "Parallel", ...ofWeb }),
    );
    const wanted = { one: 2, two: 2, three: 2, four: 1 };
    await eventually(async () => expect(await ownersOfPods()).toEqual(wanted));
    await expectQuiet();
    // One that is nobody's is taken by one of them, which has one too many then.
    await create(pods, pod("orphan", namespace, labels));
    await eventually(async () => expect(await ownersOfPods()).toEqual(wanted));
    await expectQuiet();
  });

  it("Deployments of one selector have each their own ReplicaSet", async () => {
    await create(deployments, deployment("one", namespace, 2, ofWeb));
    await create(deployments, deployment("two", namespace, 2, ofWeb));
    await eventually(async () =>
      expect(
        (await list(replicaSets)).map(({ metadata }) => metadata.ownerReferences?.[0]?.name).sort(),
      ).toEqual(["one", "two"]),
    );
    await eventually(async () => expect(await list(pods)).toHaveLength(4));
    await expectQuiet();
  });

  it.each<[string, KindDefinition, object]>([
    ["a Deployment", deployments, { ...deployment("a", "x", 1) }],
    ["a ReplicaSet", replicaSets, { ...replicaSet("a", "x", 1) }],
    ["a StatefulSet", statefulSets, { ...statefulSet("a", "x", 1) }],
  ])("%s whose selector does not match its template is refused", async (_, kind, object) => {
    const { metadata, spec } = object as KubeObject;
    const other = { ...spec, selector: { matchLabels: { app: "other" } } };
    await expect(create(kind, { metadata: { ...metadata, namespace }, spec: other })).rejects.toThrow(
      /`selector` does not match template `labels`/,
    );
  });

  it("what is owned by nobody that exists goes, and what names an owner elsewhere stays", async () => {
    const owner = (more: object) => ({ apiVersion: "apps/v1", kind: "ReplicaSet", name: "none", ...more });
    const owned = (name: string, ...ownerReferences: object[]) => {
      const { metadata, ...rest } = pod(name, namespace);
      return { metadata: { ...metadata, ownerReferences }, ...rest };
    };
    const other = await server.client.create(replicaSets, replicaSet("elsewhere", "default", 0));
    const { uid } = other.metadata;
    await create(pods, owned("lost", owner({ uid: "11111111-1111-1111-1111-111111111111" })));
    await create(pods, owned("across", owner({ name: "elsewhere", uid })));
    await create(
      pods,
      owned("unknown", owner({ apiVersion: "rockets.example.com/v1", kind: "Rocket", uid: "2" })),
    );
    await eventually(async () =>
      expect((await list(pods)).map(({ metadata }) => metadata.name)).not.toContain("lost"),
    );
    await eventually(async () =>
      expect(await news()).toContainEqual(
        expect.stringMatching(/^OwnerRefInvalidNamespace: ownerRef .* does not exist in namespace/),
      ),
    );
    await expectQuiet();
    expect((await list(pods)).map(({ metadata }) => metadata.name)).toContain("unknown");
  });

  it("a Job of a million completions has as many pods as may run at once", async () => {
    await create(jobs, job("million", namespace, { completions: 1_000_000, parallelism: 5 }));
    await create(
      jobs,
      job("indexed", namespace, { completions: 1_000_000, parallelism: 5, completionMode: "Indexed" }),
    );
    await eventually(async () => expect(await ownersOfPods()).toEqual({ million: 5, indexed: 5 }));
    await expectQuiet();
    await expect(
      create(
        jobs,
        job("wide", namespace, { completions: 1_000_000, parallelism: 200_000, completionMode: "Indexed" }),
      ),
    ).rejects.toThrow(/must be less than or equal to 100000/);
  });

  it("a CronJob of every second makes no more Jobs than have names of their own: one a minute", async () => {
    await expect(create(cronJobs, cronJob("six", namespace, "* * * * * *"))).rejects.toThrow(
      "expected exactly 5 fields, found 6: [* * * * * *]",
    );
    const jobTemplate = { spec: job("a", namespace).spec };
    await create(cronJobs, {
      ...cronJob("often", namespace, "@every 1s"),
      spec: { schedule: "@every 1s", concurrencyPolicy: "Forbid", jobTemplate },
    });
    await eventually(async () => expect(await list(jobs)).toHaveLength(1));
    // What a minute brings that begins meanwhile.
    await expectQuiet({ "create events": 1, "update cronjobs": 1 });
    expect(await list(jobs)).toHaveLength(1);
  });

  it("an autoscaler whose metric nobody tells says so, and waits", async () => {
    await create(deployments, deployment("web", namespace, 1));
    const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
    const metric = { name: "none" };
    const target = { type: "Value", value: "1" };
    await create(horizontalPodAutoscalers, {
      metadata: { name: "web", namespace },
      spec: { scaleTargetRef, maxReplicas: 3, metrics: [{ type: "External", external: { metric, target } }] },
    });
    await eventually(async () => {
      const { status } = await server.client.get(horizontalPodAutoscalers, namespace, "web");
      expect(status?.conditions?.find(({ type }) => type === "ScalingActive")).toMatchObject({
        status: "False",
        reason: "FailedGetExternalMetric",
      });
    });
    await expectQuiet();
  });

  it("a budget that nothing matches says so", async () => {
    await create(podDisruptionBudgets, {
      metadata: { name: "none", namespace },
      spec: { minAvailable: 1, selector: { matchLabels: { app: "none" } } },
    });
    await eventually(async () => {
      const { status } = await server.client.get(podDisruptionBudgets, namespace, "none");
      expect(status).toMatchObject({ expectedPods: 0, currentHealthy: 0, disruptionsAllowed: 0 });
    });
    await eventually(async () => expect(await news()).toContain("NoPods: No matching pods found"));
    await expectQuiet();
  });
});
