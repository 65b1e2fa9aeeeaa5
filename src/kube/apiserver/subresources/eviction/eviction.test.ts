import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  namespaces,
  podDisruptionBudgets,
  pods,
  roleBindings,
  roles,
  serviceAccounts,
} from "../../../api/index.ts";
import type { KubeClient } from "../../../client/index.ts";
import { rawRequest } from "../../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../../testing/start-test-server.ts";

const labels = { app: "web" };
const VIOLATED = "Cannot evict pod as it would violate the pod's disruption budget.";

describe("an eviction", () => {
  let server: TestServer;
  let client: KubeClient;
  let namespace: string;
  let count = 0;
  beforeAll(async () => {
    server = await startTestServer();
    client = server.client;
  });
  beforeEach(async () => {
    namespace = `n-${count++}`;
    await client.create(namespaces, { metadata: { name: namespace } });
    await client.create(serviceAccounts, { metadata: { name: "default", namespace } });
  });
  afterAll(() => server.stop());

  /** A pod on a node, in this phase. */
  const addPod = async (name: string, phase = "Running", ready = "True"): Promise<void> => {
    const spec = { nodeName: "n1", containers: [{ name: "c", image: "i" }] };
    await client.create(pods, { metadata: { name, namespace, labels }, spec });
    await setPod(name, { phase, conditions: [{ type: "Ready", status: ready }] });
  };
  const setPod = (name: string, status: object) =>
    client.patch(pods, namespace, name, "strategic", { status }, { subresource: "status" });
  const addBudget = async (status: object, spec: object = {}, name = "b"): Promise<void> => {
    const selector = { matchLabels: labels };
    await client.create(podDisruptionBudgets, {
      metadata: { name, namespace },
      spec: { minAvailable: 1, selector, ...spec },
    });
    await setBudget({ observedGeneration: 1, ...status }, name);
  };
  const setBudget = (status: object, name = "b") =>
    client.patch(podDisruptionBudgets, namespace, name, "merge", { status }, { subresource: "status" });
  const budget = () => client.get(podDisruptionBudgets, namespace, "b");
  const evict = (name: string, deleteOptions?: object, query = "", version = "policy/v1") => {
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction${query}`;
    const body = JSON.stringify({
      apiVersion: version,
      kind: "Eviction",
      metadata: { name },
      ...(deleteOptions ? { deleteOptions } : {}),
    });
    return rawRequest(server, path, {
      method: "POST",
      body,
      headers: { "content-type": "application/json" },
    });
  };
  const isGoing = async (name: string) =>
    (await client.get(pods, namespace, name)).metadata.deletionTimestamp !== undefined;

  it.each(["policy/v1", "policy/v1beta1"])(
    "of a pod without a budget deletes it and says why: %s",
    async (version) => {
      await addPod("p");
      const { status, json } = await evict("p", undefined, "", version);
      expect(status).toBe(201);
      expect(json).toMatchObject({ kind: "Status", status: "Success", code: 201 });
      expect(await isGoing("p")).toBe(true);
      expect((await client.get(pods, namespace, "p")).status!.conditions).toContainEqual({
        type: "DisruptionTarget",
        status: "True",
        reason: "EvictionByEvictionAPI",
        message: "Eviction API: evicting",
        lastTransitionTime: expect.any(String),
      });
    },
  );

  it("is counted in the budget that allows it", async () => {
    await addPod("p");
    await addBudget({ disruptionsAllowed: 2, currentHealthy: 3, desiredHealthy: 1, expectedPods: 3 });
    expect((await evict("p")).status).toBe(201);
    const { status } = await budget();
    expect(status!.disruptionsAllowed).toBe(1);
    expect(Object.keys(status!.disruptedPods!)).toEqual(["p"]);
    expect(status!.conditions).toBeUndefined();
    expect(await isGoing("p")).toBe(true);
  });

  it("is refused where the budget allows none, and the last one is told", async () => {
    for (const name of ["p", "q"]) await addPod(name);
    await addBudget({ disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2 });
    expect((await evict("p")).status).toBe(201);
    expect((await budget()).status!.conditions).toMatchObject([
      { type: "DisruptionAllowed", status: "False", reason: "InsufficientPods", observedGeneration: 1 },
    ]);
    const refused = await evict("q");
    expect(refused.status).toBe(429);
    expect(refused.headers["retry-after"]).toBeUndefined();
    expect(refused.json).toMatchObject({
      reason: "TooManyRequests",
      message: VIOLATED,
      details: {
        causes: [
          {
            reason: "DisruptionBudget",
            message: "The disruption budget b needs 1 healthy pods and has 2 currently",
          },
        ],
      },
    });
    expect(await isGoing("q")).toBe(false);
  });

  it("waits for the budget to be looked at", async () => {
    await addPod("p");
    await addBudget({ observedGeneration: 0, disruptionsAllowed: 5 });
    const refused = await evict("p");
    expect([refused.status, refused.headers["retry-after"]]).toEqual([429, "10"]);
    expect(refused.json.details).toEqual({
      causes: [
        {
          reason: "DisruptionBudget",
          message: "The disruption budget b is still being processed by the server.",
        },
      ],
      retryAfterSeconds: 10,
    });
  });

  it("never lets two have the last disruption, however many come at once", async () => {
    const names = Array.from({ length: 20 }, (_, index) => `p-${index}`);
    for (const name of names) await addPod(name);
    await addBudget({ disruptionsAllowed: 7, currentHealthy: 20, desiredHealthy: 13, expectedPods: 20 });
    const codes = await Promise.all(names.map(async (name) => (await evict(name)).status));
    expect(codes.filter((code) => code === 201)).toHaveLength(7);
    expect(codes.filter((code) => code === 429)).toHaveLength(13);
    const { status } = await budget();
    expect(status!.disruptionsAllowed).toBe(0);
    expect(Object.keys(status!.disruptedPods!)).toHaveLength(7);
    const going = await Promise.all(names.map(isGoing));
    expect(going.filter(Boolean)).toHaveLength(7);
  });

  it("of a pod with several budgets is not served", async () => {
    await addPod("p");
    await addBudget({ disruptionsAllowed: 1 });
    await addBudget({ disruptionsAllowed: 1 }, {}, "b2");
    const { status, json } = await evict("p");
    expect(status).toBe(500);
    expect(json).toMatchObject({
      status: "Failure",
      code: 500,
      message:
        "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    });
    expect(json.reason).toBeUndefined();
  });

  it.each<[string, object, object, number]>([
    ["a healthy budget", { disruptionsAllowed: 0, currentHealthy: 2, desiredHealthy: 2 }, {}, 201],
    ["one that lacks pods", { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 2 }, {}, 429],
    ["one that wants none", { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0 }, {}, 429],
    [
      "one that always allows it",
      { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 2 },
      { unhealthyPodEvictionPolicy: "AlwaysAllow" },
      201,
    ],
    [
      "one that asks for health",
      { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 2 },
      { unhealthyPodEvictionPolicy: "IfHealthyBudget" },
      429,
    ],
  ])("of a pod that is not ready, under %s", async (_, status, spec, code) => {
    await addPod("p", "Running", "False");
    await addBudget(status, spec);
    expect((await evict("p")).status).toBe(code);
    expect(await isGoing("p")).toBe(code === 201);
    // It costs the budget nothing.
    expect((await budget()).status!.disruptedPods).toBeUndefined();
  });

  it.each(["Pending", "Succeeded", "Failed"])("of a pod that is %s needs no budget", async (phase) => {
    await addPod("p", phase, "False");
    await addBudget({ disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 1, expectedPods: 1 });
    expect((await evict("p")).status).toBe(201);
  });

  it("of a pod that goes already needs no budget", async () => {
    await addPod("p");
    await client.delete(pods, namespace, "p");
    await addBudget({ disruptionsAllowed: 0, expectedPods: 1 });
    expect((await evict("p")).status).toBe(201);
  });

  it.each<[string, object | undefined, string]>([
    ["the request", undefined, "?dryRun=All"],
    ["the options", { dryRun: ["All"] }, ""],
    ["both", { dryRun: ["All"] }, "?dryRun=All"],
  ])("that is a dry run by %s changes nothing", async (_, options, query) => {
    await addPod("p");
    await addBudget({ disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2 });
    const before = await client.get(pods, namespace, "p");
    expect((await evict("p", options, query)).status).toBe(201);
    expect(await client.get(pods, namespace, "p")).toEqual(before);
    expect((await budget()).status!.disruptionsAllowed).toBe(1);
    await setBudget({ disruptionsAllowed: 0 });
    expect((await evict("p", options, query)).status).toBe(429);
  });

  it("honours preconditions", async () => {
    await addPod("p");
    const wrong = await evict("p", { preconditions: { uid: "another" } });
    expect(wrong.status).toBe(409);
    expect(wrong.json.message).toMatch(
      /^Operation cannot be fulfilled on Pod "p": the UID in the precondition \(another\) does not match the UID in record/,
    );
    const old = await evict("p", { preconditions: { resourceVersion: "1" } });
    expect(old.json.message).toContain("the ResourceVersion in the precondition (1) does not match");
    expect((await client.get(pods, namespace, "p")).status!.conditions).toHaveLength(1);
    const { uid, resourceVersion } = (await client.get(pods, namespace, "p")).metadata;
    expect((await evict("p", { preconditions: { uid, resourceVersion } })).status).toBe(201);
    expect(await isGoing("p")).toBe(true);
  });

  it("refuses what it cannot do", async () => {
    await addPod("p");
    expect((await evict("absent")).json).toMatchObject({ code: 404, message: 'pods "absent" not found' });
    const option = { ignoreStoreReadErrorWithClusterBreakingPotential: true };
    expect((await evict("p", option)).json).toMatchObject({
      code: 422,
      message:
        'Eviction.policy "p" is invalid: deleteOptions.ignoreStoreReadErrorWithClusterBreakingPotential: Invalid value: true: can not be set for pod eviction, try after removing the option',
    });
    expect((await evict("p", { gracePeriodSeconds: 0 })).status).toBe(201);
    await expect(client.get(pods, namespace, "p")).rejects.toMatchObject({ kind: "NotFound" });
  });

  it("refuses a budget that counts wrong", async () => {
    await addPod("p");
    const many = Object.fromEntries(
      Array.from({ length: 2001 }, (_, n) => [`x-${n}`, "2026-01-01T00:00:00Z"]),
    );
    await addBudget({ disruptionsAllowed: 1, disruptedPods: many });
    const { status, json } = await evict("p");
    expect(status).toBe(403);
    expect(json.message).toBe(
      'poddisruptionbudget.policy "b" is forbidden: DisruptedPods map too big - too many evictions not confirmed by PDB controller',
    );
  });

  it("asks for no permission on budgets", async () => {
    await addPod("p");
    await addBudget({ disruptionsAllowed: 1, expectedPods: 1 });
    const rules = [{ apiGroups: [""], resources: ["pods/eviction"], verbs: ["create"] }];
    await client.create(roles, { metadata: { name: "drain", namespace }, rules });
    await client.create(roleBindings, {
      metadata: { name: "drain", namespace },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "drain" },
      subjects: [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: "drainer" }],
    });
    const drainer = server.as({ name: "drainer", groups: ["system:authenticated"] });
    await drainer.createSubresource(pods, namespace, "p", "eviction", { metadata: { name: "p", namespace } });
    expect(await isGoing("p")).toBe(true);
    expect((await budget()).status!.disruptionsAllowed).toBe(0);
  });
});
