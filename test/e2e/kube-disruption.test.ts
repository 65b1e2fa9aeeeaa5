import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { conditionOf, type Json, shellPod, useKube } from "../support/kube.ts";

const kube = useKube();

const nodeName = async (): Promise<string> => (await kube.api("/api/v1/nodes")).json.items[0].metadata.name;

function deployment(name: string, replicas: number): Json {
  const { spec } = shellPod(name, "trap 'exit 0' TERM; while :; do sleep 1; done");
  const labels = { app: name };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { ...spec, terminationGracePeriodSeconds: 2 } },
    },
  };
}

const budget = (name: string, spec: Json): Json => ({
  apiVersion: "policy/v1",
  kind: "PodDisruptionBudget",
  metadata: { name },
  spec: { selector: { matchLabels: { app: name } }, ...spec },
});

const podNames = async (app: string): Promise<string[]> => {
  const { items } = await kube.get(`pods?labelSelector=app%3D${app}`);
  return items
    .filter(({ metadata }: Json) => !metadata.deletionTimestamp)
    .map(({ metadata }: Json) => metadata.name)
    .sort();
};

/** `allowed/healthy` of a budget, as kubectl and its status tell. */
const allowed = async (name: string): Promise<number> =>
  (await kube.get(`policy/v1 poddisruptionbudgets/${name}`)).status.disruptionsAllowed;

describe("kubectl drain", () => {
  it("evicts what budgets allow, waits for the rest, and goes by its flags", async () => {
    const node = await nodeName();
    await kube.apply([deployment("web", 2), budget("web", { minAvailable: 1 })]);
    await kube.must("rollout", "status", "deployment/web", "--timeout=60s");
    await eventually("the budget", async () => (await allowed("web")) === 1);
    expect(await kube.must("get", "pdb", "web", "--no-headers")).toMatch(/^web +1 +N\/A +1 /);
    const before = await podNames("web");

    const lone = shellPod("lone", "sleep 1000", { volumes: [{ name: "d", emptyDir: {} }] });
    await kube.apply([lone, shellPod("bare", "sleep 1000")]);
    await kube.untilReady("bare");
    await kube.untilReady("lone");
    const selector = "--pod-selector=app=web";

    // Pods that nobody would make again are kept unless told otherwise, and so is what is in them.
    const refused = await kube.kubectl("drain", node);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      "cannot delete Pods that declare no controller (use --force to override)",
    );
    expect(refused.stderr).toContain(
      "cannot delete Pods with local storage (use --delete-emptydir-data to override)",
    );

    // A dry run asks the server and changes nothing.
    const dry = await kube.kubectl("drain", node, selector, "--dry-run=server");
    expect(`${dry.stdout}${dry.stderr}`).toContain("evicting pod default/web");
    expect(await podNames("web")).toEqual(before);

    // The node takes no pods, so that the budget lets only one go.
    const drained = await kube.kubectl("drain", node, selector, "--timeout=8s");
    expect(drained.code).toBe(1);
    expect(drained.stderr).toContain(
      "(will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.",
    );
    const left = await podNames("web");
    expect(left.filter((name) => before.includes(name))).toHaveLength(1);
    expect(conditionOf(await kube.pod(left.find((name) => !before.includes(name))!), "PodScheduled")).toBe(
      "False",
    );
    expect(await allowed("web")).toBe(0);

    await kube.must("uncordon", node);
    await kube.must("rollout", "status", "deployment/web", "--timeout=60s");
    await eventually("the budget again", async () => (await allowed("web")) === 1);

    // Deleted instead of evicted, budgets are not asked.
    await kube.must("drain", node, selector, "--disable-eviction", "--grace-period=1", "--timeout=60s");
    expect((await kube.pod("lone")).metadata.deletionTimestamp).toBeUndefined();
    await kube.must(
      "drain",
      node,
      "--force",
      "--delete-emptydir-data",
      "--timeout=60s",
      "--skip-wait-for-delete-timeout=1",
    );
    await kube.untilGone("pods/lone", 40_000);
    await kube.must("uncordon", node);
    await kube.must("delete", "deployment/web", "pdb/web");
  });
});

describe("a pod that is more important", () => {
  it("takes the place of others, and waits until they have ended", async () => {
    const node = await nodeName();
    const resource = "example.com/seats";
    const seats = async (amount: string | null): Promise<void> => {
      const status = { capacity: { [resource]: amount }, allocatable: { [resource]: amount } };
      const patched = await kube.api(`/api/v1/nodes/${node}/status`, {
        method: "PATCH",
        headers: { "content-type": "application/merge-patch+json" },
        body: { status },
      });
      expect(patched.status).toBe(200);
    };
    const seated = (name: string, priorityClassName: string, spec: Json = {}) =>
      shellPod(
        name,
        "trap 'exit 0' TERM; while :; do sleep 1; done",
        { priorityClassName, terminationGracePeriodSeconds: 5, ...spec },
        { resources: { limits: { [resource]: "1" } } },
      );
    await seats("1");
    const importance = (name: string, value: number): Json => ({
      apiVersion: "scheduling.k8s.io/v1",
      kind: "PriorityClass",
      metadata: { name },
      value,
    });
    await kube.apply([importance("low", 1), importance("high", 1000)]);
    await kube.apply(seated("guest", "low"));
    await kube.untilReady("guest");
    await kube.apply(seated("patient", "high", { priorityClassName: "low" }));
    await kube.untilPod("patient", "waits", (pod) => conditionOf(pod, "PodScheduled") === "False");
    await kube.apply(seated("vip", "high"));
    await kube.untilReady("vip");
    expect(await kube.has("pods/guest")).toBe(false);
    expect(
      (await kube.events("guest")).some((text) => /^Preempted: Preempted by pod .* on node /.test(text)),
    ).toBe(true);
    const patient = await kube.pod("patient");
    expect(patient.spec.nodeName).toBeUndefined();
    expect(patient.status.conditions[0].message).toBe(
      `0/1 nodes are available: 1 Insufficient ${resource}. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.`,
    );
    await kube.must("delete", "pod", "vip");
    await kube.untilReady("patient");
    await kube.must("delete", "pod", "patient");
    await kube.must("delete", "priorityclass", "low", "high");
    await seats(null);
  });
});

describe("the machine's node", () => {
  it("has the pods' network as its part, and kubelets ask for news at once", async () => {
    const { metadata, spec } = (await kube.api(`/api/v1/nodes/${await nodeName()}`)).json;
    expect(spec.podCIDR).toMatch(/^\d+\.\d+\.\d+\.\d+\/\d+$/);
    expect(spec.podCIDRs).toEqual([spec.podCIDR]);
    expect(metadata.annotations["node.alpha.kubernetes.io/ttl"]).toBe("0");
  });
});

describe("a node with a taint that drives pods away", () => {
  it("lets pods go when the time that they bear it is over, and keeps others", async () => {
    const node = await nodeName();
    const bears = (tolerationSeconds?: number): Json => ({
      terminationGracePeriodSeconds: 1,
      tolerations: [
        {
          key: "example.com/repair",
          operator: "Exists",
          effect: "NoExecute",
          ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
        },
      ],
    });
    const run = "trap 'exit 0' TERM; while :; do sleep 1; done";
    await kube.apply([
      shellPod("at-once", run, { terminationGracePeriodSeconds: 1 }),
      shellPod("soon", run, bears(3)),
      shellPod("later", run, bears(600)),
      shellPod("always", run, bears()),
    ]);
    for (const name of ["at-once", "soon", "later", "always"]) await kube.untilReady(name);
    await kube.must("taint", "node", node, "example.com/repair=now:NoExecute");
    await kube.untilGone("pods/at-once");
    expect(await kube.has("pods/soon")).toBe(true);
    expect(await kube.events("at-once")).toContain(
      "TaintManagerEviction: Marking for deletion Pod default/at-once",
    );
    await kube.untilGone("pods/soon");
    await kube.must("taint", "node", node, "example.com/repair:NoExecute-");
    await eventually("the cancelled eviction", async () =>
      (await kube.events("later")).includes("TaintManagerEviction: Cancelling deletion of Pod default/later"),
    );
    for (const name of ["later", "always"]) expect(conditionOf(await kube.pod(name), "Ready")).toBe("True");
    await kube.must("delete", "pod", "later", "always");
  });
});
