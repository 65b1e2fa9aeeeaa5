import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Logger, silentLogger, systemClock } from "../../base/index.ts";
import { openMemoryStore, type Store } from "../../store/index.ts";
import { clusterRoleBindings, configMaps, type KubeObject } from "../api/index.ts";
import { startTestServer, type TestServer } from "../apiserver/testing/start-test-server.ts";
import { createInformerFactory } from "./informer-factory.ts";
import type { Informer, KubeClient } from "./types.ts";

/** The server keeps objects of its own elsewhere. */
const IN_DEFAULT = { fieldSelector: "metadata.namespace=default" };

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 500) throw new Error("it did not come true");
    await systemClock.sleep(10);
  }
}

function record(informer: Informer): string[] {
  const log: string[] = [];
  const version = (object: KubeObject) => `${object.metadata.name}@${object.data?.n ?? ""}`;
  informer.subscribe({
    onAdd: (object) => log.push(`+${version(object)}`),
    onUpdate: (object, previous) => log.push(`${version(previous)}>${version(object)}`),
    onDelete: (object) => log.push(`-${version(object)}`),
  });
  return log;
}

describe("informers", () => {
  let server: TestServer;
  let stop: AbortController;
  let running: Promise<void>;
  beforeEach(async () => {
    server = await startTestServer();
    stop = new AbortController();
  });
  afterEach(async () => {
    stop.abort();
    await running;
    await server.stop();
  });

  function factoryFor(client: KubeClient) {
    const factory = createInformerFactory(client, { logger: silentLogger });
    running = factory.run(stop.signal);
    return factory;
  }
  const make = (name: string, n = "1", labels: Record<string, string> = {}) =>
    server.client.create(configMaps, { metadata: { name, namespace: "default", labels }, data: { n } });

  it("knows what is there, and tells of each change once and in order", async () => {
    await make("a");
    const informer = factoryFor(server.client).informer(configMaps, IN_DEFAULT);
    const log = record(informer);
    await informer.synced();
    expect(informer.get("default/a")?.data?.n).toBe("1");
    const b = await make("b");
    await server.client.update(configMaps, { ...b, data: { n: "2" } });
    await server.client.delete(configMaps, "default", "a");
    await until(() => log.length === 4);
    expect(log).toEqual(["+a@1", "+b@1", "b@1>b@2", "-a@1"]);
    expect([...informer.list()].map((object) => object.metadata.name)).toEqual(["b"]);
    expect([...informer.list("other")]).toEqual([]);
  });

  it("is one for all who ask for the same, and tells late ones what is there", async () => {
    await make("a");
    const factory = factoryFor(server.client);
    const informer = factory.informer(configMaps, IN_DEFAULT);
    expect(factory.informer(configMaps, IN_DEFAULT)).toBe(informer);
    expect(factory.informer(configMaps, { ...IN_DEFAULT, labelSelector: "x=y" })).not.toBe(informer);
    await factory.synced();
    expect(record(informer)).toEqual(["+a@1"]);
  });

  it("keeps indexes as objects come, change and go", async () => {
    const informer = factoryFor(server.client).informer(configMaps, IN_DEFAULT);
    informer.addIndex("team", (object) => [object.metadata.labels?.team ?? "none"]);
    await informer.synced();
    await make("a", "1", { team: "red" });
    const b = await make("b", "1", { team: "red" });
    await until(() => informer.byIndex("team", "red").length === 2);
    await server.client.update(configMaps, { ...b, metadata: { ...b.metadata, labels: { team: "blue" } } });
    await until(() => informer.byIndex("team", "blue").length === 1);
    expect(informer.byIndex("team", "red").map((object) => object.metadata.name)).toEqual(["a"]);
    await server.client.delete(configMaps, "default", "a");
    await until(() => informer.byIndex("team", "red").length === 0);
    expect(informer.byIndex("team", "never")).toEqual([]);
  });

  it("tells the others although one handler fails", async () => {
    const informer = factoryFor(server.client).informer(configMaps, IN_DEFAULT);
    informer.subscribe({
      onAdd: () => {
        throw new Error("broken");
      },
    });
    const log = record(informer);
    await informer.synced();
    await make("a");
    await until(() => log.length === 1);
  });

  it("takes an object made anew under the same name for another one", async () => {
    const informer = factoryFor(server.client).informer(configMaps, IN_DEFAULT);
    const log = record(informer);
    await informer.synced();
    await make("a");
    await server.client.delete(configMaps, "default", "a");
    await make("a", "2");
    await until(() => log.length === 3);
    expect(log).toEqual(["+a@1", "-a@1", "+a@2"]);
  });

  it("says that it may not read, and reads once it may", async () => {
    const warnings: string[] = [];
    const logger: Logger = Object.assign(Object.create(silentLogger), {
      debug: () => {},
      with: () => logger,
      warn: (text: string) => void warnings.push(text),
    });
    const factory = createInformerFactory(server.as({ name: "bob", groups: [] }), { logger });
    const informer = factory.informer(configMaps, IN_DEFAULT);
    running = factory.run(stop.signal);
    await until(() => warnings.length > 0);
    expect(warnings).toEqual(["configmaps may not be listed and watched"]);
    await server.client.create(clusterRoleBindings, {
      metadata: { name: "bob" },
      subjects: [{ kind: "User", name: "bob", apiGroup: "rbac.authorization.k8s.io" }],
      roleRef: { kind: "ClusterRole", name: "view", apiGroup: "rbac.authorization.k8s.io" },
    });
    await informer.synced();
  });
});

describe("informers over a server that goes away", () => {
  let store: Store;
  beforeEach(async () => {
    store = await openMemoryStore({ logger: silentLogger });
  });
  afterEach(() => store.close());

  it("misses nothing and repeats nothing when the server comes back", async () => {
    let server = await startTestServer({ store });
    const { port } = server.api.address!;
    const kubeClient = await server.https();
    const stop = new AbortController();
    const factory = createInformerFactory(kubeClient, { logger: silentLogger });
    const informer = factory.informer(configMaps, { labelSelector: "t=1" });
    const log = record(informer);
    const running = factory.run(stop.signal);
    const make = (name: string) =>
      server.client.create(configMaps, {
        metadata: { name, namespace: "default", labels: { t: "1" } },
        data: { n: "1" },
      });
    await informer.synced();
    await make("kept");
    await make("gone");
    await until(() => log.length === 2);
    const { certificates } = server;
    await server.stop();
    server = await startTestServer({ store, port, certificates });
    await server.client.delete(configMaps, "default", "gone");
    await make("new");
    await until(() => log.length === 4);
    expect(log.slice(0, 2)).toEqual(["+kept@1", "+gone@1"]);
    expect(log.slice(2).sort()).toEqual(["+new@1", "-gone@1"]);
    await make("later");
    await until(() => log.length === 5);
    expect([...informer.list()].map((object) => object.metadata.name).sort()).toEqual([
      "kept",
      "later",
      "new",
    ]);
    stop.abort();
    await running;
    kubeClient.close();
    await server.stop();
  });
});
