import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type Json, shell, useKube } from "../support/kube.ts";
import { repository } from "../support/platform.ts";

const kube = useKube(["busybox", "node"]);

const examples = join(repository, "examples");

async function podsOf(app: string, on = kube): Promise<Json[]> {
  return (await on.get(`pods?labelSelector=app%3D${app}`)).items;
}

/** A set of pods that write their host names and stay. */
function setOf(kind: string, name: string, version: string, spec: Json = {}): Json {
  const script = `echo "${version} $(hostname -f)"; trap 'exit 0' TERM; while true; do sleep 0.1; done`;
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { terminationGracePeriodSeconds: 2, containers: [{ name: "main", ...shell(script) }] },
      },
      ...spec,
    },
  };
}

describe("the example of a StatefulSet", () => {
  const program = (text: string) => ["node", "-e", text];
  const asks = async (pod: string, path: string, options = "") => {
    const text = `fetch("http://${path}"${options}).then(async (r) => console.log(r.status, await r.text()))`;
    const { stdout, stderr } = await kube.exec(pod, ...program(text));
    return stdout.trim() || stderr;
  };

  it("keeps its notes, whichever of its pods is lost", async () => {
    await kube.must("apply", "-k", join(examples, "notes"));
    const told = await kube.must("rollout", "status", "statefulset/notes", "--timeout=90s");
    expect(told).toMatch(/partitioned roll out complete: 3 new pods have been updated/);
    expect((await podsOf("notes")).map(({ metadata }) => metadata.name)).toEqual([
      "notes-0",
      "notes-1",
      "notes-2",
    ]);
    expect(await asks("notes-1", "notes-1.notes:7000/a", ', { method: "PUT", body: "one" }')).toBe("200");
    await eventually(
      "the copy has it",
      async () => (await asks("notes-1", "notes-2.notes:7000/a")) === "200 one",
    );
    const { spec } = await kube.get("persistentvolumeclaims/data-notes-0");
    await kube.must("delete", "pod", "notes-0", "--wait=true");
    await kube.must("rollout", "status", "statefulset/notes", "--timeout=60s");
    await kube.untilReady("notes-0");
    await eventually("the first pod has it again", async () => {
      return (await asks("notes-2", "notes-0.notes.default.svc:7000/a")) === "200 one";
    });
    expect((await kube.get("persistentvolumeclaims/data-notes-0")).spec.volumeName).toBe(spec.volumeName);
    expect(await kube.must("get", "statefulset", "notes", "--no-headers")).toMatch(/^notes +3\/3 +\S+\n$/);
  });

  it("is scaled from its last pod, whose claim goes along", async () => {
    await kube.must("scale", "statefulset/notes", "--replicas=2");
    await kube.untilGone("pods/notes-2");
    expect((await podsOf("notes")).map(({ metadata }) => metadata.name)).toEqual(["notes-0", "notes-1"]);
    await kube.untilGone("persistentvolumeclaims/data-notes-2");
    expect(await kube.has("persistentvolumeclaims/data-notes-1")).toBe(true);
    const described = await kube.must("describe", "statefulset", "notes");
    expect(described).toMatch(/^Replicas: +2 desired \| 2 total$/m);
    expect(described).toMatch(/^Pods Status: +2 Running \/ 0 Waiting \/ 0 Succeeded \/ 0 Failed$/m);
    expect(described).toMatch(
      /SuccessfulCreate .* statefulset-controller +create Pod notes-0 in StatefulSet notes successful/,
    );
    expect(described).toMatch(
      /SuccessfulCreate .* statefulset-controller +create Claim data-notes-0 Pod notes-0 in StatefulSet notes success/,
    );
    expect(described).toMatch(
      /SuccessfulDelete .* statefulset-controller +delete Pod notes-2 in StatefulSet notes successful/,
    );
    await kube.must("delete", "statefulset", "notes");
    await kube.untilGone("pods/notes-0");
    expect(await kube.has("persistentvolumeclaims/data-notes-0")).toBe(true);
  });
});

describe("the example of a DaemonSet", () => {
  it("prints what the pods of the node write", async () => {
    await kube.apply({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "speaker" },
      spec: { restartPolicy: "Never", containers: [{ name: "main", ...shell("echo spoken; echo twice") }] },
    });
    const objects = loadAll(readFileSync(join(examples, "log-collector", "k8s.yaml"), "utf8")) as Json[];
    const { volumes } = objects.find(({ kind }) => kind === "DaemonSet").spec.template.spec;
    const { hostPath } = volumes.find(({ name }: Json) => name === "logs");
    hostPath.path = hostPath.path.replace("/var/lib/gantry", kube.platform.home);
    await kube.apply(objects);
    const told = await kube.must("rollout", "status", "daemonset/log-collector", "--timeout=60s");
    expect(told).toMatch(/daemon set "log-collector" successfully rolled out/);
    await eventually("the lines are there", async () => {
      const text = await kube.must("logs", "daemonset/log-collector");
      return /^default_speaker .* stdout F spoken\ndefault_speaker .* stdout F twice$/m.test(text);
    });
    const row = (await kube.must("get", "daemonset", "log-collector", "--no-headers")).split(/ +/);
    expect(row.slice(0, 7)).toEqual(["log-collector", "1", "1", "1", "1", "1", "<none>"]);
  });
});

describe("a pod of a set that the node refuses", () => {
  it("is made anew until its port is free, and not without a pause", async () => {
    const { name: nodeName } = (await kube.api("/api/v1/nodes")).json.items[0].metadata;
    const ports = [{ containerPort: 21017, hostPort: 21017 }];
    const holder = { nodeName, containers: [{ name: "main", ...shell("sleep 1000"), ports }] };
    await kube.apply({ apiVersion: "v1", kind: "Pod", metadata: { name: "holder" }, spec: holder });
    await kube.untilPhase("holder", "Running");
    const set = setOf("StatefulSet", "refused", "v1");
    Object.assign(set.spec.template.spec, { nodeName });
    set.spec.template.spec.containers[0].ports = ports;
    await kube.apply(set);
    const deletions = async () =>
      (await kube.events("refused")).filter((text) => text.startsWith("SuccessfulDelete:")).length;
    await eventually("deleted", async () => (await deletions()) > 0);
    const refused = (await kube.has("pods/refused-0")) ? (await kube.pod("refused-0")).metadata.uid : "";
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const { items } = await kube.get("events?fieldSelector=involvedObject.name=refused");
    const made = items.filter(({ reason }: Json) => reason === "SuccessfulCreate");
    expect(made[0].count).toBeLessThan(12);
    await kube.must("delete", "pod", "holder", "--force", "--grace-period=0");
    const pod = await kube.untilPod("refused-0", "runs", ({ status }) => status.phase === "Running");
    expect(pod.metadata.uid).not.toBe(refused);
    await kube.must("delete", "statefulset", "refused");
  });
});

describe("kubectl rollout of sets", () => {
  it.each([
    ["StatefulSet", "sts", { replicas: 2, serviceName: "sts" }],
    ["DaemonSet", "ds", {}],
  ])("shows and undoes revisions of a %s", async (kind, name, spec) => {
    const resource = `${kind.toLowerCase()}/${name}`;
    const rolledOut = () => kube.must("rollout", "status", resource, "--timeout=60s");
    const versions = async () => {
      const pods = await podsOf(name);
      const texts = await Promise.all(pods.map(({ metadata }) => kube.logs(metadata.name)));
      return texts.map((text) => text.split(" ")[0]);
    };
    await kube.apply(setOf(kind, name, "v1", spec));
    await rolledOut();
    await kube.apply(setOf(kind, name, "v2", spec));
    await rolledOut();
    await eventually("version 2", async () => (await versions()).every((one) => one === "v2"));
    const listed = await kube.must("rollout", "history", resource);
    expect(listed).toMatch(/REVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>\n/);
    expect(await kube.must("rollout", "history", resource, "--revision=1")).toContain('echo "v1 ');
    expect(await kube.must("rollout", "undo", resource)).toBe(
      `${kind.toLowerCase()}.apps/${name} rolled back\n`,
    );
    await rolledOut();
    await eventually("version 1", async () => (await versions()).every((one) => one === "v1"));
    expect(await kube.must("rollout", "history", resource)).toMatch(/\n2 +<none>\n3 +<none>\n/);
    const again = await kube.must("rollout", "undo", resource, "--to-revision=3");
    expect(again).toContain("skipped rollback (current template already matches revision 3)");
    await kube.must("rollout", "restart", resource);
    await rolledOut();
    expect((await kube.get(`apps/v1 controllerrevisions?labelSelector=app%3D${name}`)).items).toHaveLength(3);
  });

  it("gives pods of a StatefulSet their host names", async () => {
    const pod = (await podsOf("sts"))[1]!;
    expect(pod.metadata.name).toBe("sts-1");
    await eventually("its name", async () =>
      (await kube.logs("sts-1")).includes("v1 sts-1.sts.default.svc.cluster.local"),
    );
  });
});
