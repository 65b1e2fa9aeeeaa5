import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type Json, podOf, shell } from "../support/kube.ts";
import { instanceAt } from "../support/machine.ts";
import { type Machine, Machines } from "../support/machines.ts";

const machines = new Machines();
let server: Machine;
let one: Machine;
let two: Machine;

/** A pod that says its name on port 80, on a machine of choice. */
function talker(name: string, node?: Machine, more: Json = {}): Json {
  const script = `echo started; while true; do printf 'HTTP/1.0 200 OK\\r\\n\\r\\n${name}\\n' | nc -l -p 80 >/dev/null; done`;
  const spec = { labels: { app: "talker" }, ...(node ? { nodeName: node.name } : {}), ...more };
  return podOf(name, [{ name: "main", ...shell(script) }], spec);
}

async function apply(...objects: Json[]): Promise<void> {
  const input = objects.map((object) => JSON.stringify(object)).join("\n---\n");
  const { code, stderr } = await server.run("kubectl", ["apply", "-f", "-"], { input });
  if (code !== 0) throw new Error(stderr);
}

const get = async (what: string): Promise<Json> =>
  JSON.parse(await server.mustKubectl("get", ...what.split(" "), "-o", "json"));

const untilReady = (...pods: string[]) =>
  server.mustKubectl("wait", "--for=condition=Ready", "--timeout=30s", ...pods.map((name) => `pod/${name}`));

const addressOf = async (pod: string): Promise<string> => (await get(`pod ${pod}`)).status.podIP;

const ask = (host: string, port = 80) =>
  `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 ${host} ${port} | tail -n 1`;

/** What a pod is answered. */
const asked = async (pod: string, host: string): Promise<string> =>
  (await server.kubectl("exec", pod, "--", "sh", "-c", ask(host))).stdout.trim();

/** What a machine itself is answered. */
const askedFrom = async (machine: Machine, host: string, port?: number): Promise<string> =>
  (await machine.run("busybox", ["sh", "-c", ask(host, port)])).stdout.trim();

const readyOf = async (node: string): Promise<string> =>
  (await get(`node ${node}`)).status.conditions.find((condition: Json) => condition.type === "Ready").status;

/** How many questions the name service of a machine has answered. */
const questionsTo = async (machine: Machine): Promise<number> => {
  const { clusterIP } = (await get("service kube-dns -n kube-system")).spec;
  const { stdout } = await machine.run("busybox", [
    "wget",
    "-q",
    "-O",
    "-",
    `http://${clusterIP}:9153/metrics`,
  ]);
  const counts = [...stdout.matchAll(/^coredns_dns_requests_total\{.*\} (\d+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
};

/** What an agent keeps of its own Node. */
const nodeFile = ({ home }: Machine): string =>
  readdirSync(`${home}/known/kubelet`).find((file) => file.startsWith("nodes-"))!;

beforeAll(async () => {
  await machines.open();
  server = await machines.add("server");
  one = await machines.add("one");
  two = await machines.add("two");
  await server.start("server", "--node-monitor-grace-period", "8s");
});
afterAll(() => machines.close());

describe("machines that join", () => {
  it("are Ready when the command is done", async () => {
    for (const machine of [one, two]) {
      await machine.join(server);
      expect(await readyOf(machine.name)).toBe("True");
    }
    const nodes = await server.mustGantry("node", "list");
    for (const { name, ip } of [one, two])
      expect(nodes).toMatch(new RegExp(`^${name} +Ready +<none> +${ip} `, "m"));
    expect(nodes).not.toMatch(/^server /m);
  });

  it("have Docker's socket and a status, and no control plane", async () => {
    one.makeImages();
    two.makeImages();
    expect((await one.run("docker", ["images", "-q", "busybox"])).stdout.trim()).not.toBe("");
    const status = await one.mustGantry("status");
    expect(status).toContain(`https://${server.ip}:6443`);
    expect(status).toMatch(/^Node: +one$/m);
    expect((await one.status()).services.map(({ name }) => name)).not.toContain("apiserver");
    expect((await one.gantry("store", "stats")).stderr).toContain("an agent has no store");
  });

  it("are refused without a token that the cluster knows", async () => {
    const stranger = await machines.add("stranger");
    const tryWith = async (token: string) =>
      (await stranger.gantry("agent", "--server", server.ip, "--token", token, "--detach", "--wait")).stderr;
    const good = (await server.mustGantry("token", "create")).trim();
    const [hash, id] = good.split("::") as [string, string];
    const refused = "the cluster does not take the token: it is wrong, or was deleted, or its time is over";
    expect(await tryWith(`${hash}::aaaaaa.aaaaaaaaaaaaaaaa`)).toContain(refused);
    expect(await tryWith(`G1${"0".repeat(64)}::${id}`)).toContain("is not the cluster that the token is of");
    expect(await tryWith(id)).toContain("the token does not tell the cluster's authority");
    expect(await tryWith("secret")).toContain("--token is not what 'gantry token create' prints");
    const short = (await server.mustGantry("token", "create", "--ttl", "1s")).trim();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await tryWith(short)).toContain(refused);
    expect(await server.mustGantry("token", "delete", good)).toBe(`token ${id.slice(0, 6)} deleted\n`);
    expect(await tryWith(good)).toContain(refused);
    const signing = (await server.mustGantry("token", "create", "--usages", "signing")).trim();
    expect(await tryWith(signing)).toContain(refused);
    expect((await server.gantry("token", "create", "--usages", "all")).stderr).toContain(
      '--usages takes a list of authentication, signing, not "all"',
    );
    expect((await server.gantry("token", "delete", "aaaaaa")).stderr).toContain("there is no token aaaaaa");
  });

  it("do not get the name of a node that there is", async () => {
    const twin = await machines.add("twin");
    const token = (await server.mustGantry("token", "create")).trim();
    const args = [
      "agent",
      "--server",
      server.ip,
      "--token",
      token,
      "--node-name",
      "one",
      "--detach",
      "--wait",
    ];
    const { code, stderr } = await twin.gantry(...args);
    expect([code, stderr]).toEqual([1, expect.stringContaining("The cluster has a node one")]);
    expect(await readyOf("one")).toBe("True");
  });
});

describe("pods on different machines", () => {
  beforeAll(async () => {
    await apply(talker("t1", one), talker("t2", two), {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "talker" },
      spec: { type: "NodePort", selector: { app: "talker" }, ports: [{ port: 80, nodePort: 30_080 }] },
    });
    await untilReady("t1", "t2");
  });

  it("talk by address, both ways", async () => {
    expect(await asked("t1", await addressOf("t2"))).toBe("t2");
    expect(await asked("t2", await addressOf("t1"))).toBe("t1");
    expect(await askedFrom(one, await addressOf("t2"))).toBe("t2");
  });

  it("are kept apart by policies, across machines and by each agent", async () => {
    const [a1, a2] = [await addressOf("t1"), await addressOf("t2")];
    const nobody = (direction: string) => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: direction.toLowerCase() },
      spec: { podSelector: { matchLabels: { app: "talker" } }, policyTypes: [direction] },
    });
    for (const direction of ["Ingress", "Egress"]) {
      await apply(nobody(direction));
      await eventually(`${direction} is forbidden`, async () => (await asked("t1", a2)) === "");
      expect(await asked("t2", a1)).toBe("");
      await server.mustKubectl("delete", "networkpolicy", direction.toLowerCase());
      await eventually(`${direction} is free again`, async () => (await asked("t1", a2)) === "t2");
      expect(await asked("t2", a1)).toBe("t1");
    }
  });

  it("see each other's true addresses", async () => {
    const [from, to] = [await addressOf("t1"), await addressOf("t2")];
    const seen = server.kubectl(
      "exec",
      "t2",
      "--",
      "sh",
      "-c",
      "nc -l -p 8081 >/dev/null & sleep 1; netstat -tn",
    );
    await server.kubectl("exec", "t1", "--", "sh", "-c", `sleep 0.3; sleep 2 | nc ${to} 8081`);
    expect((await seen).stdout).toMatch(new RegExp(`${to}:8081 +\\S*${from}:`));
  });

  it("are reached by their Service, from pods and from each machine", async () => {
    const everybody = async (answer: () => Promise<string>) =>
      eventually("both answer", async () => {
        const answers = new Set(await Promise.all(Array.from({ length: 8 }, answer)));
        return answers.has("t1") && answers.has("t2");
      });
    const { clusterIP } = (await get("service talker")).spec;
    await everybody(() => asked("t1", clusterIP));
    await everybody(() => asked("t2", "talker.default.svc.cluster.local"));
    await everybody(() => askedFrom(server, one.ip, 30_080));
    await everybody(() => askedFrom(server, two.ip, 30_080));
    await everybody(() => askedFrom(two, clusterIP));
  });

  it("know names by the Service kube-dns, which each machine answers itself", async () => {
    const { clusterIP } = (await get("service kube-dns -n kube-system")).spec;
    for (const [pod, machine] of [
      ["t1", one],
      ["t2", two],
    ] as const) {
      const conf = (await server.kubectl("exec", pod, "--", "cat", "/etc/resolv.conf")).stdout;
      expect(conf).toContain(`nameserver ${clusterIP}\n`);
      const name = "talker.default.svc.cluster.local";
      const before = await questionsTo(machine);
      expect((await server.kubectl("exec", pod, "--", "nslookup", name)).stdout).toContain(name);
      expect(await questionsTo(machine)).toBeGreaterThan(before);
    }
  });

  it("are reached by the overlay from nodes only", async () => {
    const { instanceId } = instanceAt(one.home);
    const device = `gt${instanceId}-vxlan`;
    const shown = JSON.parse((await one.run("ip", ["-j", "-d", "-s", "link", "show", device])).stdout)[0];
    const range = (await get("node one")).spec.podCIDR as string;
    const received = async () =>
      JSON.parse((await one.run("ip", ["-j", "-s", "link", "show", device])).stdout)[0].stats64.rx.packets;
    // A machine of the same link that knows all that a node knows.
    for (const command of [
      `ip link add evil type vxlan id ${shown.linkinfo.info_data.id} dstport 4789 local ${server.ip} nolearning`,
      "ip link set evil up",
      "ip addr add 10.244.200.0/32 dev evil",
      `bridge fdb add ${shown.address} dev evil dst ${one.ip}`,
      `ip neigh add ${range.replace("/24", "")} lladdr ${shown.address} dev evil`,
      `ip route add ${range} via ${range.replace("/24", "")} dev evil onlink src 10.244.200.0`,
    ]) {
      const [program, ...args] = command.split(" ");
      expect((await server.run(program!, args)).stderr).toBe("");
    }
    const ping = async () => server.run("busybox", ["ping", "-c", "3", "-W", "1", await addressOf("t1")]);
    const before = await received();
    await ping();
    expect(await received()).toBe(before);
    // So much for the rule: without it they would come in.
    await one.run("nft", ["flush", "chain", "ip", `gantry_${instanceId}`, "overlay"]);
    await ping();
    expect(await received()).toBeGreaterThan(before);
    await server.run("ip", ["link", "del", "evil"]);
  });

  it("are shown, entered and forwarded to through the server", async () => {
    for (const pod of ["t1", "t2"]) {
      expect(await server.mustKubectl("logs", pod)).toBe("started\n");
      const done = await server.run("kubectl", ["exec", "-i", pod, "--", "sh", "-c", "cat; exit 3"], {
        input: "typed",
      });
      expect([done.stdout, done.code]).toEqual(["typed", 3]);
      const forwarding = `kubectl port-forward pod/${pod} 18080:80 >/dev/null & trap "kill $!" EXIT; sleep 1; ${ask("127.0.0.1", 18_080)}`;
      expect((await server.run("busybox", ["sh", "-c", forwarding])).stdout.trim()).toBe(pod);
    }
    expect(await server.mustKubectl("top", "node", "--no-headers")).toMatch(/^one +\d+m/m);
    expect((await server.kubectl("logs", "t1", "-c", "none")).stderr).toContain(
      "container none is not valid for pod t1",
    );
  });

  it("are told of by kubelets that nobody enters without leave", async () => {
    const curl = (...args: string[]) => server.run("curl", ["-sk", ...args, `https://${one.ip}:10250/pods`]);
    expect((await curl()).stdout).toBe("Unauthorized");
    const token = (await server.mustKubectl("create", "token", "default")).trim();
    expect((await curl("-H", `Authorization: Bearer ${token}`)).stdout).toContain(
      "Forbidden (user=system:serviceaccount:default:default",
    );
    expect(await server.mustKubectl("get", "--raw", "/api/v1/nodes/one/proxy/pods")).toContain('"t1"');
  });
});

describe("trouble", () => {
  const restarts = async (pod: string) => (await get(`pod ${pod}`)).status.containerStatuses[0].restartCount;

  it("an agent that is killed leaves its pods running, and takes them up again", async () => {
    await one.kill();
    expect(await asked("t2", await addressOf("t1"))).toBe("t1");
    await one.start("agent");
    expect(await asked("t2", await addressOf("t1"))).toBe("t1");
    expect([await restarts("t1"), await server.mustKubectl("logs", "t1")]).toEqual([0, "started\n"]);
  });

  it("a server that is away is missed by nobody but those who ask it", async () => {
    const [a1, a2] = [await addressOf("t1"), await addressOf("t2")];
    const { clusterIP } = (await get("service talker")).spec;
    await server.kill();
    expect(["t1", "t2"]).toContain(await askedFrom(one, clusterIP));
    expect(await askedFrom(two, a1)).toBe("t1");
    // What ends is started again, though nobody can be told.
    const end = async (machine: Machine, pod: string) => {
      const find = ["sh", "-c", `pgrep -o -f 'HTTP/1.0 200 OK.*${pod}'`];
      process.kill(Number((await machine.run("busybox", find)).stdout), "SIGKILL");
    };
    await end(two, "t2");
    await eventually("t2 answers again", async () => (await askedFrom(one, a2)) === "t2");
    // So it is by an agent that comes anew meanwhile.
    await one.kill();
    await one.mustGantry("agent", "--detach");
    await end(one, "t1");
    await eventually("t1 answers again", async () => (await askedFrom(two, a1)) === "t1");
    expect(["t1", "t2"]).toContain(await askedFrom(one, clusterIP));
    const { podCIDR } = JSON.parse(readFileSync(`${one.home}/known/kubelet/${nodeFile(one)}`, "utf8"))[0]
      .spec;
    const name = "talker.default.svc.cluster.local";
    const lookup = await one.run("busybox", ["nslookup", name, podCIDR.replace(".0/24", ".1")]);
    expect(lookup.stdout).toContain(clusterIP);
    expect((await one.status()).state).toBe("starting");
    await server.start("server", "--node-monitor-grace-period", "8s");
    await eventually(
      "the restarts are told",
      async () => (await restarts("t1")) + (await restarts("t2")) === 2,
    );
    await eventually("the agent is ready", async () => (await one.status()).state === "ready");
    await eventually(
      "nodes are Ready",
      async () => (await readyOf("one")) === "True" && (await readyOf("two")) === "True",
    );
  });

  it("a server that is frozen is waited for", async () => {
    const { pid } = await server.status();
    const before = await restarts("t1");
    const [a1, a2] = [await addressOf("t1"), await addressOf("t2")];
    process.kill(pid, "SIGSTOP");
    try {
      await new Promise((resolve) => setTimeout(resolve, 12_000));
      expect([await askedFrom(two, a1), await askedFrom(one, a2)]).toEqual(["t1", "t2"]);
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await eventually(
      "nodes are Ready",
      async () => (await readyOf("one")) === "True" && (await readyOf("two")) === "True",
    );
    expect(await restarts("t1")).toBe(before);
  });

  it("a machine that loses its power is NotReady soon, and its pods run elsewhere", async () => {
    const tolerations = ["not-ready", "unreachable"].map((what) => ({
      key: `node.kubernetes.io/${what}`,
      operator: "Exists",
      effect: "NoExecute",
      tolerationSeconds: 1,
    }));
    const { spec } = talker("moving", undefined, { tolerations });
    await apply({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "moving" },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: "moving" } },
        template: { metadata: { labels: { app: "moving" } }, spec },
      },
    });
    await server.mustKubectl("rollout", "status", "deployment/moving", "--timeout=30s");
    await two.setConnected(false);
    await two.kill();
    const startedAt = performance.now();
    await eventually("NotReady", async () => (await readyOf("two")) === "Unknown");
    expect(performance.now() - startedAt).toBeLessThan(14_000);
    await eventually(
      "all run on the machine that is left",
      async () => {
        const { items } = await get("pods -l app=moving");
        const alive = items.filter((pod: Json) => !pod.metadata.deletionTimestamp);
        return (
          alive.length === 2 &&
          alive.every((pod: Json) => pod.spec.nodeName === "one" && pod.status.phase === "Running")
        );
      },
      40_000,
    );
    await two.setConnected(true);
    await two.start("agent");
    await eventually("pods that moved are gone from where they were", async () => {
      const { items } = await get("pods -l app=moving");
      return items.length === 2;
    });
    expect(await asked("t1", await addressOf("t2"))).toBe("t2");
  });

  it("a machine is drained, leaves, and comes back as a new one", async () => {
    const refused = await server.gantry("node", "drain", "two");
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining("nobody would make these pods anew: default/t2"),
    ]);
    expect(await server.mustGantry("node", "drain", "two", "--force")).toMatch(
      /^node two drained: \d+ pods evicted$/m,
    );
    expect((await get("pods --field-selector=spec.nodeName=two")).items).toEqual([]);
    expect(await server.mustGantry("node", "list")).toMatch(/^two +Ready,SchedulingDisabled /m);
    expect((await server.gantry("node", "remove", "two")).stderr).toContain("the agent of node two runs");
    await two.mustGantry("down");
    await eventually("NotReady", async () => (await readyOf("two")) !== "True");
    expect(await server.mustGantry("node", "remove", "two")).toBe("node two removed\n");
    await two.start("agent");
    expect(await readyOf("two")).toBe("True");
    await two.mustGantry("down");
    await eventually("NotReady", async () => (await readyOf("two")) !== "True");
    await server.mustGantry("node", "remove", "two");
    await two.mustGantry("reset");
    await two.join(server);
    expect(await readyOf("two")).toBe("True");
    two.makeImages();
    await apply(talker("t3", two));
    await untilReady("t3");
    expect(await asked("t1", await addressOf("t3"))).toBe("t3");
  });
});
