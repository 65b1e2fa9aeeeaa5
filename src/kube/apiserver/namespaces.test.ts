import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configMaps, namespaces, pods, serviceAccounts } from "../api/index.ts";
import { rawRequest } from "./testing/raw-request.ts";
import { startTestServer, type TestServer } from "./testing/start-test-server.ts";

const container = { name: "c", image: "i" };

describe("namespaces", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  it("are emptied before they go", async () => {
    const { client } = server;
    await client.create(namespaces, { metadata: { name: "going" } });
    await client.delete(namespaces, undefined, "going");
    const going = await client.get(namespaces, undefined, "going");
    expect(going.status!.phase).toBe("Terminating");
    expect(going.spec.finalizers).toEqual(["kubernetes"]);
    await expect(
      client.create(configMaps, { metadata: { name: "x", namespace: "going" } }),
    ).rejects.toMatchObject({
      message:
        'configmaps "x" is forbidden: unable to create new content in namespace going because it is being terminated',
      status: { code: 403, details: { causes: [{ reason: "NamespaceTerminating" }] } },
    });
    await client.update(namespaces, { ...going, spec: {} }, { subresource: "finalize" });
    await expect(client.get(namespaces, undefined, "going")).rejects.toMatchObject({ kind: "NotFound" });
  });

  it("of the system stay", async () => {
    await expect(server.client.delete(namespaces, undefined, "kube-system")).rejects.toMatchObject({
      message: 'namespaces "kube-system" is forbidden: this namespace may not be deleted',
    });
  });

  it("have the service account that pods run as, and pods wait for it", async () => {
    const { client } = server;
    await client.create(namespaces, { metadata: { name: "fresh" } });
    const early = client.create(pods, {
      metadata: { name: "early", namespace: "fresh" },
      spec: { containers: [container] },
    });
    await client.create(serviceAccounts, { metadata: { name: "default", namespace: "fresh" } });
    const pod = await early;
    expect(pod.spec.serviceAccountName).toBe("default");
    expect(pod.spec.volumes![0]!.projected!.sources).toHaveLength(3);
    expect(pod.spec.containers[0]!.volumeMounts![0]!.mountPath).toBe(
      "/var/run/secrets/kubernetes.io/serviceaccount",
    );
    await expect(
      client.create(pods, {
        metadata: { name: "q", namespace: "fresh" },
        spec: { serviceAccountName: "other", containers: [container] },
      }),
    ).rejects.toMatchObject({
      message:
        'pods "q" is forbidden: error looking up service account fresh/other: serviceaccount "other" not found',
    });
  });

  it("do not put the token into pods that do not want it", async () => {
    const pod = await server.client.create(pods, {
      metadata: { name: "bare", namespace: "default" },
      spec: { automountServiceAccountToken: false, containers: [container] },
    });
    expect(pod.spec.volumes).toBeUndefined();
  });

  it("are named in the answer to a delete", async () => {
    await server.client.create(configMaps, { metadata: { name: "c", namespace: "default" } });
    const { json } = await rawRequest(server, "/api/v1/namespaces/default/configmaps/c", {
      method: "DELETE",
    });
    expect(json).toMatchObject({
      kind: "Status",
      status: "Success",
      details: { name: "c", kind: "configmaps", uid: expect.any(String) },
    });
  });
});
