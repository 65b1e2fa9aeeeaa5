import { Resolver } from "node:dns/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type Json, nodePod, shellPod, useKube } from "../support/kube.ts";
import { type RunResult, run } from "../support/run.ts";

const kube = useKube(["busybox", "node"]);

/** Answers with its pod's name over HTTP (a new connection each time) and UDP. */
const ECHO = `
  const name = process.env.HOSTNAME;
  require("node:http").createServer((req, res) => { res.setHeader("connection", "close"); res.end(name + "\\n"); }).listen(8080);
  const udp = require("node:dgram").createSocket("udp4");
  udp.on("message", (m, from) => udp.send(name, from.port, from.address)).bind(5353);
  process.on("SIGTERM", () => process.exit(0));`;
const PORTS = {
  ports: [
    { name: "web", containerPort: 8080 },
    { name: "udp", containerPort: 5353, protocol: "UDP" },
  ],
  readinessProbe: { httpGet: { port: "web" }, periodSeconds: 1 },
};
const echo = (name: string, spec: Json = {}, container: Json = {}): Json =>
  nodePod(name, ECHO, { labels: { set: "echo" }, ...spec }, { ...PORTS, ...container });

function service(name: string, spec: Json): Json {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { selector: { set: "echo" }, ports: [{ name: "http", port: 80, targetPort: "web" }], ...spec },
  };
}

const curl = (url: string): Promise<RunResult> => run("curl", ["-s", "-S", "--max-time", "5", url]);

/** Runs a program in the client pod; its last expression's promise is printed as JSON. */
async function inPod<T = Json>(expression: string, pod = "client"): Promise<T> {
  const program = `const dns = require("node:dns").promises;
    const get = (host, port = 80) => new Promise((resolve) => { const began = Date.now();
      require("node:http").get({ host, port, agent: false, timeout: 4000 }, (res) => { let t = ""; res.on("data", (d) => t += d).on("end", () => resolve(t.trim())); })
        .on("timeout", function () { this.destroy(new Error("timeout")); })
        .on("error", (e) => resolve(e.code + (Date.now() - began > 1500 ? " late" : ""))); });
    const many = async (n, host, port) => { const seen = {}; for (let i = 0; i < n; i++) { const a = await get(host, port); seen[a] = (seen[a] || 0) + 1; } return seen; };
    const udp = (host, port) => new Promise((resolve) => { const s = require("node:dgram").createSocket("udp4"); const done = (v) => { s.close(); resolve(v); };
      s.on("message", (m) => done(String(m))).on("error", (e) => done(e.code)); s.connect(port, host, () => s.send("x")); setTimeout(() => done("timeout"), 2000).unref(); });
    const named = (p) => p.catch((e) => e.code);
    (async () => (${expression}))().then((v) => console.log(JSON.stringify(v)));`;
  const { stdout, stderr } = await kube.exec(pod, "node", "-e", program);
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
}

async function clusterIp(name: string): Promise<string> {
  return (await kube.get(`services/${name}`)).spec.clusterIP;
}

async function untilEndpoints(name: string, count: number): Promise<string[]> {
  return eventually(`${count} endpoints of ${name}`, async () => {
    const subsets: Json[] = (await kube.get(`endpoints/${name}`)).subsets ?? [];
    const addresses = subsets.flatMap((subset) => (subset.addresses ?? []).map(({ ip }: Json) => ip));
    return addresses.length === count ? addresses : undefined;
  });
}

beforeAll(async () => {
  await kube.apply([
    echo("echo-1"),
    echo("echo-2", { hostname: "two", subdomain: "group" }),
    echo("unready", {}, { readinessProbe: { exec: { command: ["false"] }, periodSeconds: 1 } }),
    nodePod("client", "setInterval(() => {}, 1000)"),
    service("echo", {}),
    service("group", { clusterIP: "None" }),
    service("early", { clusterIP: "None", publishNotReadyAddresses: true }),
    service("sticky", { sessionAffinity: "ClientIP" }),
    service("udp", { ports: [{ name: "talk", port: 53, targetPort: "udp", protocol: "UDP" }] }),
    service("nobody", {
      selector: { set: "nobody" },
      ports: [
        { name: "tcp", port: 80 },
        { name: "udp", port: 53, protocol: "UDP" },
      ],
    }),
    service("port", { type: "NodePort" }),
    service("balanced", { type: "LoadBalancer" }),
    service("local", { type: "LoadBalancer", externalTrafficPolicy: "Local" }),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "elsewhere" },
      spec: { type: "ExternalName", externalName: "echo.default.svc.cluster.local" },
    },
  ]);
  await Promise.all(["echo-1", "echo-2", "client"].map((name) => kube.untilReady(name)));
  await untilEndpoints("echo", 2);
});

describe("a Service's address", () => {
  it("leads to each ready pod, from pods and from the host, by address and by name", async () => {
    const seen = await inPod(`many(24, "echo")`);
    expect(Object.keys(seen).sort()).toEqual(["echo-1", "two"]);
    expect(Math.min(...(Object.values(seen) as number[]))).toBeGreaterThan(2);
    const ip = await clusterIp("echo");
    for (const host of [ip, "echo.default", "echo.default.svc", "echo.default.svc.cluster.local"])
      expect(await inPod(`get("${host}")`)).toMatch(/^(echo-1|two)$/);
    expect((await curl(`http://${ip}/`)).stdout).toMatch(/^(echo-1|two)\n$/);
    expect(await kube.must("get", "endpoints", "echo", "--no-headers")).toMatch(
      /^echo +(10\.\d+\.\d+\.\d+:8080,?){2} /,
    );
    expect(await kube.must("describe", "service", "echo")).toMatch(/TargetPort: +web\/TCP\nEndpoints: +10\./);
  });

  it("refuses at once what nobody answers", async () => {
    expect(await inPod(`Promise.all([get("nobody"), get("echo", 81)])`)).toEqual([
      "ECONNREFUSED",
      "ECONNREFUSED",
    ]);
    expect(await inPod(`udp("nobody", 53)`)).toBe("ECONNREFUSED");
    const ip = await clusterIp("nobody");
    const refused = await curl(`http://${ip}/`);
    expect(refused.code).toBe(7);
    expect(refused.ms).toBeLessThan(2_000);
    const free = ip.replace(/\.\d+\.\d+$/, ".250.250");
    expect(await inPod(`get("${free}")`)).toMatch(/^E(HOSTUNREACH|CONNREFUSED)$/);
  });

  it("keeps a client with one pod if it is to", async () => {
    expect(Object.keys(await inPod(`many(12, "sticky")`))).toHaveLength(1);
  });

  it("carries UDP", async () => {
    const seen = new Set<string>();
    await eventually("both pods", async () => seen.add(await inPod(`udp("udp", 53)`)).size === 2);
    expect([...seen].sort()).toEqual(["echo-1", "two"]);
  });

  it("leads a pod back to itself", async () => {
    await kube.apply(service("self", { selector: { app: "echo-1" } }));
    await untilEndpoints("self", 1);
    expect(await inPod(`get("self")`, "echo-1")).toBe("echo-1");
    expect(await inPod(`udp("udp", 53)`, "echo-1")).toMatch(/^(echo-1|two)$/);
  });

  it("follows its selector and its ports", async () => {
    await kube.apply(service("moving", { selector: { app: "echo-1" } }));
    await untilEndpoints("moving", 1);
    expect(Object.keys(await inPod(`many(6, "moving")`))).toEqual(["echo-1"]);
    await kube.apply(
      service("moving", {
        selector: { app: "echo-2" },
        ports: [{ name: "http", port: 8000, targetPort: 8080 }],
      }),
    );
    await eventually("the other pod", async () => (await inPod(`get("moving", 8000)`)) === "two");
    expect(await inPod(`get("moving", 80)`)).toBe("ECONNREFUSED");
    await kube.must("delete", "service", "moving");
    expect(await inPod(`named(dns.lookup("moving"))`)).toBe("ENOTFOUND");
  });

  it("leads to addresses that somebody else names, but not to loopback ones", async () => {
    const slice = (name: string, address: string, port: number): Json => ({
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: `${name}-1`, labels: { "kubernetes.io/service-name": name } },
      addressType: "IPv4",
      ports: [{ name: "http", port }],
      endpoints: [{ addresses: [address] }],
    });
    const { podIP } = (await kube.pod("echo-1")).status;
    await kube.apply([service("manual", { selector: undefined }), slice("manual", podIP, 8080)]);
    await eventually("an answer", async () => (await inPod(`get("manual")`)) === "echo-1");
    const refused = await kube.tryApply(slice("manual", "127.0.0.1", 8080));
    expect(refused.stderr).toMatch(/may not be in the loopback range/);
  });
});

describe("the cluster's DNS", () => {
  it("tells A, SRV and PTR records", async () => {
    const ip = await clusterIp("echo");
    const name = "echo.default.svc.cluster.local";
    const reverse = ip.split(".").reverse().join(".");
    expect(
      await inPod(
        `Promise.all([dns.resolve4("${name}"), dns.resolveSrv("_http._tcp.${name}"), dns.resolvePtr("${reverse}.in-addr.arpa")])`,
      ),
    ).toEqual([[ip], [{ type: "SRV", name, port: 80, priority: 0, weight: 100 }], [name]]);
    expect(await inPod(`named(dns.resolve6("${name}"))`)).toBe("ENODATA");
    expect(await inPod(`named(dns.resolve4("missing.default.svc.cluster.local"))`)).toBe("ENOTFOUND");
  });

  it("tells the pods behind a headless service, each by its host name, and unready ones if wished", async () => {
    const [one, two, unready] = await Promise.all(
      ["echo-1", "echo-2", "unready"].map(async (name) => (await kube.pod(name)).status.podIP),
    );
    const domain = "default.svc.cluster.local";
    const [group, early, own, srv, ptr] = await inPod(
      `Promise.all([dns.resolve4("group.${domain}"), dns.resolve4("early.${domain}"), dns.resolve4("two.group.${domain}"),
        dns.resolveSrv("_http._tcp.group.${domain}"), dns.resolvePtr("${two.split(".").reverse().join(".")}.in-addr.arpa")])`,
    );
    expect(group.sort()).toEqual([one, two].sort());
    expect(early.sort()).toEqual([one, two, unready].sort());
    expect(own).toEqual([two]);
    expect(srv).toHaveLength(2);
    expect(srv).toContainEqual({
      type: "SRV",
      name: `two.group.${domain}`,
      port: 8080,
      priority: 0,
      weight: 50,
    });
    expect(ptr).toContain(`two.group.${domain}`);
    expect(await inPod(`get("two.group", 8080)`)).toBe("two");
    expect((await kube.exec("echo-2", "hostname", "-f")).stdout).toBe(`two.group.${domain}\n`);
  });

  it("follows an ExternalName", async () => {
    expect(await inPod(`dns.resolveCname("elsewhere.default.svc.cluster.local")`)).toEqual([
      "echo.default.svc.cluster.local",
    ]);
    expect(await inPod(`get("elsewhere")`)).toMatch(/^(echo-1|two)$/);
  });

  it("asks the host's name servers for everything else", async () => {
    const outside = "example.com";
    const fromHost = await new Resolver({ timeout: 2000, tries: 1 }).resolve4(outside).catch(() => undefined);
    const beganMs = performance.now();
    const fromPod = await inPod(
      `named(new dns.Resolver({ timeout: 3000, tries: 1 }).resolve4("${outside}"))`,
    );
    expect(Array.isArray(fromPod)).toBe(Array.isArray(fromHost));
    expect(performance.now() - beganMs).toBeLessThan(5_000);
    // What it does not know of its own zone it does not ask others for.
    expect(await inPod(`named(dns.resolve4("nothing.cluster.local"))`)).toBe("ENOTFOUND");
  });

  it("answers in a pod as busybox asks", async () => {
    await kube.apply(
      shellPod("lookup", "nslookup echo.default.svc.cluster.local", { restartPolicy: "Never" }),
    );
    await kube.untilPhase("lookup", "Succeeded");
    expect(await kube.logs("lookup")).toContain(`Address: ${await clusterIp("echo")}`);
  });
});

describe("through the API server", () => {
  const SHOWS = `require("node:http").createServer((req, res) => {
      if (req.url.startsWith("/moved")) return res.writeHead(302, { location: "/there" }).end();
      let body = ""; req.on("data", (d) => body += d).on("end", () => res.end(JSON.stringify({ method: req.method, url: req.url, headers: req.headers, body })));
    }).on("upgrade", (req, socket) => {
      socket.write("HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: parrot\\r\\n\\r\\n"); socket.pipe(socket);
    }).listen(8080); process.on("SIGTERM", () => process.exit(0));`;

  it("reaches pods and services, with everything but the client's proof of who it is", async () => {
    await kube.apply([
      nodePod("shows", SHOWS, {}, { ports: [{ containerPort: 8080 }] }),
      service("shows", { selector: { app: "shows" }, ports: [{ name: "http", port: 80, targetPort: 8080 }] }),
    ]);
    await kube.untilReady("shows");
    await untilEndpoints("shows", 1);
    const token = (await kube.must("create", "token", "default")).trim();
    await kube.must("create", "role", "proxy", "--verb=get,create", "--resource=services/proxy");
    await kube.must("create", "rolebinding", "proxy", "--role=proxy", "--serviceaccount=default:default");
    const path = kube.path("services/http:shows:80/proxy/a%2Fb//c?x=%20y");
    const { json } = await kube.api(path, {
      method: "POST",
      body: "hello",
      headers: { "x-own": "1" },
      token,
    });
    expect(json).toMatchObject({ method: "POST", url: "/a%2Fb/c?x=%20y", body: "hello" });
    expect(json.headers).toMatchObject({ "x-own": "1", "x-forwarded-proto": "https" });
    expect(json.headers).not.toHaveProperty("authorization");
    expect((await kube.api(kube.path("pods/shows/proxy/"), { token })).status).toBe(403);
    for (const name of ["services/shows", "services/shows:http", "pods/shows", "pods/shows:8080"])
      expect((await kube.api(kube.path(`${name}/proxy/z`))).json.url, name).toBe("/z");
    expect(await kube.must("get", "--raw", kube.path("services/shows:80/proxy/raw"))).toContain(
      '"url":"/raw"',
    );
    const bare = await kube.api(kube.path("pods/shows/proxy"));
    expect([bare.status, bare.headers.location]).toEqual([301, kube.path("pods/shows/proxy/")]);
    const moved = await kube.api(kube.path("pods/shows/proxy/moved"));
    expect([moved.status, moved.headers.location]).toEqual([302, kube.path("pods/shows/proxy/there")]);
    const big = "x".repeat(5 << 20);
    expect(
      (await kube.api(kube.path("pods/shows/proxy/"), { method: "PUT", body: big })).json.body.length,
    ).toBe(big.length);
  });

  it("says why it cannot", async () => {
    const message = async (name: string) => (await kube.api(kube.path(`${name}/proxy/`))).json;
    expect(await message("services/nobody:tcp")).toMatchObject({
      code: 503,
      message: 'no endpoints available for service "nobody"',
    });
    expect(await message("services/shows:81")).toMatchObject({ code: 503 });
    expect(await message("pods/shows:9")).toMatchObject({
      code: 503,
      message: expect.stringMatching(/^error trying to reach service: connect ECONNREFUSED/),
    });
    expect(await message("services/absent")).toMatchObject({ code: 404 });
    expect(await message("pods/ftp:shows:80")).toMatchObject({ code: 400 });
    const node = JSON.parse(await kube.must("get", "nodes", "-o", "json")).items[0].metadata.name;
    expect((await kube.api(`/api/v1/nodes/${node}/proxy/`)).status).toBe(404);
  });

  it("carries other protocols once the pod has agreed, and nothing when it has not", async () => {
    const ask = (name: string) => kube.upgrade(kube.path(`${name}/proxy/socket`), "parrot", "polly");
    expect(await ask("services/shows:http")).toMatch(/^HTTP\/1\.1 101 .*\r\n\r\npolly$/s);
    expect(await ask("pods/echo-1")).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe("from outside", () => {
  it("is reached at a node port", async () => {
    const { nodePort } = (await kube.get("services/port")).spec.ports[0];
    expect(nodePort).toBeGreaterThanOrEqual(30_000);
    const node = JSON.parse(await kube.must("get", "nodes", "-o", "json")).items[0];
    const { address } = node.status.addresses.find(({ type }: Json) => type === "InternalIP");
    for (const host of [address, "127.0.0.1"])
      expect((await curl(`http://${host}:${nodePort}/`)).stdout, host).toMatch(/^(echo-1|two)\n$/);
    expect(await inPod(`get("${address}", ${nodePort})`)).toMatch(/^(echo-1|two)$/);
    expect(await kube.must("get", "service", "port")).toMatch(new RegExp(`80:${nodePort}/TCP`));
  });

  it("has a load balancer's address that answers", async () => {
    const ip = await eventually(
      "an address",
      async () => (await kube.get("services/balanced")).status.loadBalancer.ingress?.[0]?.ip as string,
    );
    expect((await curl(`http://${ip}/`)).stdout).toMatch(/^(echo-1|two)\n$/);
    expect(await inPod(`get("${ip}")`)).toMatch(/^(echo-1|two)$/);
    expect(await kube.must("get", "service", "balanced", "--no-headers")).toMatch(
      new RegExp(`^balanced +LoadBalancer +\\S+ +${ip.replaceAll(".", "\\.")} +80:\\d+/TCP`),
    );
    const local = (await kube.get("services/local")).status.loadBalancer.ingress?.[0]?.ip;
    expect((await curl(`http://${local}/`)).stdout).toMatch(/^(echo-1|two)\n$/);
  });

  it("may have addresses that its cluster does not give out", async () => {
    const applied = await kube.tryApply(service("external", { externalIPs: ["192.0.2.9"] }));
    expect(applied.stderr).toBe("");
    expect(await kube.must("get", "service", "external", "--no-headers")).toMatch(/ 192\.0\.2\.9 /);
    await kube.must("delete", "service", "external");
  });

  it("says what is wrong with a Service", async () => {
    const refusal = async (spec: Json): Promise<string> =>
      (await kube.tryApply(service("wrong", spec))).stderr;
    expect(await refusal({ ports: [{ port: 80 }, { port: 81 }] })).toMatch(
      /spec\.ports\[0\]\.name: Required value/,
    );
    expect(await refusal({ clusterIP: "10.1.2.3" })).toMatch(
      /spec\.clusterIPs: Invalid value: \[\]string\{"10\.1\.2\.3"\}: failed to allocate IP 10\.1\.2\.3: the provided IP \(10\.1\.2\.3\) is not in the valid range/,
    );
    const taken = (await kube.get("services/port")).spec.ports[0].nodePort;
    expect(await refusal({ type: "NodePort", ports: [{ port: 80, nodePort: taken }] })).toMatch(
      /spec\.ports\[0\]\.nodePort: Invalid value: \d+: provided port is already allocated/,
    );
    expect(await refusal({ clusterIP: await clusterIp("echo") })).toMatch(/provided IP is already allocated/);
  });
});
