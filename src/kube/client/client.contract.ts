import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  configMaps,
  deployments,
  type KubeObject,
  namespaces,
  pods,
  secrets,
  serviceAccounts,
  services,
} from "../api/index.ts";
import type { KubeClient, ResourceRef, WatchEvent } from "./types.ts";

export interface ContractHarness {
  client: KubeClient;
  stop(): Promise<void>;
}

const container = { name: "c", image: "busybox" };

export function deployment(name: string, namespace: string) {
  const labels = { app: name };
  return {
    metadata: { name, namespace, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  };
}

async function take(events: AsyncIterable<WatchEvent>, count: number): Promise<WatchEvent[]> {
  const taken: WatchEvent[] = [];
  for await (const event of events) {
    taken.push(event);
    if (taken.length === count) break;
  }
  return taken;
}

const names = (objects: readonly KubeObject[]) => objects.map((object) => object.metadata.name);
const told = (events: WatchEvent[]) =>
  events.map((event) =>
    event.type === "BOOKMARK" ? event.type : `${event.type} ${event.object.metadata.name}`,
  );

/** What every KubeClient does, whichever way it takes to the server. */
export function describeClient(name: string, start: () => Promise<ContractHarness>): void {
  describe(`KubeClient (${name})`, () => {
    let harness: ContractHarness;
    let client: KubeClient;
    const ns = "contract";
    beforeAll(async () => {
      harness = await start();
      client = harness.client;
      await client.create(namespaces, { metadata: { name: ns } });
      await client.create(serviceAccounts, { metadata: { name: "default", namespace: ns } });
    });
    afterAll(() => harness.stop());

    it("creates, reads, updates and deletes, with versions that only grow", async () => {
      const created = await client.create(configMaps, {
        metadata: { name: "a", namespace: ns },
        data: { x: "1" },
      });
      expect(created).toMatchObject({ apiVersion: "v1", kind: "ConfigMap", data: { x: "1" } });
      expect(created.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
      expect(await client.get(configMaps, ns, "a")).toEqual(created);
      const updated = await client.update(configMaps, { ...created, data: { x: "2" } });
      expect(Number(updated.metadata.resourceVersion)).toBeGreaterThan(
        Number(created.metadata.resourceVersion),
      );
      expect(updated.metadata.uid).toBe(created.metadata.uid);
      await client.delete(configMaps, ns, "a");
      await expect(client.get(configMaps, ns, "a")).rejects.toMatchObject({
        kind: "NotFound",
        message: 'configmaps "a" not found',
        status: { code: 404, reason: "NotFound" },
      });
    });

    it("hands out frozen objects", async () => {
      const created = await client.create(configMaps, {
        metadata: { name: "frozen", namespace: ns },
        data: { x: "1" },
      });
      const { items } = await client.list(configMaps, { namespace: ns });
      for (const object of [created, await client.get(configMaps, ns, "frozen"), items[0]!]) {
        expect(() => {
          object.metadata.name = "changed";
        }).toThrow(TypeError);
      }
    });

    it("refuses an update made for an older version", async () => {
      const created = await client.create(configMaps, { metadata: { name: "old", namespace: ns } });
      await client.update(configMaps, { ...created, data: { x: "1" } });
      await expect(client.update(configMaps, { ...created, data: { x: "2" } })).rejects.toMatchObject({
        kind: "Conflict",
        message:
          'Operation cannot be fulfilled on configmaps "old": the object has been modified; please apply your changes to the latest version and try again',
      });
    });

    it("refuses a second object of the same name, and what is invalid", async () => {
      await client.create(configMaps, { metadata: { name: "twice", namespace: ns } });
      await expect(
        client.create(configMaps, { metadata: { name: "twice", namespace: ns } }),
      ).rejects.toMatchObject({
        kind: "AlreadyExists",
        message: 'configmaps "twice" already exists',
      });
      await expect(
        client.create(configMaps, { metadata: { name: "Not A Name", namespace: ns } }),
      ).rejects.toMatchObject({
        kind: "InvalidArgument",
        status: { code: 422, reason: "Invalid" },
      });
      await expect(
        client.create(configMaps, { metadata: { name: "x", namespace: "nowhere" } }),
      ).rejects.toMatchObject({
        kind: "NotFound",
        message: 'namespaces "nowhere" not found',
      });
    });

    it("makes up names", async () => {
      const { metadata } = await client.create(configMaps, {
        metadata: { generateName: "made-", namespace: ns },
      });
      expect(metadata.name).toMatch(/^made-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    });

    it("lists by labels, by fields, and in pages", async () => {
      for (const [name, tier] of [
        ["l1", "web"],
        ["l2", "db"],
        ["l3", "web"],
      ] as const) {
        await client.create(secrets, { metadata: { name, namespace: ns, labels: { tier } } });
      }
      const web = await client.list(secrets, { namespace: ns, labelSelector: "tier=web" });
      expect(names(web.items)).toEqual(["l1", "l3"]);
      expect(web.items[0]).toMatchObject({ apiVersion: "v1", kind: "Secret" });
      const byName = await client.list(secrets, { fieldSelector: "metadata.name=l2" });
      expect(names(byName.items)).toEqual(["l2"]);
      const first = await client.list(secrets, { namespace: ns, limit: 2 });
      expect([names(first.items), first.metadata.remainingItemCount]).toEqual([["l1", "l2"], 1]);
      await client.create(secrets, { metadata: { name: "l25", namespace: ns } });
      const second = await client.list(secrets, {
        namespace: ns,
        limit: 2,
        continue: first.metadata.continue!,
      });
      // The pages are of one moment: what was made in between is not in them.
      expect(names(second.items)).toEqual(["l3"]);
      expect(second.metadata.continue).toBeUndefined();
      expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    });

    it("patches in three ways", async () => {
      await client.create(deployments, deployment("patched", ns));
      const merged = await client.patch(deployments, ns, "patched", "merge", { spec: { replicas: 3 } });
      expect(merged.spec.replicas).toBe(3);
      const added = { spec: { template: { spec: { containers: [{ name: "side", image: "sidecar" }] } } } };
      const strategic = await client.patch(deployments, ns, "patched", "strategic", added);
      expect(
        strategic.spec.template.spec!.containers.map((one: { name: string }) => one.name).sort(),
      ).toEqual(["c", "side"]);
      const json = await client.patch(deployments, ns, "patched", "json", [
        { op: "replace", path: "/spec/replicas", value: 5 },
      ]);
      expect(json.spec.replicas).toBe(5);
      expect(json.metadata.generation).toBe(4);
    });

    it("applies configurations, which own what they say", async () => {
      const config = { apiVersion: "apps/v1", kind: "Deployment", ...deployment("applied", ns) };
      const options = { fieldManager: "owner" };
      const made = await client.patch(deployments, ns, "applied", "apply", config, options);
      expect(made.metadata.managedFields).toEqual([
        expect.objectContaining({ manager: "owner", operation: "Apply", apiVersion: "apps/v1" }),
      ]);
      const more = { ...config, spec: { ...config.spec, replicas: 7 } };
      const other = { fieldManager: "other" };
      await expect(client.patch(deployments, ns, "applied", "apply", more, other)).rejects.toMatchObject({
        status: { code: 409, reason: "Conflict" },
      });
      const changed = await client.patch(deployments, ns, "applied", "apply", more, options);
      expect(changed.spec.replicas).toBe(7);
    });

    it("changes status only through its subresource", async () => {
      const created = await client.create(deployments, deployment("stated", ns));
      const status = { replicas: 1, observedGeneration: 1 };
      const stated = await client.updateStatus(deployments, {
        ...created,
        spec: { ...created.spec, replicas: 9 },
        status,
      });
      expect([stated.spec.replicas, stated.status!.replicas]).toEqual([1, 1]);
      const updated = await client.update(deployments, { ...stated, status: { replicas: 7 } });
      expect(updated.status!.replicas).toBe(1);
      expect(updated.metadata.resourceVersion).toBe(stated.metadata.resourceVersion);
    });

    it("tries without storing", async () => {
      const tried = await client.create(
        configMaps,
        { metadata: { name: "tried", namespace: ns } },
        { dryRun: true },
      );
      expect(tried.metadata.uid).toBeTruthy();
      await expect(client.get(configMaps, ns, "tried")).rejects.toMatchObject({ kind: "NotFound" });
    });

    it("scales through the scale subresource", async () => {
      await client.create(deployments, deployment("scaled", ns));
      const scale = await client.patch(
        deployments,
        ns,
        "scaled",
        "merge",
        { spec: { replicas: 4 } },
        { subresource: "scale" },
      );
      expect(scale).toMatchObject({
        kind: "Scale",
        spec: { replicas: 4 },
        status: { selector: "app=scaled" },
      });
      expect((await client.get(deployments, ns, "scaled")).spec.replicas).toBe(4);
      const read = await client.get<KubeObject>(deployments as ResourceRef, ns, "scaled", {
        subresource: "scale",
      });
      expect(read).toMatchObject({ kind: "Scale", spec: { replicas: 4 } });
    });

    it("binds a pod to a node once, and lets the kubelet finish its deletion", async () => {
      await client.create(pods, {
        metadata: { name: "p", namespace: ns },
        spec: { containers: [container] },
      });
      const binding = { metadata: { name: "p", namespace: ns }, target: { kind: "Node", name: "n1" } };
      await client.createSubresource(pods, ns, "p", "binding", binding);
      await expect(client.createSubresource(pods, ns, "p", "binding", binding)).rejects.toMatchObject({
        kind: "Conflict",
      });
      const bound = await client.get(pods, ns, "p");
      expect(bound.spec.nodeName).toBe("n1");
      await client.delete(pods, ns, "p");
      const ending = await client.get(pods, ns, "p");
      expect(ending.metadata.deletionGracePeriodSeconds).toBe(30);
      await expect(
        client.delete(pods, ns, "p", { gracePeriodSeconds: 0, preconditions: { uid: "another" } }),
      ).rejects.toMatchObject({ kind: "Conflict" });
      await client.delete(pods, ns, "p", {
        gracePeriodSeconds: 0,
        preconditions: { uid: bound.metadata.uid },
      });
      await expect(client.get(pods, ns, "p")).rejects.toMatchObject({ kind: "NotFound" });
    });

    it("watches from a version on, in order, without a gap", async () => {
      const { metadata } = await client.list(services, { namespace: ns });
      const created = await client.create(services, {
        metadata: { name: "w", namespace: ns },
        spec: { ports: [{ port: 80 }] },
      });
      await client.update(services, { ...created, metadata: { ...created.metadata, labels: { a: "b" } } });
      await client.delete(services, ns, "w");
      const events = await take(
        client.watch(services, { namespace: ns, resourceVersion: metadata.resourceVersion }),
        3,
      );
      expect(told(events)).toEqual(["ADDED w", "MODIFIED w", "DELETED w"]);
      const versions = events.map((event) => Number(event.object.metadata.resourceVersion));
      expect(versions).toEqual([...versions].sort((a, b) => a - b));
      expect(Object.isFrozen(events[0]!.object)).toBe(true);
    });

    it("watches what begins and ceases to match a selector", async () => {
      const { metadata } = await client.list(configMaps, { namespace: ns });
      const start = { namespace: ns, resourceVersion: metadata.resourceVersion, labelSelector: "on=yes" };
      await client.create(configMaps, { metadata: { name: "sel", namespace: ns } });
      await client.patch(configMaps, ns, "sel", "merge", { metadata: { labels: { on: "yes" } } });
      await client.patch(configMaps, ns, "sel", "merge", { data: { x: "1" } });
      await client.patch(configMaps, ns, "sel", "merge", { metadata: { labels: { on: "no" } } });
      expect(told(await take(client.watch(configMaps, start), 3))).toEqual([
        "ADDED sel",
        "MODIFIED sel",
        "DELETED sel",
      ]);
    });

    it("begins a watch with the present state, and marks its end", async () => {
      await client.create(serviceAccounts, { metadata: { name: "here", namespace: ns } });
      const events = await take(
        client.watch(serviceAccounts, {
          namespace: ns,
          sendInitialEvents: true,
          resourceVersionMatch: "NotOlderThan",
          allowWatchBookmarks: true,
        }),
        3,
      );
      expect(told(events)).toEqual(["ADDED default", "ADDED here", "BOOKMARK"]);
      expect(events[2]!.object.metadata.annotations).toEqual({ "k8s.io/initial-events-end": "true" });
    });

    it("ends a watch when its time is over, and when its signal aborts", async () => {
      const stop = new AbortController();
      const { metadata } = await client.list(configMaps, {});
      const options = { resourceVersion: metadata.resourceVersion };
      expect(await take(client.watch(configMaps, { ...options, timeoutSeconds: 1 }), 1)).toEqual([]);
      const watching = take(client.watch(configMaps, { ...options, signal: stop.signal }), 1).catch(
        (error) => error.kind,
      );
      stop.abort();
      expect([[], "Canceled"]).toContainEqual(await watching);
    });

    it("says that a version is too old to watch from", async () => {
      await expect(take(client.watch(configMaps, { resourceVersion: "1" }), 1)).rejects.toMatchObject({
        kind: "Gone",
        status: { code: 410, reason: "Expired" },
      });
    });

    it("deletes a collection", async () => {
      await client.create(secrets, { metadata: { name: "many1", namespace: ns, labels: { many: "1" } } });
      await client.create(secrets, { metadata: { name: "many2", namespace: ns, labels: { many: "1" } } });
      await client.deleteCollection(secrets, { namespace: ns, labelSelector: "many=1" });
      expect((await client.list(secrets, { namespace: ns, labelSelector: "many=1" })).items).toEqual([]);
    });

    it("keeps an object until its last finalizer is gone", async () => {
      await client.create(configMaps, {
        metadata: { name: "held", namespace: ns, finalizers: ["example.com/hold"] },
      });
      await client.delete(configMaps, ns, "held");
      const held = await client.get(configMaps, ns, "held");
      expect(held.metadata.deletionTimestamp).toBeTruthy();
      await client.patch(configMaps, ns, "held", "merge", { metadata: { finalizers: null } });
      await expect(client.get(configMaps, ns, "held")).rejects.toMatchObject({ kind: "NotFound" });
    });
  });
}
