import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLogger } from "../../base/index.ts";
import { type Pod, replicaSets, replicationControllers, services, statefulSets } from "../api/index.ts";
import { startTestServer, type TestServer } from "../apiserver/testing/start-test-server.ts";
import { createInformerFactory } from "../client/index.ts";
import { replicaSet, replicationController, service } from "../controllers/testing/objects.ts";
import { DefaultSelectors } from "./default-selectors.ts";
import { pod } from "./testing/objects.ts";

describe("which pods belong together", () => {
  let server: TestServer;
  let selectors: DefaultSelectors;
  const over = new AbortController();
  beforeAll(async () => {
    server = await startTestServer();
    const { client } = server;
    await client.create(services, service("web", "default"));
    await client.create(services, service("tier", "default", { selector: { tier: "front", app: "web" } }));
    await client.create(services, service("all", "default", { selector: undefined }));
    const set = replicaSet("set", "default", 1);
    const matchExpressions = [{ key: "app", operator: "In", values: ["set", "other"] }];
    await client.create(replicaSets, {
      ...set,
      spec: { ...set.spec, selector: { matchExpressions } },
    });
    await client.create(replicationControllers, replicationController("rc", "default", 1));
    await client.create(statefulSets, replicaSet("sts", "default", 1, { serviceName: "s" }));
    const informers = createInformerFactory(server.as({ name: "system:kube-scheduler", groups: [] }), {
      logger: silentLogger,
    });
    selectors = new DefaultSelectors(informers);
    void informers.run(over.signal);
    await selectors.synced();
  });
  afterAll(async () => {
    over.abort();
    await server.stop();
  });

  const owned = (apiVersion: string, kind: string, name: string) => ({
    ownerReferences: [{ apiVersion, kind, name, uid: "u", controller: true }],
  });
  it.each<[string, Pod, string | undefined]>([
    ["nobody's", pod({ labels: { app: "x" } }), undefined],
    ["of a Service", pod({ labels: { app: "web" } }), "app=web"],
    ["of two Services", pod({ labels: { app: "web", tier: "front" } }), "app=web,tier=front"],
    ["of another namespace", pod({ namespace: "other", labels: { app: "web" } }), undefined],
    [
      "of a ReplicaSet",
      pod({ labels: { app: "set" }, metadata: owned("apps/v1", "ReplicaSet", "set") }),
      "app in (other,set)",
    ],
    [
      "of a Service and a ReplicaSet",
      pod({ labels: { app: "web" }, metadata: owned("apps/v1", "ReplicaSet", "set") }),
      "app=web,app in (other,set)",
    ],
    ["of a ReplicationController", pod({ metadata: owned("v1", "ReplicationController", "rc") }), "app=rc"],
    ["of a StatefulSet", pod({ metadata: owned("apps/v1", "StatefulSet", "sts") }), "app=sts"],
    ["of something else", pod({ metadata: owned("batch/v1", "Job", "j") }), undefined],
    ["of a controller that is gone", pod({ metadata: owned("apps/v1", "ReplicaSet", "gone") }), undefined],
  ])("%s", (_, one, text) => {
    expect(selectors.of(one)?.toString()).toBe(text);
  });
});
