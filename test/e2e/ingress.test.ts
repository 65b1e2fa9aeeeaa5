import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { Agent, get as httpGet, type IncomingMessage } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { beforeAll, describe, expect, it } from "vitest";
import { certificatePair } from "../../src/kube/ingress/testing/certificate-pair.ts";
import { gatewayDefinitions } from "../../src/kube/ingress/testing/gateway-definitions.ts";
import { eventually } from "../support/eventually.ts";
import { configMap, type Json, useKube } from "../support/kube.ts";
import { freePort } from "../support/platform.ts";
import { run } from "../support/run.ts";

const ports = { http: 0, https: 0, gateway: 0 };
const kube = useKube(["node"], async () => {
  ports.http = await freePort();
  ports.https = await freePort();
  ports.gateway = await freePort();
  return [`--ingress-http-port=${ports.http}`, `--ingress-https-port=${ports.https}`];
});

/** Answers with who it is and what it was asked; echoes what comes over a WebSocket's connection. */
const ECHO = `
  const server = require("node:http").createServer((req, res) => {
    res.end(JSON.stringify({ pod: process.env.HOSTNAME, version: process.env.VERSION, url: req.url, headers: req.headers }));
  }).listen(8080);
  server.on("upgrade", (req, socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\\r\\nupgrade: websocket\\r\\nconnection: Upgrade\\r\\n\\r\\n");
    socket.pipe(socket);
  });
  process.on("SIGTERM", () => server.close(() => process.exit(0)));`;

/** Over TLS of its own, HTTP/2 and HTTP/1.1. */
const SECURE = `
  const { readFileSync } = require("node:fs");
  const options = { cert: readFileSync("/tls/tls.crt"), key: readFileSync("/tls/tls.key"), allowHTTP1: true };
  require("node:http2").createSecureServer(options, (req, res) => {
    const { servername } = req.stream ? req.stream.session.socket : req.socket;
    res.end(JSON.stringify({ url: req.url, sni: servername, host: req.headers.host || req.headers[":authority"] }));
  }).listen(8080);
  process.on("SIGTERM", () => process.exit(0));`;

/** As a gRPC server without messages: the status comes in the trailers. */
const GRPC = `
  require("node:http2").createServer().on("stream", (stream, headers) => {
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0", "x-path": headers[":path"] }));
    stream.end(Buffer.from([0, 0, 0, 0, 0]));
  }).listen(8080);
  process.on("SIGTERM", () => process.exit(0));`;

function app(name: string, version = "1", replicas = 1): Json[] {
  const labels = { app: name };
  return [
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            terminationGracePeriodSeconds: 10,
            containers: [
              {
                name: "main",
                image: "node:24",
                imagePullPolicy: "IfNotPresent",
                command: ["node", "-e", ECHO],
                env: [{ name: "VERSION", value: version }],
                ports: [{ name: "web", containerPort: 8080 }],
                readinessProbe: { httpGet: { port: "web", path: "/" }, periodSeconds: 1 },
              },
            ],
          },
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name },
      spec: { selector: labels, ports: [{ name: "http", port: 80, targetPort: "web" }] },
    },
  ];
}

function ingress(name: string, host: string, path: Json, more: Json = {}, annotations: Json = {}): Json {
  const backend = { service: { name: "web", port: { name: "http" } } };
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name, annotations },
    spec: { rules: [{ host, http: { paths: [{ pathType: "Prefix", backend, ...path }] } }], ...more },
  };
}

function tlsSecret(name: string, { cert, key }: { cert: string; key: string }): Json {
  return {
    apiVersion: "v1",
    kind: "Secret",
    type: "kubernetes.io/tls",
    metadata: { name },
    stringData: { "tls.crt": cert, "tls.key": key },
  };
}

interface Answer {
  status: number;
  headers: IncomingMessage["headers"];
  text: string;
}

function ask(host: string, path: string, port = ports.http, agent?: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path, headers: { host }, ...(agent ? { agent } : {}) };
    httpGet(options, (res) => {
      let text = "";
      res.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      res
        .on("error", reject)
        .on("end", () => resolve({ status: res.statusCode!, headers: res.headers, text }));
    }).on("error", reject);
  });
}

const untilServed = (host: string, path = "/", port = ports.http) =>
  eventually(`${host}${path} is served`, async () => {
    const answer = await ask(host, path, port).catch(() => undefined);
    return answer && answer.status < 404 ? answer : undefined;
  });

const jsonOf = ({ text }: Answer): Json => JSON.parse(text);

beforeAll(async () => {
  await kube.apply([...app("web", "1", 2), ...app("next", "2")]);
  await Promise.all(
    ["web", "next"].map((name) => kube.must("rollout", "status", `deployment/${name}`, "--timeout=60s")),
  );
});

describe("an Ingress", () => {
  it("has no port open before there is one, and leads to the Service's pods then", async () => {
    await expect(ask("a.example", "/")).rejects.toThrow("ECONNREFUSED");
    await kube.apply(ingress("a", "a.example", { path: "/" }));
    const answer = jsonOf(await untilServed("a.example", "/x?y=1"));
    expect(answer).toMatchObject({ version: "1", url: "/x?y=1" });
    expect(answer.headers).toMatchObject({
      host: "a.example",
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-proto": "http",
    });
    const pods = new Set<string>();
    for (let count = 0; count < 20; count++) pods.add(jsonOf(await ask("a.example", "/")).pod);
    expect(pods.size).toBe(2);
    expect((await ask("b.example", "/")).status).toBe(404);
    await kube.must(
      "wait",
      "ingress/a",
      "--for=jsonpath={.status.loadBalancer.ingress[0].ip}",
      "--timeout=10s",
    );
    expect(await kube.must("get", "ingress", "a", "--no-headers")).toMatch(
      /^a +gantry +a\.example +\d+\.\d+\.\d+\.\d+ +80 /,
    );
    expect(await kube.must("describe", "ingress", "a")).toMatch(
      /Normal +Sync .*ingress-controller +Scheduled for sync/,
    );
  });

  it("has each host's certificate by SNI, and sends plain clients there", async () => {
    const [one, two] = [certificatePair("one.example"), certificatePair("two.example")];
    const tls = (name: string) => ({ tls: [{ hosts: [`${name}.example`], secretName: name }] });
    await kube.apply([
      tlsSecret("one", one),
      tlsSecret("two", two),
      ingress("one", "one.example", { path: "/" }, tls("one")),
      ingress("two", "two.example", { path: "/" }, tls("two")),
    ]);
    const certificateFor = async (servername: string) => {
      const socket = connectTls({
        host: "127.0.0.1",
        port: ports.https,
        servername,
        rejectUnauthorized: false,
      });
      await once(socket, "secureConnect");
      const { subject } = socket.getPeerCertificate();
      socket.destroy();
      return subject.CN;
    };
    await eventually(
      "certificates",
      async () => (await certificateFor("two.example").catch(() => "")) === "two.example",
    );
    expect(await certificateFor("one.example")).toBe("one.example");
    const plain = await ask("one.example", "/x?y=1");
    expect([plain.status, plain.headers.location]).toEqual([308, `https://one.example:${ports.https}/x?y=1`]);
    const address = `one.example:${ports.https}`;
    const curl = await run("curl", [
      "-sS",
      "-k",
      "--http2",
      "--resolve",
      `${address}:127.0.0.1`,
      `https://${address}/x`,
    ]);
    expect(JSON.parse(curl.stdout)).toMatchObject({ url: "/x", headers: { "x-forwarded-proto": "https" } });
    // Another certificate takes the place of the first without anything else.
    const renewed = certificatePair("renewed.example");
    await kube.apply(tlsSecret("one", renewed));
    await eventually(
      "the next certificate",
      async () => (await certificateFor("one.example")) === "renewed.example",
    );
  });

  it("rewrites paths, asks for a password and keeps strangers out as ingress-nginx's annotations say", async () => {
    const prefix = "nginx.ingress.kubernetes.io";
    const { stdout: hash } = await run("openssl", ["passwd", "-apr1", "-salt", "x", "secret"]);
    await kube.apply([
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "users" },
        stringData: { auth: `ann:${hash.trim()}\n` },
      },
      ingress(
        "rewrite",
        "rewrite.example",
        { path: "/app(/|$)(.*)", pathType: "ImplementationSpecific" },
        {},
        {
          [`${prefix}/use-regex`]: "true",
          [`${prefix}/rewrite-target`]: "/$2",
        },
      ),
      ingress(
        "auth",
        "auth.example",
        { path: "/" },
        {},
        {
          [`${prefix}/auth-type`]: "basic",
          [`${prefix}/auth-secret`]: "users",
          [`${prefix}/auth-realm`]: "Shop",
        },
      ),
      ingress(
        "sources",
        "sources.example",
        { path: "/" },
        {},
        { [`${prefix}/whitelist-source-range`]: "192.0.2.0/24" },
      ),
      ingress(
        "snippet",
        "snippet.example",
        { path: "/" },
        {},
        { [`${prefix}/server-snippet`]: "return 200;" },
      ),
    ]);
    expect(jsonOf(await untilServed("rewrite.example", "/app/deep/er?q=1")).url).toBe("/deep/er?q=1");
    const refused = await eventually("auth", async () => {
      const answer = await ask("auth.example", "/");
      return answer.status === 401 ? answer : undefined;
    });
    expect(refused.headers["www-authenticate"]).toBe('Basic realm="Shop"');
    const curl = (password: string) =>
      run("curl", [
        "-s",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        "-u",
        `ann:${password}`,
        "-H",
        "host: auth.example",
        `http://127.0.0.1:${ports.http}/`,
      ]);
    expect((await curl("secret")).stdout).toBe("200");
    expect((await curl("wrong")).stdout).toBe("401");
    expect((await ask("sources.example", "/")).status).toBe(403);
    expect((await ask("snippet.example", "/")).status).toBe(404);
    await eventually("the refusal is told", async () =>
      (await kube.events("snippet")).some((text) =>
        text.startsWith("Rejected: server-snippet annotation cannot be used"),
      ),
    );
  });

  it("passes WebSocket connections through", async () => {
    await untilServed("a.example");
    const socket = connect(ports.http, "127.0.0.1");
    let text = "";
    socket.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      if (text.endsWith("\r\n\r\n")) socket.write("ping");
    });
    socket.write(
      "GET /chat HTTP/1.1\r\nhost: a.example\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    );
    await eventually("the echo", async () => text.startsWith("HTTP/1.1 101") && text.endsWith("ping"));
    socket.destroy();
  });

  it("loses no request while a Deployment goes to its next version", async () => {
    await untilServed("a.example");
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const failures: string[] = [];
    const versions = new Set<string>();
    let isDone = false;
    let requests = 0;
    const load = Array.from({ length: 8 }, async () => {
      while (!isDone) {
        requests++;
        const answer = await ask("a.example", "/", ports.http, agent).catch((error: Error) => error);
        if (answer instanceof Error) failures.push(answer.message);
        else if (answer.status !== 200) failures.push(`${answer.status} ${answer.text}`);
        else versions.add(jsonOf(answer).version);
      }
    });
    await kube.apply(app("web", "3", 2));
    await kube.must("rollout", "status", "deployment/web", "--timeout=90s");
    await eventually(
      "only the next version answers",
      async () => jsonOf(await ask("a.example", "/")).version === "3",
    );
    isDone = true;
    await Promise.all(load);
    agent.destroy();
    expect(failures).toEqual([]);
    expect([...versions].sort()).toEqual(["1", "3"]);
    expect(requests).toBeGreaterThan(100);
  });

  it("shares requests with a canary by weight and header", async () => {
    const prefix = "nginx.ingress.kubernetes.io";
    const canary = ingress(
      "canary",
      "a.example",
      { path: "/" },
      {},
      {
        [`${prefix}/canary`]: "true",
        [`${prefix}/canary-weight`]: "50",
        [`${prefix}/canary-by-header`]: "x-canary",
      },
    );
    canary.spec.rules[0].http.paths[0].backend.service.name = "next";
    await kube.apply(canary);
    const versions = async (count: number) => {
      const seen: string[] = [];
      for (let one = 0; one < count; one++) seen.push(jsonOf(await ask("a.example", "/")).version);
      return seen;
    };
    await eventually("the canary is asked", async () => (await versions(10)).includes("2"));
    const canaries = (await versions(200)).filter((version) => version === "2").length;
    expect(canaries).toBeGreaterThan(60);
    expect(canaries).toBeLessThan(140);
    const always = await run("curl", [
      "-s",
      "-H",
      "host: a.example",
      "-H",
      "x-canary: always",
      `http://127.0.0.1:${ports.http}/`,
    ]);
    expect(JSON.parse(always.stdout).version).toBe("2");
    await kube.must("delete", "ingress", "canary");
  });
});

describe("a Gateway", () => {
  beforeAll(async () => {
    await kube.apply(gatewayDefinitions());
    await kube.must("wait", "crd", "--all", "--for=condition=Established", "--timeout=30s");
    await eventually(
      "the class",
      async () => (await kube.api("/apis/gateway.networking.k8s.io/v1/gatewayclasses/gantry")).status === 200,
    );
  });

  const object = (kind: string, name: string, spec: Json): Json => ({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind,
    metadata: { name },
    spec,
  });
  const listener = (name: string, port: number): Json => ({
    name,
    port,
    protocol: "HTTP",
    allowedRoutes: { namespaces: { from: "Same" } },
  });
  const path = (kind: string, name: string) =>
    `/apis/gateway.networking.k8s.io/v1/namespaces/default/${kind}/${name}`;

  it("shares requests by the weights of a route, and says so in statuses", async () => {
    await kube.apply([
      object("Gateway", "gate", { gatewayClassName: "gantry", listeners: [listener("web", ports.gateway)] }),
      object("HTTPRoute", "split", {
        parentRefs: [{ name: "gate" }],
        hostnames: ["split.example"],
        rules: [
          {
            matches: [{ path: { type: "PathPrefix", value: "/" } }],
            filters: [
              {
                type: "ResponseHeaderModifier",
                responseHeaderModifier: { set: [{ name: "x-by", value: "gantry" }] },
              },
            ],
            backendRefs: [
              { name: "web", port: 80, weight: 3 },
              { name: "next", port: 80, weight: 1 },
            ],
          },
        ],
      }),
    ]);
    const first = await untilServed("split.example", "/", ports.gateway);
    expect(first.headers["x-by"]).toBe("gantry");
    const counts: Record<string, number> = {};
    for (let one = 0; one < 400; one++) {
      const { version } = jsonOf(await ask("split.example", "/", ports.gateway));
      counts[version] = (counts[version] ?? 0) + 1;
    }
    expect(counts["2"]).toBeGreaterThan(60);
    expect(counts["2"]).toBeLessThan(140);
    await kube.must("wait", "gateway/gate", "--for=condition=Programmed", "--timeout=10s");
    await eventually("the route is told", async () => {
      const { json } = await kube.api(path("httproutes", "split"));
      return json.status?.parents?.[0]?.conditions.every(({ status }: Json) => status === "True");
    });
    const { json } = await kube.api(path("gateways", "gate"));
    expect(json.status.addresses[0]).toMatchObject({
      type: "IPAddress",
      value: expect.stringMatching(/^\d/),
    });
    expect(json.status.listeners[0].attachedRoutes).toBe(1);
  });

  it("answers 500 for what a route may not refer to, and tells why", async () => {
    await kube.apply(
      object("HTTPRoute", "broken", {
        parentRefs: [{ name: "gate" }],
        hostnames: ["broken.example"],
        rules: [{ backendRefs: [{ name: "web", namespace: "kube-system", port: 80 }] }],
      }),
    );
    await eventually(
      "it is answered",
      async () => (await ask("broken.example", "/", ports.gateway)).status === 500,
    );
    await eventually("it is told", async () => {
      const { json } = await kube.api(path("httproutes", "broken"));
      return json.status?.parents?.[0]?.conditions.some(({ reason }: Json) => reason === "RefNotPermitted");
    });
  });

  it("passes TLS on unopened, opens it for others at the same port, and speaks TLS to backends as a policy says", async () => {
    const [inner, outer] = [certificatePair("inner.example"), certificatePair("outer.example")];
    const secure = app("secure");
    const { containers } = secure[0].spec.template.spec;
    containers[0].command[2] = SECURE;
    containers[0].readinessProbe = { tcpSocket: { port: "web" }, periodSeconds: 1 };
    containers[0].volumeMounts = [{ name: "tls", mountPath: "/tls" }];
    secure[0].spec.template.spec.volumes = [{ name: "tls", secret: { secretName: "inner" } }];
    const port = await freePort();
    const tls = (name: string, protocol: string, more: Json): Json => ({
      ...listener(name, port),
      protocol,
      hostname: `${name}.example`,
      tls: more,
    });
    const backend = { rules: [{ backendRefs: [{ name: "secure", port: 80 }] }] };
    const validation = {
      hostname: "inner.example",
      caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "inner-ca" }],
    };
    await kube.apply([
      tlsSecret("inner", inner),
      tlsSecret("outer", outer),
      configMap("inner-ca", { "ca.crt": inner.cert }),
      ...secure,
      object("Gateway", "tls", {
        gatewayClassName: "gantry",
        listeners: [
          tls("inner", "TLS", { mode: "Passthrough" }),
          tls("outer", "HTTPS", { certificateRefs: [{ name: "outer" }] }),
        ],
      }),
      object("TLSRoute", "inner", { parentRefs: [{ name: "tls", sectionName: "inner" }], ...backend }),
      object("HTTPRoute", "outer", { parentRefs: [{ name: "tls", sectionName: "outer" }], ...backend }),
      object("BackendTLSPolicy", "secure", {
        targetRefs: [{ group: "", kind: "Service", name: "secure" }],
        validation,
      }),
    ]);
    await kube.must("rollout", "status", "deployment/secure", "--timeout=60s");
    const askTls = async (name: string, ca: string) => {
      const file = join(kube.platform.home, `${name}.crt`);
      writeFileSync(file, ca);
      const address = `${name}.example:${port}`;
      return run("curl", [
        "-sS",
        "--max-time",
        "5",
        "--cacert",
        file,
        "--resolve",
        `${address}:127.0.0.1`,
        `https://${address}/x`,
      ]);
    };
    const served = (name: string, ca: string) =>
      eventually(`${name} is served`, async () => {
        const { code, stdout } = await askTls(name, ca);
        return code === 0 && stdout.startsWith("{") ? JSON.parse(stdout) : undefined;
      });
    expect(await served("inner", inner.cert)).toMatchObject({ url: "/x", sni: "inner.example" });
    expect(await served("outer", outer.cert)).toMatchObject({
      url: "/x",
      sni: "inner.example",
      host: `outer.example:${port}`,
    });
  });

  it("carries gRPC calls with their trailers by service and method", async () => {
    const grpc = app("grpc");
    const { containers } = grpc[0].spec.template.spec;
    containers[0].command[2] = GRPC;
    containers[0].readinessProbe = { tcpSocket: { port: "web" }, periodSeconds: 1 };
    await kube.apply([
      ...grpc,
      object("GRPCRoute", "grpc", {
        parentRefs: [{ name: "gate" }],
        hostnames: ["grpc.example"],
        rules: [
          {
            matches: [{ method: { service: "shop.Cart", method: "Add" } }],
            backendRefs: [{ name: "grpc", port: 80 }],
          },
        ],
      }),
    ]);
    await kube.must("rollout", "status", "deployment/grpc", "--timeout=60s");
    const call = async (path: string) => {
      const session = connectHttp2(`http://127.0.0.1:${ports.gateway}`);
      try {
        const stream = session.request({
          ":method": "POST",
          ":path": path,
          ":authority": "grpc.example",
          "content-type": "application/grpc",
          te: "trailers",
        });
        // A refusal may be over before its head has been looked at.
        const closed = new Promise((resolve) => stream.once("close", resolve));
        let trailers: Json = {};
        stream.on("trailers", (found) => {
          trailers = found;
        });
        const [headers] = await Promise.race([
          once(stream, "response"),
          once(session, "error").then(([error]) => Promise.reject(error)),
        ]);
        stream.end(Buffer.from([0, 0, 0, 0, 0]));
        stream.resume();
        await closed;
        return { status: headers[":status"], grpc: trailers["grpc-status"], pathThere: trailers["x-path"] };
      } finally {
        session.destroy();
      }
    };
    const answer = await eventually("the call is answered", async () => {
      const found = await call("/shop.Cart/Add").catch(() => undefined);
      return found?.grpc === "0" ? found : undefined;
    });
    expect(answer).toEqual({ status: 200, grpc: "0", pathThere: "/shop.Cart/Add" });
    expect((await call("/shop.Cart/Remove")).status).toBe(404);
  });

  it("tells of a port that somebody else has, and takes it when it is free", async () => {
    const taken = createServer().listen(0);
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    await kube.apply(
      object("Gateway", "late", { gatewayClassName: "gantry", listeners: [listener("web", port)] }),
    );
    const programmed = async (status: string) => {
      const { json } = await kube.api(path("gateways", "late"));
      return json.status?.conditions?.some((one: Json) => one.type === "Programmed" && one.status === status);
    };
    await eventually("it is told", async () => {
      const { json } = await kube.api(path("gateways", "late"));
      return json.status?.listeners?.[0]?.conditions.some(({ reason }: Json) => reason === "PortUnavailable");
    });
    expect(await programmed("False")).toBe(true);
    taken.close();
    await eventually("it is open", () => programmed("True"), 40_000);
  });
});

describe("the platform", () => {
  it("serves at its next start what there was", async () => {
    await kube.platform.kill();
    await kube.platform.up();
    expect(jsonOf(await untilServed("a.example")).version).toBe("3");
    expect(jsonOf(await untilServed("split.example", "/", ports.gateway)).version).toMatch(/^[23]$/);
  });

  it("closes the ports when the last Ingress and Gateway go", async () => {
    await kube.must("delete", "ingress", "--all");
    await kube.must("delete", "gateways.gateway.networking.k8s.io", "--all");
    await eventually("the ports are closed", async () => {
      const answers = await Promise.allSettled([
        ask("a.example", "/"),
        ask("split.example", "/", ports.gateway),
      ]);
      return answers.every(({ status }) => status === "rejected");
    });
  });
});
