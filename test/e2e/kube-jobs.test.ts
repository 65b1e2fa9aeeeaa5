import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { conditionOf, type Json, shell, useKube } from "../support/kube.ts";

const kube = useKube();

const job = (name: string, script: string, spec: Json = {}): Json => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name },
  spec: {
    ...spec,
    template: {
      spec: {
        terminationGracePeriodSeconds: 1,
        restartPolicy: "Never",
        containers: [{ name: "main", ...shell(script) }],
      },
    },
  },
});

const getJob = (name: string): Promise<Json> => kube.get(`batch/v1 jobs/${name}`);

async function podsOf(name: string): Promise<Json[]> {
  return (await kube.get(`pods?labelSelector=job-name%3D${name}`)).items;
}

const until = (name: string, what: string, isSo: (job: Json) => unknown) =>
  eventually(`job ${name} ${what}`, async () => {
    const found = await getJob(name);
    return isSo(found) ? found : undefined;
  });

describe("kubectl create job", () => {
  it("runs a command to its end, which kubectl waits for and describes", async () => {
    await kube.must("create", "job", "hello", "--image=busybox", "--", "echo", "hello");
    const waited = await kube.must("wait", "--for=condition=complete", "job/hello", "--timeout=30s");
    expect(waited).toBe("job.batch/hello condition met\n");
    expect(await kube.must("logs", "job/hello")).toBe("hello\n");
    const [pod] = await podsOf("hello");
    expect(pod.metadata.finalizers).toBeUndefined();
    const described = await kube.must("describe", "job", "hello");
    expect(described).toMatch(/^Completions: +1$/m);
    expect(described).toMatch(/^Pods Statuses: +0 Active \(0 Ready\) \/ 1 Succeeded \/ 0 Failed$/m);
    expect(described).toMatch(
      new RegExp(`SuccessfulCreate .* job-controller +Created pod: ${pod.metadata.name}`),
    );
    expect(described).toMatch(/Completed .* job-controller +Job completed/);
    const [, status, completions] = (await kube.must("get", "job", "hello", "--no-headers")).split(/ +/);
    expect([status, completions]).toEqual(["Complete", "1/1"]);
  });

  it("deletes the pods along with it", async () => {
    await kube.apply(job("long", "sleep 1000"));
    await until("long", "runs", ({ status }) => status.ready === 1);
    await kube.must("delete", "job", "long");
    await eventually("no pods", async () => (await podsOf("long")).length === 0);
  });
});

describe("jobs", () => {
  it("give each index its number and a host name", async () => {
    const script = 'echo "$JOB_COMPLETION_INDEX $(hostname)"';
    await kube.apply(job("indexed", script, { completionMode: "Indexed", completions: 3, parallelism: 3 }));
    await kube.must("wait", "--for=condition=complete", "job/indexed", "--timeout=30s");
    expect((await getJob("indexed")).status).toMatchObject({ completedIndexes: "0-2", succeeded: 3 });
    const pods = await podsOf("indexed");
    const said = await Promise.all(pods.map(({ metadata }) => kube.logs(metadata.name)));
    expect(said.sort()).toEqual(["0 indexed-0\n", "1 indexed-1\n", "2 indexed-2\n"]);
  });

  it("fail by their limit and by exit codes", async () => {
    const rules = [{ action: "FailJob", onExitCodes: { operator: "In", values: [42] } }];
    await kube.apply([
      job("never", "exit 1", { backoffLimit: 0 }),
      job("fatal", "exit 42", { podFailurePolicy: { rules }, backoffLimit: 5 }),
    ]);
    for (const name of ["never", "fatal"])
      await kube.must("wait", "--for=condition=failed", `job/${name}`, "--timeout=30s");
    const conditions = async (name: string) =>
      (await getJob(name)).status.conditions.map(({ type, reason }: Json) => `${type} ${reason}`);
    expect(await conditions("never")).toEqual([
      "FailureTarget BackoffLimitExceeded",
      "Failed BackoffLimitExceeded",
    ]);
    expect(await conditions("fatal")).toEqual(["FailureTarget PodFailurePolicy", "Failed PodFailurePolicy"]);
  });

  it("make a failed pod anew after a while, and restart containers in place where they are told to", async () => {
    const { spec } = job("", "[ -e /v/failed ] || { touch /v/failed; exit 1; }").spec.template;
    const [container] = spec.containers;
    const inPlace = job("in-place", "");
    inPlace.spec.template.spec = {
      ...spec,
      restartPolicy: "OnFailure",
      volumes: [{ name: "v", emptyDir: {} }],
      containers: [{ ...container, volumeMounts: [{ name: "v", mountPath: "/v" }] }],
    };
    await kube.apply([job("anew", "exit 1", { backoffLimit: 1 }), inPlace]);
    await kube.must("wait", "--for=condition=complete", "job/in-place", "--timeout=60s");
    const [pod, ...others] = await podsOf("in-place");
    expect([pod.status.containerStatuses[0].restartCount, others.length]).toEqual([1, 0]);
    await kube.must("wait", "--for=condition=failed", "job/anew", "--timeout=60s");
    const made = (await podsOf("anew")).map(({ metadata }) => Date.parse(metadata.creationTimestamp)).sort();
    expect(made).toHaveLength(2);
    expect(made[1]! - made[0]!).toBeGreaterThanOrEqual(9_000);
  });

  it("end their pods when they are suspended, past their deadline or deleted by their time to live", async () => {
    await kube.apply([
      job("paused", "sleep 1000"),
      job("late", "sleep 1000", { activeDeadlineSeconds: 2 }),
      job("short", "true", { ttlSecondsAfterFinished: 1 }),
    ]);
    await until("paused", "runs", ({ status }) => status.ready === 1);
    await kube.must("patch", "job", "paused", "-p", '{"spec":{"suspend":true}}');
    await kube.must("wait", "--for=condition=suspended", "job/paused", "--timeout=30s");
    const { status } = await until("paused", "has no pods", (one) => one.status.terminating === 0);
    expect([status.active, status.failed]).toEqual([undefined, undefined]);
    expect(await podsOf("paused")).toEqual([]);
    await kube.must("wait", "--for=condition=failed", "job/late", "--timeout=30s");
    await kube.must("wait", "--for=delete", "job/short", "--timeout=30s");
    expect(await podsOf("short")).toEqual([]);
    expect(await podsOf("late")).toEqual([]);
  });

  it("count the end of a pod that is being deleted once it has come", async () => {
    await kube.apply(
      job("replaced", "trap 'sleep 1; exit 3' TERM; sleep 1000 & wait", { podReplacementPolicy: "Failed" }),
    );
    await until("replaced", "runs", ({ status }) => status.ready === 1);
    const [pod] = await podsOf("replaced");
    await kube.must("delete", "pod", pod.metadata.name, "--wait=false");
    const ending = await until("replaced", "waits", ({ status }) => status.terminating === 1);
    expect(ending.status.failed).toBeUndefined();
    await until("replaced", "has another pod", ({ status }) => status.failed === 1 && status.active === 1);
    await kube.must("delete", "job", "replaced");
  });
});

describe("kubectl create cronjob", () => {
  it("makes jobs at their times, and by hand", async () => {
    await kube.must(
      "create",
      "cronjob",
      "tick",
      "--image=busybox",
      "--schedule=* * * * *",
      "--",
      "echo",
      "tick",
    );
    await kube.must("create", "job", "by-hand", "--from=cronjob/tick");
    await kube.must("wait", "--for=condition=complete", "job/by-hand", "--timeout=30s");
    expect(await kube.must("logs", "job/by-hand")).toBe("tick\n");
    const name = await eventually(
      "a job of the schedule",
      async () => {
        const { items } = await kube.get("batch/v1 jobs");
        return items.find(({ metadata }: Json) => /^tick-\d+$/.test(metadata.name))?.metadata.name;
      },
      70_000,
    );
    await kube.must("wait", "--for=condition=complete", `job/${name}`, "--timeout=30s");
    const cronJob = await eventually("the status of the last one", async () => {
      const found = await kube.get("batch/v1 cronjobs/tick");
      return found.status.active === undefined && found.status.lastSuccessfulTime ? found : undefined;
    });
    expect(cronJob.status.lastScheduleTime).toBe(
      new Date(Number(name.slice("tick-".length)) * 60_000).toISOString().replace(".000Z", "Z"),
    );
    expect(conditionOf(await getJob(name), "Complete")).toBe("True");
    const described = await kube.must("describe", "cronjob", "tick");
    expect(described).toContain(`Created job ${name}`);
    expect(described).toContain(`Saw completed job: ${name}, condition: Complete`);
    await kube.must("delete", "cronjob", "tick");
    await eventually("its jobs are gone", async () => {
      const { items } = await kube.get("batch/v1 jobs");
      return !items.some(({ metadata }: Json) => /^tick-\d+$/.test(metadata.name));
    });
  });
});
