import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type Json, podOf, shell } from "../support/kube.ts";
import { type Machine, Machines } from "../support/machines.ts";

const machines = new Machines();
let server: Machine;
let east: Machine;
let west: Machine;

/** Until nothing of what the probe expects fails. */
const until = (probe: () => Promise<void>) => eventually("what is asked for", () => probe().then(() => true));

/** A pod that says its name on port 80, on a machine of choice. */
function talker(name: string, app: string, node: Machine): Json {
  const script = `while true; do printf 'HTTP/1.0 200 OK\\r\\n\\r\\n${name}\\n' | nc -l -p 80 >/dev/null; done`;
  return podOf(name, [{ name: "main", ...shell(script) }], { labels: { app }, nodeName: node.name });
}

const serviceOf = (name: string, spec: Json, annotations: Json = {}): Json => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, annotations },
  spec: { selector: { app: name }, ports: [{ port: 80 }], ...spec },
});

async function apply(...objects: Json[]): Promise<void> {
  const input = objects.map((object) => JSON.stringify(object)).join("\n---\n");
  const { code, stderr } = await server.run("kubectl", ["apply", "-f", "-"], { input });
  if (code !== 0) throw new Error(stderr);
}

const get = async (what: string): Promise<Json> =>
  JSON.parse(await server.mustKubectl("get", ...what.split(" "), "-o", "json"));

const untilReady = (...pods: string[]) =>
  server.mustKubectl("wait", "--for=condition=Ready", "--timeout=60s", ...pods.map((name) => `pod/${name}`));

const endPod = (name: string) => server.mustKubectl("delete", "pod", name, "--grace-period=0", "--force");

/** Head and body that a machine is answered. */
async function asked(from: Machine, host: string, port = 80, path = "/"): Promise<string> {
  const script = `printf 'GET ${path} HTTP/1.0\\r\\n\\r\\n' | nc -w 3 ${host} ${port}`;
  return (await from.run("busybox", ["sh", "-c", script])).stdout;
}

/** Which pods answer several questions of a machine. */
async function answering(from: Machine, host: string, times = 12): Promise<string[]> {
  const found = new Set<string>();
  for (let time = 0; time < times; time++)
    found.add((await asked(from, host)).trim().split("\n").at(-1) ?? "");
  return [...found].sort();
}

const addressOf = async (service: string): Promise<string> =>
  (await get(`service ${service}`)).spec.clusterIP;

/** Zones that the endpoints of a Service are hinted for, in the order of their pods' names. */
async function hintsOf(service: string): Promise<(string[] | undefined)[]> {
  const { items } = await get(`endpointslices -l kubernetes.io/service-name=${service}`);
  return items
    .flatMap(({ endpoints }: Json) => endpoints ?? [])
    .sort((a: Json, b: Json) => (a.targetRef.name < b.targetRef.name ? -1 : 1))
    .map(({ hints }: Json) => hints?.forZones?.map(({ name }: Json) => name));
}

beforeAll(async () => {
  await machines.open();
  server = await machines.add("server");
  east = await machines.add("east");
  west = await machines.add("west");
  await server.start("server", "--node-monitor-grace-period", "8s");
  for (const machine of [east, west]) {
    await machine.join(server, ...(machine === west ? ["--nodeport-addresses", "primary"] : []));
    machine.makeImages();
    await server.mustKubectl("label", "node", machine.name, `topology.kubernetes.io/zone=${machine.name}`);
  }
});
afterAll(() => machines.close());

describe("load balancers that ask nodes", () => {
  it("hear from each whether it has endpoints of the Service", async () => {
    await apply(
      talker("only", "local", east),
      serviceOf("local", { type: "LoadBalancer", externalTrafficPolicy: "Local" }),
    );
    await untilReady("only");
    const { healthCheckNodePort: port } = (await get("service local")).spec;
    expect(port).toBeGreaterThan(0);
    await until(async () => expect(await asked(server, east.ip, port)).toContain("200 OK"));
    const good = await asked(server, east.ip, port);
    expect(good).toMatch(/^x-load-balancing-endpoint-weight: 1\r$/im);
    expect(JSON.parse(good.split("\r\n\r\n")[1]!)).toEqual({
      service: { namespace: "default", name: "local" },
      localEndpoints: 1,
      serviceProxyHealthy: true,
    });
    const bad = await asked(server, west.ip, port);
    expect(bad).toMatch(/^HTTP\/1\.[01] 503 /);
    expect(bad).toContain('"localEndpoints": 0');
    await endPod("only");
    await until(async () => expect(await asked(server, east.ip, port)).toContain("503"));
    await server.mustKubectl(
      "patch",
      "service",
      "local",
      "-p",
      '{"spec":{"externalTrafficPolicy":"Cluster"}}',
    );
    await until(async () => expect(await asked(server, west.ip, port)).toBe(""));
  });

  it("hear whether a node's proxy is well, and whether the node is about to go", async () => {
    const report = await asked(server, east.ip, 10256, "/healthz");
    expect(report).toContain("200 OK");
    expect(JSON.parse(report.split("\r\n\r\n")[1]!)).toMatchObject({ nodeEligible: true, healthy: true });
    const taint = "ToBeDeletedByClusterAutoscaler=1:PreferNoSchedule";
    await server.mustKubectl("taint", "node", east.name, taint);
    await until(async () => expect(await asked(server, east.ip, 10256, "/healthz")).toContain(" 503 "));
    expect(await asked(server, east.ip, 10256, "/livez")).toContain("200 OK");
    await server.mustKubectl("taint", "node", east.name, `${taint}-`);
    await until(async () => expect(await asked(server, east.ip, 10256, "/healthz")).toContain("200 OK"));
  });
});

describe("node ports", () => {
  it("are open at the addresses that the node's option names", async () => {
    await apply(talker("ported", "ports", east), serviceOf("ports", { type: "NodePort" }));
    await untilReady("ported");
    const port = (await get("service ports")).spec.ports[0].nodePort;
    for (const [machine, host] of [
      [east, "127.0.0.1"],
      [east, east.ip],
      [west, west.ip],
    ] as const)
      await until(async () => expect(await asked(machine, host, port)).toContain("ported"));
    expect(await asked(west, "127.0.0.1", port)).toBe("");
    await until(async () => expect(await asked(server, west.ip, port)).toContain("ported"));
  });
});

describe("Services that keep to a zone", () => {
  it("with PreferClose are answered in the zone, and elsewhere only when nobody is left there", async () => {
    await apply(
      talker("close-east", "close", east),
      talker("close-west", "close", west),
      serviceOf("close", { trafficDistribution: "PreferClose" }),
    );
    await untilReady("close-east", "close-west");
    const host = await addressOf("close");
    await until(async () => expect(await hintsOf("close")).toEqual([["east"], ["west"]]));
    await until(async () => {
      expect(await answering(east, host)).toEqual(["close-east"]);
      expect(await answering(west, host)).toEqual(["close-west"]);
    });
    await endPod("close-east");
    await until(async () => expect(await answering(east, host, 3)).toEqual(["close-west"]));
    await apply(talker("close-east", "close", east));
    await untilReady("close-east");
    await until(async () => expect(await answering(east, host)).toEqual(["close-east"]));
    await server.mustKubectl("patch", "service", "close", "-p", '{"spec":{"trafficDistribution":null}}');
    await until(async () => {
      expect(await hintsOf("close")).toEqual([undefined, undefined]);
      expect(await answering(east, host, 24)).toEqual(["close-east", "close-west"]);
    });
    await server.mustKubectl("delete", "service", "close");
    await Promise.all(["close-east", "close-west"].map(endPod));
  });

  it("with the annotation have endpoints shared out, as long as there are enough", async () => {
    const auto = { "service.kubernetes.io/topology-mode": "Auto" };
    await apply(talker("auto-a", "auto", east), talker("auto-b", "auto", east), serviceOf("auto", {}, auto));
    await untilReady("auto-a", "auto-b");
    await until(async () => expect((await hintsOf("auto")).flat().sort()).toEqual(["east", "west"]));
    const host = await addressOf("auto");
    await until(async () => {
      const [near, far] = [await answering(east, host), await answering(west, host)];
      expect([near.length, far.length]).toEqual([1, 1]);
      expect([...near, ...far].sort()).toEqual(["auto-a", "auto-b"]);
    });
    const told = async () => server.mustKubectl("describe", "service", "auto");
    await until(async () =>
      expect(await told()).toContain("Topology Aware Hints has been enabled, addressType: IPv4"),
    );
    await endPod("auto-b");
    await until(async () => {
      expect(await hintsOf("auto")).toEqual([undefined]);
      expect(await told()).toContain("Insufficient number of endpoints (1 endpoints, 2 zones)");
    });
  });
});
