import { spawn } from "node:child_process";
import { request } from "node:https";
import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { configMap, type Json, shellPod, useKube } from "../support/kube.ts";
import { kubectlBinary } from "../support/platform.ts";
import { type RunResult, run } from "../support/run.ts";

const kube = useKube();

const withInput = (input: string, ...args: string[]): Promise<RunResult> =>
  run(kubectlBinary(), args, { env: kube.platform.env, input });

const deployment = (name: string, replicas = 2): Json => {
  const { spec } = shellPod(name, "sleep 1000");
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec },
    },
  };
};

const names = async (path: string): Promise<string[]> =>
  (await kube.get(path)).items.map((item: Json) => item.metadata.name);

describe("watching and waiting", () => {
  it("shows each change to kubectl get -w, and ends with the client", async () => {
    const child = spawn(
      kubectlBinary(),
      ["get", "configmaps", "-w", "--output-watch-events", "-l", "watched=yes", "--no-headers"],
      { env: kube.platform.env },
    );
    let seen = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (seen += text));
    const labelled = (data: Record<string, string>): Json => ({
      ...configMap("seen", data),
      metadata: { name: "seen", labels: { watched: "yes" } },
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    await kube.apply([labelled({}), configMap("unseen", {})]);
    await kube.apply(labelled({ a: "1" }));
    await kube.must("label", "configmap", "unseen", "watched=yes");
    await kube.must("delete", "configmap", "seen");
    await eventually("all events", () => seen.split("\n").length > 4 || undefined, 10_000);
    child.kill();
    expect(
      seen
        .trim()
        .split("\n")
        .map((line) => line.split(/ +/).slice(0, 3)),
    ).toEqual([
      ["ADDED", "seen", "0"],
      ["MODIFIED", "seen", "1"],
      ["ADDED", "unseen", "0"],
      ["DELETED", "seen", "1"],
    ]);
  });

  it("waits for conditions, fields and deletion", async () => {
    await kube.apply(shellPod("waited", "sleep 1000"));
    expect(await kube.must("wait", "--for=condition=Ready", "pod/waited", "--timeout=30s")).toBe(
      "pod/waited condition met\n",
    );
    expect(
      await kube.must("wait", "--for=jsonpath={.status.phase}=Running", "pod/waited", "--timeout=5s"),
    ).toBe("pod/waited condition met\n");
    const late = await kube.kubectl("wait", "--for=condition=Odd", "pod/waited", "--timeout=1s");
    expect([late.code, late.stderr]).toEqual([
      1,
      "error: timed out waiting for the condition on pods/waited\n",
    ]);
    const gone = kube.must("wait", "--for=delete", "pod/waited", "--timeout=30s");
    await kube.must("delete", "pod", "waited");
    expect(await gone).toBe("pod/waited condition met\n");
    expect(await kube.must("events", "--for", "pod/waited")).toMatch(/Started container main/);
  });

  it("serves 200 watchers of one resource each event, once and in order", async () => {
    const seen = await manyWatchers(200, async () => {
      for (let n = 0; n < 10; n++) {
        await kube.api(kube.path("configmaps"), { method: "POST", body: configMap(`many-${n}`, {}) });
        await kube.api(kube.path(`configmaps/many-${n}`), { method: "DELETE" });
      }
    });
    const expected = Array.from({ length: 10 }, (_, n) => [`ADDED many-${n}`, `DELETED many-${n}`]).flat();
    for (const events of seen) expect(events).toEqual(expected);
  });
});

/** What each of so many watches of configMaps named `many-…` is told while `act` runs. */
async function manyWatchers(count: number, act: () => Promise<void>): Promise<string[][]> {
  const version = (await kube.get("configmaps")).metadata.resourceVersion;
  const { server, ca, cert, key } = kube.access;
  const seen: string[][] = [];
  const requests = await Promise.all(
    Array.from({ length: count }, async () => {
      const events: string[] = [];
      seen.push(events);
      const req = request(`${server}${kube.path("configmaps")}?watch=1&resourceVersion=${version}`, {
        ca,
        cert,
        key,
        agent: false,
      });
      req.on("error", () => {});
      await new Promise<void>((resolve) => {
        req.on("response", (res) => {
          let rest = "";
          res.on("error", () => {});
          res.setEncoding("utf8").on("data", (text: string) => {
            const lines = (rest + text).split("\n");
            rest = lines.pop()!;
            for (const line of lines) {
              const { type, object } = JSON.parse(line);
              events.push(`${type} ${object.metadata.name}`);
            }
          });
          resolve();
        });
        req.end();
      });
      return req;
    }),
  );
  await act();
  await eventually("all events", () => seen.every((events) => events.length >= 20), 15_000);
  for (const req of requests) req.destroy();
  return seen;
}

describe("writing", () => {
  it("refuses what is older than what is there", async () => {
    await kube.apply(configMap("versions", { a: "1" }));
    const old = await kube.get("configmaps/versions");
    await kube.apply(configMap("versions", { a: "2" }));
    const replaced = await withInput(JSON.stringify({ ...old, data: { a: "3" } }), "replace", "-f", "-");
    expect([replaced.code, replaced.stderr]).toEqual([
      1,
      'Error from server (Conflict): error when replacing "STDIN": Operation cannot be fulfilled on configmaps "versions": the object has been modified; please apply your changes to the latest version and try again\n',
    ]);
    const uid = { ...old, metadata: { ...old.metadata, resourceVersion: "", uid: "other" } };
    expect(
      (await kube.api(kube.path("configmaps/versions"), { method: "PUT", body: uid })).json.message,
    ).toMatch(/Precondition failed: UID in precondition: other, UID in object meta:/);
  });

  it("keeps objects until their finalizers are done", async () => {
    await kube.apply({
      ...configMap("held", {}),
      metadata: { name: "held", finalizers: ["example.com/hold"] },
    });
    await kube.must("delete", "configmap", "held", "--wait=false");
    const held = await kube.get("configmaps/held");
    expect(held.metadata).toMatchObject({
      deletionTimestamp: expect.any(String),
      finalizers: ["example.com/hold"],
    });
    const added = await kube.kubectl(
      "patch",
      "configmap",
      "held",
      "--type=json",
      "-p",
      '[{"op":"add","path":"/metadata/finalizers/-","value":"example.com/more"}]',
    );
    expect(added.stderr).toMatch(/no new finalizers can be added if the object is being deleted/);
    await kube.must("patch", "configmap", "held", "--type=merge", "-p", '{"metadata":{"finalizers":null}}');
    expect(await kube.has("configmaps/held")).toBe(false);
  });

  it("deletes dependents in the background, before their owner, or not at all", async () => {
    await kube.apply([deployment("back"), deployment("fore"), deployment("orphans")]);
    for (const name of ["back", "fore", "orphans"])
      await kube.must("rollout", "status", `deployment/${name}`, "--timeout=60s");
    await kube.must("delete", "deployment", "back");
    await kube.must("delete", "deployment", "fore", "--cascade=foreground");
    // With foreground, kubectl waits until the pods are gone, too.
    expect(await names("pods?labelSelector=app%3Dfore")).toEqual([]);
    await eventually("no pods", async () => (await names("pods?labelSelector=app%3Dback")).length === 0);
    await kube.must("delete", "deployment", "orphans", "--cascade=orphan");
    const [replicaSet] = (await kube.get("apps/v1 replicasets?labelSelector=app%3Dorphans")).items;
    expect(replicaSet.metadata.ownerReferences).toBeUndefined();
    expect(await names("pods?labelSelector=app%3Dorphans")).toHaveLength(2);
    // A new deployment of the same kind takes them over.
    await kube.apply(deployment("orphans"));
    await kube.must("rollout", "status", "deployment/orphans", "--timeout=60s");
    const again = (await kube.get("apps/v1 replicasets?labelSelector=app%3Dorphans")).items;
    expect(again.map((one: Json) => one.metadata.uid)).toEqual([replicaSet.metadata.uid]);
    await kube.must("delete", "deployment", "orphans");
  });

  it("dry-runs on the server, shows differences, and applies on the server with owners of fields", async () => {
    const dry = await kube.tryApply(configMap("dry", { a: "1" }), "--dry-run=server");
    expect(dry.stdout).toBe("configmap/dry created (server dry run)\n");
    expect(await kube.has("configmaps/dry")).toBe(false);
    const created = await kube.tryApply(shellPod("dry", "true"), "--dry-run=server", "-o", "yaml");
    expect(created.stdout).toMatch(/serviceAccountName: default/);
    expect(await kube.has("pods/dry")).toBe(false);
    await kube.apply(configMap("differs", { a: "1" }));
    const diff = await withInput(JSON.stringify(configMap("differs", { a: "2" })), "diff", "-f", "-");
    expect(diff.code).toBe(1);
    expect(diff.stdout).toMatch(/^- {2}a: "1"\n\+ {2}a: "2"$/m);
    const applied = await kube.tryApply(configMap("sided", { a: "1" }), "--server-side");
    expect(applied).toMatchObject({ code: 0, stdout: "configmap/sided serverside-applied\n" });
    const other = await kube.tryApply(
      configMap("sided", { a: "2" }),
      "--server-side",
      "--field-manager=other",
    );
    expect(other.code).toBe(1);
    expect(other.stderr).toContain('Apply failed with 1 conflict: conflict with "kubectl": .data.a');
    expect((await kube.get("configmaps/sided")).data).toEqual({ a: "1" });
  });

  it("empties a namespace, takes nothing new into it, and says what holds it up", async () => {
    const doomed = await kube.in("doomed");
    await doomed.apply([
      configMap("plain", {}),
      { ...configMap("holds", {}), metadata: { name: "holds", finalizers: ["example.com/hold"] } },
      shellPod("sleeps", "sleep 1000"),
    ]);
    await doomed.untilReady("sleeps");
    await kube.must("delete", "namespace", "doomed", "--wait=false");
    expect(await kube.must("get", "namespace", "doomed", "--no-headers")).toMatch(/^doomed +Terminating/);
    const late = await doomed.tryApply(configMap("late", {}));
    expect(late.stderr).toContain(
      'configmaps "late" is forbidden: unable to create new content in namespace doomed because it is being terminated',
    );
    await doomed.untilGone("pods/sleeps");
    await eventually("the reason", async () => {
      const { conditions = [] } = (await kube.api("/api/v1/namespaces/doomed")).json.status;
      return conditions.some(
        (one: Json) =>
          one.type === "NamespaceFinalizersRemaining" && /example\.com\/hold in 1 resource/.test(one.message),
      );
    });
    await doomed.must(
      "patch",
      "configmap",
      "holds",
      "--type=merge",
      "-p",
      '{"metadata":{"finalizers":null}}',
    );
    await kube.must("wait", "--for=delete", "namespace/doomed", "--timeout=30s");
    expect((await kube.kubectl("delete", "namespace", "kube-system")).stderr).toContain(
      'namespaces "kube-system" is forbidden: this namespace may not be deleted',
    );
    const missing = await kube.kubectl("-n", "nowhere", "create", "configmap", "x");
    expect(missing.stderr).toContain('namespaces "nowhere" not found');
  });
});

describe("many objects", () => {
  it("lists 2,000 in pages that fit together, whatever is written meanwhile", async () => {
    const crowd = await kube.in("crowd");
    const name = (n: number) => `c-${String(n).padStart(4, "0")}`;
    const add = (n: number) =>
      crowd.api(crowd.path("configmaps"), { method: "POST", body: configMap(name(n), { n: String(n) }) });
    for (let from = 0; from < 2_000; from += 50)
      await Promise.all(Array.from({ length: 50 }, (_, index) => add(from + index)));
    const first = await crowd.get("configmaps?limit=300");
    expect(first.items).toHaveLength(300);
    const { continue: token, remainingItemCount, resourceVersion } = first.metadata;
    // The root certificate's map is one more.
    expect(remainingItemCount).toBe(1_701);
    await crowd.must("delete", "configmap", name(1_999));
    await add(5_000);
    const seen = first.items.map((item: Json) => item.metadata.name);
    for (let next = token; next; ) {
      const page = await crowd.get(`configmaps?limit=300&continue=${encodeURIComponent(next)}`);
      expect(page.metadata.resourceVersion).toBe(resourceVersion);
      seen.push(...page.items.map((item: Json) => item.metadata.name));
      next = page.metadata.continue;
    }
    expect(seen).toEqual([...Array.from({ length: 2_000 }, (_, n) => name(n)), "kube-root-ca.crt"]);
    const listed = await crowd.must("get", "configmaps", "--chunk-size=500", "--no-headers");
    expect(listed.trim().split("\n")).toHaveLength(2_001);
    await kube.must("delete", "namespace", "crowd");
  });
});

describe("much in one request", () => {
  const keys = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`key-${n}`, ""]));

  it("is taken and given as a little is", async () => {
    const big = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "many-keys" }, data: keys(40_000) };
    const created = await withInput(JSON.stringify(big), "create", "-f", "-");
    expect(created).toMatchObject({ code: 0, stdout: "configmap/many-keys created\n" });
    await kube.must("label", "configmap", "many-keys", "seen=yes");
    expect(Object.keys((await kube.get("configmaps/many-keys")).data)).toHaveLength(40_000);
    expect(await kube.must("get", "configmaps", "-l", "seen=yes", "--no-headers")).toMatch(
      /^many-keys +40000 /,
    );
    await kube.must("delete", "configmap", "many-keys");
  });

  it("keeps neither docker nor another's requests waiting", async () => {
    const body = { metadata: { name: "hostile" }, data: keys(200_000) };
    let answered = 0;
    const hostile = Array.from({ length: 8 }, async () => {
      const { status } = await kube.api(`${kube.path("configmaps")}?dryRun=All`, { method: "POST", body });
      answered++;
      return status;
    });
    expect((await kube.platform.docker("version")).code).toBe(0);
    await kube.must("get", "namespaces");
    expect(answered).toBeLessThan(8);
    expect(new Set(await Promise.all(hostile))).toEqual(new Set([201]));
  });
});
