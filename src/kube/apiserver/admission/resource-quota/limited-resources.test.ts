import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { namespaces, resourceQuotas, serviceAccounts } from "../../../api/index.ts";
import { rawRequest } from "../../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../../testing/start-test-server.ts";
import { readLimitedResources } from "./read-configuration.ts";

const CONFIGURATION = `
apiVersion: apiserver.config.k8s.io/v1
kind: ResourceQuotaConfiguration
limitedResources:
- resource: persistentvolumeclaims
  matchContains: [.storageclass.storage.k8s.io/requests.storage]
- resource: pods
  matchContains: [requests.cpu]
  matchScopes:
  - scopeName: PriorityClass
    operator: In
    values: [system-node-critical, system-cluster-critical]
`;

describe("resources that are limited by configuration", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({
      admissionPlugins: { limitedResources: readLimitedResources(CONFIGURATION) },
    });
  });
  afterAll(() => server.stop());

  async function namespaceWith(name: string, quota?: object): Promise<void> {
    await server.client.create(namespaces, { metadata: { name } });
    await server.client.create(serviceAccounts, { metadata: { name: "default", namespace: name } });
    if (quota === undefined) return;
    const created = await server.client.create(resourceQuotas, {
      metadata: { name: "q", namespace: name },
      spec: quota,
    } as never);
    const { hard } = quota as { hard: Record<string, string> };
    const used = Object.fromEntries(Object.keys(hard).map((one) => [one, "0"]));
    await server.client.update(resourceQuotas, { ...created, status: { hard, used } } as never, {
      subresource: "status",
    });
  }

  async function create(namespace: string, resource: string, body: object) {
    const { status, json } = await rawRequest(server, `/api/v1/namespaces/${namespace}/${resource}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ metadata: { name: "x" }, ...body }),
    });
    return status === 201 ? 201 : [status, json.message];
  }

  const pod = (priorityClassName?: string, cpu?: string) => ({
    spec: {
      priorityClassName,
      automountServiceAccountToken: false,
      containers: [{ name: "c", image: "i", resources: cpu ? { requests: { cpu } } : {} }],
    },
  });
  const claim = (storageClassName: string) => ({
    spec: { storageClassName, accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  });
  const SCOPES =
    "insufficient quota to match these scopes: [{PriorityClass In [system-node-critical system-cluster-critical]}]";

  it("may not be used where no quota speaks of them", async () => {
    await namespaceWith("none");
    expect(await create("none", "pods", pod(undefined, "1"))).toEqual([
      403,
      'pods "x" is forbidden: insufficient quota to consume: requests.cpu',
    ]);
    expect(await create("none", "pods", pod("system-cluster-critical"))).toEqual([500, SCOPES]);
    expect(await create("none", "persistentvolumeclaims", claim("gold"))).toEqual([
      403,
      'persistentvolumeclaims "x" is forbidden: insufficient quota to consume: gold.storageclass.storage.k8s.io/requests.storage',
    ]);
    expect(await create("none", "pods", pod())).toBe(201);
    expect(await create("none", "configmaps", {})).toBe(201);
  });

  it("may be used as far as a quota goes", async () => {
    await namespaceWith("some", { hard: { "requests.cpu": "1" } });
    expect(await create("some", "pods", pod(undefined, "2"))).toEqual([
      403,
      'pods "x" is forbidden: exceeded quota: q, requested: requests.cpu=2, used: requests.cpu=0, limited: requests.cpu=1',
    ]);
    expect(await create("some", "pods", pod(undefined, "1"))).toBe(201);
  });

  it("of a scope may be used where a quota has the scope", async () => {
    const matchExpressions = [
      { scopeName: "PriorityClass", operator: "In", values: ["system-cluster-critical"] },
    ];
    await namespaceWith("scoped", { hard: { pods: "1" }, scopeSelector: { matchExpressions } });
    expect(await create("scoped", "pods", pod("system-node-critical"))).toEqual([500, SCOPES]);
    expect(await create("scoped", "pods", pod("system-cluster-critical"))).toBe(201);
  });
});

describe("the configuration of ResourceQuota", () => {
  it("is read in its former version, too", () => {
    const text = `apiVersion: resourcequota.admission.k8s.io/v1beta1\nkind: Configuration\nlimitedResources: [{apiGroup: apps, resource: deployments, matchContains: [count/]}]`;
    expect(readLimitedResources(text)).toEqual([
      { apiGroup: "apps", resource: "deployments", matchContains: ["count/"], matchScopes: [] },
    ]);
  });

  it.each([
    ["limitedResources: [{matchContains: [a]}]", "limitedResources[0].resource: Required value"],
    ["limitedResource: []", 'strict decoding error: unknown field "limitedResource"'],
  ])("is refused as %s", (rest, message) => {
    const head = "apiVersion: apiserver.config.k8s.io/v1\nkind: ResourceQuotaConfiguration\n";
    expect(() => readLimitedResources(head + rest)).toThrow(message);
  });
});
