import { beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type Json, nodePod, useKube } from "../support/kube.ts";

const kube = useKube(["busybox", "node"]);

/** Looks up a Service's name by the C library ten times a second, and tells each time that took long or failed. */
const LOOKER = `
  const dns = require("node:dns"); let count = 0;
  setInterval(() => { const began = Date.now(); dns.lookup("web.default.svc.cluster.local", { family: 4 }, (error, address) => {
    count++; const ms = Date.now() - began;
    if (error || ms > 500 || count % 20 === 0) console.log(JSON.stringify({ count, ms, answer: error ? error.code : address })); }); }, 100);
`;

async function kubeDns(): Promise<Json> {
  return JSON.parse(await kube.must("get", "service", "kube-dns", "-n", "kube-system", "-o", "json"));
}

async function inPod(expression: string): Promise<Json> {
  const program = `const dns = require("node:dns").promises; (async () => (${expression}))().then((v) => console.log(JSON.stringify(v)));`;
  const { stdout, stderr } = await kube.exec("looker", "node", "-e", program);
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
}

async function told(): Promise<{ count: number; ms: number; answer: string }[]> {
  return (await kube.logs("looker"))
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
}

beforeAll(async () => {
  await kube.apply([
    { apiVersion: "v1", kind: "Service", metadata: { name: "web" }, spec: { ports: [{ port: 80 }] } },
    nodePod("looker", LOOKER),
  ]);
  await kube.must("wait", "--for=condition=Ready", "--timeout=30s", "pod/looker");
});

describe("kube-dns", () => {
  it("is a Service with the range's tenth address, which pods ask", async () => {
    const { metadata, spec } = await kubeDns();
    expect(metadata.labels).toMatchObject({
      "k8s-app": "kube-dns",
      "kubernetes.io/cluster-service": "true",
      "kubernetes.io/name": "CoreDNS",
    });
    expect(spec.clusterIP).toMatch(/\.10$/);
    expect(spec.ports.map(({ name, port, protocol }: Json) => `${name} ${port}/${protocol}`)).toEqual([
      "dns 53/UDP",
      "dns-tcp 53/TCP",
      "metrics 9153/TCP",
    ]);
    expect((await kube.exec("looker", "cat", "/etc/resolv.conf")).stdout.split("\n")).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^search default\.svc\.cluster\.local svc\.cluster\.local cluster\.local/),
        `nameserver ${spec.clusterIP}`,
        "options ndots:5",
      ]),
    );
    expect((await kube.platform.kubectl("cluster-info")).stdout).toMatch(/CoreDNS.* is running at/);
  });

  it("answers to its address and its name, over UDP and TCP", async () => {
    const { clusterIP } = (await kubeDns()).spec;
    expect(await inPod(`dns.resolve4("kube-dns.kube-system.svc.cluster.local")`)).toEqual([clusterIP]);
    const web = JSON.parse(await kube.must("get", "service", "web", "-o", "json")).spec.clusterIP;
    expect((await inPod(`dns.lookup("web")`)).address).toBe(web);
    const { stdout } = await kube.exec(
      "looker",
      "node",
      "-e",
      `const labels = "web.default.svc.cluster.local".split(".").map((l) => String.fromCharCode(l.length) + l).join("");
      const q = Buffer.concat([Buffer.from("000101000001000000000000", "hex"), Buffer.from(labels), Buffer.from("0000010001", "hex")]);
      const b = Buffer.concat([Buffer.from([0, q.length]), q]);
      const s = require("node:net").connect(53, "${clusterIP}", () => s.write(b)).on("data", (d) => { console.log([...d.subarray(-4)].join(".")); s.destroy(); });`,
    );
    expect(stdout.trim()).toBe(web);
  });

  it("tells CoreDNS' metrics", async () => {
    const { clusterIP } = (await kubeDns()).spec;
    const text = await inPod(`fetch("http://${clusterIP}:9153/metrics").then((answer) => answer.text())`);
    expect(text).toMatch(
      /^coredns_dns_requests_total\{server="dns:\/\/:53",view="",zone="\.",proto="udp",family="1",type="A"\} \d+$/m,
    );
    expect(text).toMatch(/^coredns_cache_entries\{.*type="success"\} \d+$/m);
  });

  it("makes pods wait, and fails none of their questions, while the program is killed and started again", async () => {
    await eventually("look-ups", async () => (await told()).length > 0 || undefined);
    const before = (await told()).at(-1)!.count;
    await kube.platform.kill();
    await kube.platform.up();
    const after = await eventually("look-ups after the start", async () => {
      const all = await told();
      return all.some(({ count, ms }) => count > before + 60 && ms < 500) ? all : undefined;
    });
    const web = JSON.parse(await kube.must("get", "service", "web", "-o", "json")).spec.clusterIP;
    expect(after.filter(({ answer }) => answer !== web)).toEqual([]);
  });
});
