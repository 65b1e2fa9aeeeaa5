import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import {
  ApiException,
  AppsV1Api,
  Attach,
  AuthorizationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  Exec,
  KubeConfig,
  KubernetesObjectApi,
  Log,
  makeInformer,
  PatchStrategy,
  PortForward,
  setHeaderOptions,
  type V1ConfigMap,
  type V1Status,
  VersionApi,
  Watch,
} from "@kubernetes/client-node";
import { beforeAll, describe, expect, it } from "vitest";
import { ECHO, WIDGETS } from "../support/client-walk.ts";
import { eventually } from "../support/eventually.ts";
import { type Json, shellPod, useKube } from "../support/kube.ts";

// The JavaScript client library of the Kubernetes project, as its users call it.

const kube = useKube();
const namespace = "client-node";
const config = new KubeConfig();
const as = (strategy: PatchStrategy) => setHeaderOptions("Content-Type", strategy);
let core: CoreV1Api;
let objects: KubernetesObjectApi;

beforeAll(async () => {
  config.loadFromFile(`${kube.platform.home}/kubeconfig`);
  core = config.makeApiClient(CoreV1Api);
  objects = KubernetesObjectApi.makeApiClient(config);
  await core.createNamespace({ body: { metadata: { name: namespace } } });
});

const configMap = (
  name: string,
  data: Record<string, string>,
  labels?: Record<string, string>,
): V1ConfigMap => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace, ...(labels ? { labels } : {}) },
  data,
});

const create = (name: string, data = {}, labels?: Record<string, string>) =>
  core.createNamespacedConfigMap({ namespace, body: configMap(name, data, labels) });

describe("objects", () => {
  it("creates, reads, replaces, deletes", async () => {
    const made = await create("plain", { a: "1" });
    expect(made.metadata!.creationTimestamp).toBeInstanceOf(Date);
    const read = await core.readNamespacedConfigMap({ namespace, name: "plain" });
    expect(read.data).toEqual({ a: "1" });
    const body = { ...read, data: { b: "2" } };
    expect((await core.replaceNamespacedConfigMap({ namespace, name: "plain", body })).data).toEqual({
      b: "2",
    });
    await expect(core.replaceNamespacedConfigMap({ namespace, name: "plain", body })).rejects.toMatchObject({
      code: 409,
    });
    const status = await core.deleteNamespacedConfigMap({ namespace, name: "plain" });
    expect([status.status, status.details?.name]).toEqual(["Success", "plain"]);
    const gone: ApiException<string> = await core.readNamespacedConfigMap({ namespace, name: "plain" }).then(
      () => expect.unreachable(),
      (error) => error,
    );
    expect(gone).toBeInstanceOf(ApiException);
    expect(gone.code).toBe(404);
    expect(JSON.parse(gone.body)).toMatchObject({
      reason: "NotFound",
      message: 'configmaps "plain" not found',
    });
  });

  it("patches: JSON, merge, strategic merge", async () => {
    await create("patched", { a: "1", b: "2" });
    const patch = async (body: object, strategy: PatchStrategy) =>
      (await core.patchNamespacedConfigMap({ namespace, name: "patched", body }, as(strategy))).data;
    expect(await patch([{ op: "replace", path: "/data/a", value: "x" }], PatchStrategy.JsonPatch)).toEqual({
      a: "x",
      b: "2",
    });
    expect(await patch({ data: { b: null, c: "3" } }, PatchStrategy.MergePatch)).toEqual({ a: "x", c: "3" });
    expect(await patch({ data: { $patch: "replace", d: "4" } }, PatchStrategy.StrategicMergePatch)).toEqual({
      d: "4",
    });
    await expect(
      patch([{ op: "test", path: "/data/d", value: "5" }], PatchStrategy.JsonPatch),
    ).rejects.toMatchObject({ code: 422 });
  });

  it("applies on the server, and is told of conflicts", async () => {
    const apply = (data: Record<string, string>, manager: string, force?: boolean) =>
      objects.patch(
        configMap("applied", data),
        undefined,
        undefined,
        manager,
        force,
        PatchStrategy.ServerSideApply,
      );
    await apply({ a: "1", b: "1" }, "first");
    await expect(apply({ a: "2" }, "second")).rejects.toMatchObject({
      code: 409,
      body: expect.stringContaining('conflict with \\"first\\": .data.a'),
    });
    const forced = (await apply({ a: "2" }, "second", true)) as V1ConfigMap;
    expect(forced.data).toEqual({ a: "2", b: "1" });
    expect(((await apply({}, "first")) as V1ConfigMap).data).toEqual({ a: "2" });
    expect(forced.metadata!.managedFields!.map(({ manager }) => manager).sort()).toEqual(["first", "second"]);
  });

  it("pages through lists, and selects", async () => {
    for (let index = 0; index < 7; index++) await create(`page-${index}`, {}, { page: "yes" });
    const names: string[] = [];
    const left: (number | undefined)[] = [];
    let _continue: string | undefined;
    do {
      const page = await core.listNamespacedConfigMap({
        namespace,
        labelSelector: "page",
        limit: 3,
        _continue,
      });
      names.push(...page.items.map(({ metadata }) => metadata!.name!));
      left.push(page.metadata!.remainingItemCount);
      _continue = page.metadata!._continue;
    } while (_continue);
    expect(names).toEqual(Array.from({ length: 7 }, (_, index) => `page-${index}`));
    // With a selector the server does not count what is left.
    expect(left).toEqual([undefined, undefined, undefined]);
    const fieldSelector = "metadata.name=page-3";
    expect((await core.listNamespacedConfigMap({ namespace, fieldSelector })).items).toHaveLength(1);
    await core.deleteCollectionNamespacedConfigMap({ namespace, labelSelector: "page" });
    expect((await core.listNamespacedConfigMap({ namespace, labelSelector: "page" })).items).toEqual([]);
  });

  it("watches, by the library's informers too", async () => {
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    const seen: string[] = [];
    const list = await core.listNamespacedConfigMap({ namespace });
    const query = { resourceVersion: list.metadata!.resourceVersion, allowWatchBookmarks: true };
    const watch = await new Watch(config).watch(
      path,
      query,
      (type, object) => seen.push(`${type} ${object.metadata.name}`),
      () => {},
    );
    const informer = makeInformer<V1ConfigMap>(config, path, () =>
      core.listNamespacedConfigMap({ namespace }),
    );
    const informed: string[] = [];
    for (const verb of ["add", "update", "delete"])
      informer.on(verb, ({ metadata }) => metadata!.name === "watched" && informed.push(verb));
    await informer.start();
    await create("watched");
    await core.patchNamespacedConfigMap(
      { namespace, name: "watched", body: { data: { a: "1" } } },
      as(PatchStrategy.MergePatch),
    );
    await core.deleteNamespacedConfigMap({ namespace, name: "watched" });
    await eventually("the end is seen", () => seen.length === 3 && informed.length === 3);
    expect(seen).toEqual(["ADDED watched", "MODIFIED watched", "DELETED watched"]);
    expect(informed).toEqual(["add", "update", "delete"]);
    watch.abort();
    await informer.stop();
  });

  it("asks for its rights and the version", async () => {
    const spec = { resourceAttributes: { verb: "delete", resource: "nodes" } };
    const review = await config
      .makeApiClient(AuthorizationV1Api)
      .createSelfSubjectAccessReview({ body: { spec } });
    expect(review.status!.allowed).toBe(true);
    expect((await config.makeApiClient(VersionApi).getCode()).gitVersion).toMatch(/^v1\.33\./);
  });

  it("rolls a deployment out by its scale", async () => {
    const apps = config.makeApiClient(AppsV1Api);
    const { spec: podSpec } = shellPod("scaled", "sleep 1000");
    const template = { metadata: { labels: { app: "scaled" } }, spec: podSpec };
    const spec = { replicas: 1, selector: { matchLabels: { app: "scaled" } }, template };
    await apps.createNamespacedDeployment({ namespace, body: { metadata: { name: "scaled" }, spec } });
    const scaled = { namespace, name: "scaled" };
    const scale = await apps.patchNamespacedDeploymentScale(
      { ...scaled, body: { spec: { replicas: 2 } } },
      as(PatchStrategy.MergePatch),
    );
    expect(scale.status!.selector).toBe("app=scaled");
    await eventually("two are ready", async () => {
      const { status } = await apps.readNamespacedDeployment(scaled);
      return status!.readyReplicas === 2;
    });
    await apps.deleteNamespacedDeployment({ ...scaled, propagationPolicy: "Foreground" });
  });
});

describe("custom objects", () => {
  const where = { group: "shop.example.com", version: "v1", namespace, plural: "widgets" };

  it("defines a kind and works with its objects", async () => {
    // The library would drop a schema's `default`: its class calls that `_default`.
    await kube.apply(WIDGETS);
    const custom = config.makeApiClient(CustomObjectsApi);
    const body = {
      apiVersion: "shop.example.com/v1",
      kind: "Widget",
      metadata: { name: "w" },
      spec: { size: 3 },
    };
    const made: Json = await eventually("the kind is served", () =>
      custom.createNamespacedCustomObject({ ...where, body }).catch(() => undefined),
    );
    expect(made.spec).toEqual({ size: 3, colour: "red" });
    const patch = [{ op: "replace", path: "/spec/size", value: 4 }];
    const named = { ...where, name: "w" };
    const patched: Json = await custom.patchNamespacedCustomObject(
      { ...named, body: patch },
      as(PatchStrategy.JsonPatch),
    );
    expect([patched.spec.size, patched.metadata.generation]).toEqual([4, 2]);
    const status = { status: { phase: "Made" } };
    await custom.patchNamespacedCustomObjectStatus({ ...named, body: status }, as(PatchStrategy.MergePatch));
    const scale: Json = await custom.getNamespacedCustomObjectScale(named);
    expect(scale.spec.replicas).toBe(4);
    const list: Json = await custom.listNamespacedCustomObject(where);
    expect(list.items.map((item: Json) => item.status)).toEqual([{ phase: "Made" }]);
    await expect(
      custom.patchNamespacedCustomObject(
        { ...named, body: { spec: { size: -1 } } },
        as(PatchStrategy.MergePatch),
      ),
    ).rejects.toMatchObject({ code: 422 });
    await custom.deleteNamespacedCustomObject(named);
    await expect(custom.getNamespacedCustomObject(named)).rejects.toMatchObject({ code: 404 });
  });
});

describe("pods", () => {
  beforeAll(async () => {
    const pod = shellPod("walker", ECHO);
    await core.createNamespacedPod({ namespace, body: pod });
    await eventually("the pod is ready", async () => {
      const { status } = await core.readNamespacedPod({ namespace, name: "walker" });
      return status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True");
    });
  });

  it("reads logs, at once and as they come", async () => {
    expect(await core.readNamespacedPodLog({ namespace, name: "walker", tailLines: 1 })).toBe("started\n");
    const lines = new PassThrough();
    const following = await new Log(config).log(namespace, "walker", "main", lines, { follow: true });
    let seen = "";
    lines.setEncoding("utf8").on("data", (part) => (seen += part));
    await eventually("the line comes", () => seen === "started\n");
    following.abort();
  });

  it("runs commands over WebSocket: output, input, exit code", async () => {
    const run = async (command: string[], input?: string) => {
      const [stdout, stderr] = [new PassThrough(), new PassThrough()];
      const stdin = input === undefined ? null : PassThrough.from([input]);
      const ended = Promise.withResolvers<V1Status>();
      const exec = new Exec(config);
      await exec.exec(
        namespace,
        "walker",
        "main",
        command,
        stdout,
        stderr,
        stdin as PassThrough,
        false,
        ended.resolve,
      );
      const status = await ended.promise;
      for (const stream of [stdout, stderr]) stream.end();
      return { status, stdout: await text(stdout), stderr: await text(stderr) };
    };
    const good = await run(["sh", "-c", "echo out; echo err >&2"]);
    expect(good).toMatchObject({ status: { status: "Success" }, stdout: "out\n", stderr: "err\n" });
    const bad = await run(["sh", "-c", "exit 7"]);
    expect(bad.status).toMatchObject({
      status: "Failure",
      reason: "NonZeroExitCode",
      message: "command terminated with non-zero exit code: exit status 7",
      details: { causes: [{ reason: "ExitCode", message: "7" }] },
    });
    expect((await run(["head", "-n", "1"], "typed\nmore\n")).stdout).toBe("typed\n");
  });

  it("attaches and forwards a port", async () => {
    const output = new PassThrough();
    let seen = "";
    output.setEncoding("utf8").on("data", (part) => (seen += part));
    const attached = await new Attach(config).attach(namespace, "walker", "main", output, null, null, false);
    const ping = async (timeoutMs?: number): Promise<void> => {
      const [input, answer] = [new PassThrough(), new PassThrough()];
      const forwarder = new PortForward(config);
      const forwarded = await forwarder.portForward(namespace, "walker", [8080], answer, null, input);
      let said = "";
      answer.setEncoding("utf8").on("data", (part) => (said += part));
      input.write("ping\n");
      await eventually("what was sent comes back", () => said === "ping\n", timeoutMs);
      (forwarded as Json).close();
    };
    await ping();
    // Attaching begins when it is answered: what the container says in that moment goes by unseen.
    await eventually("the container tells of a connection", async () => {
      if (!seen.includes("connected")) await ping(1_000);
      return seen.includes("connected");
    });
    (attached as Json).close();
  });

  it("evicts, and deletes with a grace period", async () => {
    const body = { metadata: { name: "walker", namespace }, deleteOptions: { gracePeriodSeconds: 0 } };
    await core.createNamespacedPodEviction({ namespace, name: "walker", body });
    await eventually("it is gone", async () => {
      const found = await core.readNamespacedPod({ namespace, name: "walker" }).catch((error) => error.code);
      return found === 404;
    });
  });
});
