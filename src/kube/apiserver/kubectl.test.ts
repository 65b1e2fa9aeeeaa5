import { connect } from "node:net";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pods } from "../api/index.ts";
import type { NodeAccess } from "../client/node-access.ts";
import { describeKubectl, type Kubectl, openKubectl } from "./testing/kubectl.ts";
import { startTestServer, type TestServer } from "./testing/start-test-server.ts";

const MANIFEST = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "shop/web:1.0", ports: [{containerPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
`;

/** A node in this process: what the API server hands to it comes back, so that the streams can be looked at. */
const mirror: NodeAccess = {
  async logs(target, options) {
    return (async function* () {
      yield Buffer.from(`${target.podName}/${target.container} tail=${options.tailLines ?? "all"}\n`);
    })();
  },
  async exec(_target, command, options, streams) {
    streams.stdout?.write(`ran ${command.join(" ")}\n`);
    streams.stderr?.write("warned\n");
    if (options.stdin) for await (const chunk of streams.stdin!) streams.stdout!.write(chunk);
    return { exitCode: command[0] === "fail" ? 7 : 0 };
  },
  async attach(_target, _options, streams) {
    streams.stdout?.write("attached\n");
    for await (const chunk of streams.stdin ?? []) streams.stdout!.write(chunk);
  },
  async portForward(_target, port) {
    const both = new PassThrough();
    both.write(`port ${port}\n`);
    return both;
  },
  async usage() {
    return { node: undefined, pods: [] };
  },
  async read() {
    return undefined;
  },
};

describeKubectl("", (version) => {
  let server: TestServer;
  let kubectl: Kubectl;
  beforeAll(async () => {
    server = await startTestServer({ nodeAccess: () => mirror });
    kubectl = await openKubectl(version, server);
  });
  afterAll(async () => {
    await kubectl.close();
    await server.stop();
  });
  const ok = async (args: string, input?: string) => {
    const { code, stdout, stderr } = await kubectl.run(args, input);
    expect(code, `kubectl ${args}: ${stderr}`).toBe(0);
    return stdout;
  };

  it("applies, changes and shows", async () => {
    expect(await ok("apply -f -", MANIFEST)).toBe("deployment.apps/web created\nservice/web created\n");
    expect(await ok("apply -f -", MANIFEST)).toBe("deployment.apps/web unchanged\nservice/web unchanged\n");
    expect(await ok("apply -f -", MANIFEST.replace("replicas: 3", "replicas: 4"))).toContain(
      "web configured",
    );
    expect(await ok("get deploy web -o jsonpath={.spec.replicas}")).toBe("4");
    expect(await ok("get deploy,svc -o wide")).toMatch(
      /deployment\.apps\/web +0\/4 +0 +0 +\d+s +web +shop\/web:1\.0 +app=web/,
    );
    expect(await ok("get svc web -o yaml")).toContain("  type: LoadBalancer\n");
    expect(await ok("describe deploy web")).toContain("StrategyType:           RollingUpdate");
    expect(await ok("scale deploy web --replicas=2")).toBe("deployment.apps/web scaled\n");
    expect(await ok("set image deploy/web web=shop/web:1.1")).toBe("deployment.apps/web image updated\n");
    expect(await ok("label deploy web tier=front")).toBe("deployment.apps/web labeled\n");
    expect(await ok("get deploy -l tier=front -o name")).toBe("deployment.apps/web\n");
  });

  it("creates what it sends as protobuf", async () => {
    expect(await ok("create namespace shop")).toBe("namespace/shop created\n");
    await ok("create serviceaccount default -n shop");
    expect(await ok("create deployment cart --image=busybox -n shop")).toBe("deployment.apps/cart created\n");
    expect(await ok("create configmap c --from-literal=a=b -n shop")).toBe("configmap/c created\n");
    expect(await ok("get cm c -n shop -o jsonpath={.data.a}")).toBe("b");
  });

  it("refuses unknown fields and wrong types as it does elsewhere", async () => {
    const unknown = await kubectl.run("apply -f -", MANIFEST.replace("replicas: 3", "replcas: 3"));
    expect([unknown.code, unknown.stderr]).toEqual([
      1,
      expect.stringContaining('strict decoding error: unknown field "spec.replcas"'),
    ]);
    const wrong = await kubectl.run("apply -f -", MANIFEST.replace("replicas: 3", "replicas: three"));
    expect(wrong.stderr).toMatch(
      /The request is invalid: patch: Invalid value: "map\[.*\]": unrecognized type: int32/,
    );
    const lenient = await kubectl.run(
      "apply --validate=warn --dry-run=server -f -",
      MANIFEST.replace("replicas: 3", "replcas: 3"),
    );
    expect([lenient.code, lenient.stderr]).toEqual([
      0,
      expect.stringContaining('Warning: unknown field "spec.replcas"'),
    ]);
  });

  it("only tries when it is asked to", async () => {
    await ok("create cm tried --from-literal=a=b");
    expect(await ok("delete cm tried --dry-run=server")).toContain('"tried" deleted (server dry run)');
    expect(await ok("get cm tried -o name")).toBe("configmap/tried\n");
    expect(await ok("create cm never --from-literal=a=b --dry-run=server -o name")).toBe("configmap/never\n");
    expect((await kubectl.run("get cm never")).code).toBe(1);
  });

  it("explains from the server's own description", async () => {
    const text = await ok("explain deployment.spec.replicas");
    expect(text).toContain("<integer>");
    expect(text).toContain("Number of desired pods.");
    expect(await ok("api-resources -o name")).toContain("deployments.apps\n");
  });

  it("tells of conflicts, absence and refusals in the known words", async () => {
    expect((await kubectl.run("get pod none")).stderr).toBe(
      'Error from server (NotFound): pods "none" not found\n',
    );
    expect((await kubectl.run("create ns default")).stderr).toBe(
      'Error from server (AlreadyExists): namespaces "default" already exists\n',
    );
    expect((await kubectl.run("get pods --as=bob")).stderr).toBe(
      'Error from server (Forbidden): pods is forbidden: User "bob" cannot list resource "pods" in API group "" in the namespace "default"\n',
    );
    expect((await kubectl.run("auth can-i delete nodes --as=bob")).stdout.trim()).toBe("no");
    const old = (await ok("get svc web -o json")).replace(
      /"resourceVersion": "\d+"/,
      '"resourceVersion": "1"',
    );
    expect((await kubectl.run("replace -f -", old)).stderr).toContain(
      "the object has been modified; please apply your changes",
    );
  });

  it("watches and waits", async () => {
    const waiting = kubectl.run("wait --for=delete deploy/web --timeout=20s");
    const watching = kubectl.run("get deploy --watch --output-watch-events --request-timeout=3s");
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await ok("delete deploy web")).toContain('deployment.apps "web" deleted');
    expect((await waiting).code).toBe(0);
    expect((await watching).stdout).toMatch(/ADDED +web[\s\S]*DELETED +web/);
  });

  describe("pods", () => {
    beforeAll(async () => {
      await ok("run p --image=busybox --restart=Never");
      const binding = { metadata: { name: "p" }, target: { kind: "Node", name: "n1" } };
      await server.client.createSubresource(pods, "default", "p", "binding", binding);
      const status = {
        phase: "Running",
        containerStatuses: [
          { name: "p", ready: true, restartCount: 0, image: "busybox", imageID: "", state: { running: {} } },
        ],
      };
      await server.client.patch(pods, "default", "p", "merge", { status }, { subresource: "status" });
    });

    it("gives logs", async () => {
      expect(await ok("logs p --tail=3")).toBe("p/p tail=3\n");
      expect((await kubectl.run("logs p -c other")).stderr).toContain(
        "container other is not valid for pod p",
      );
    });

    it("runs commands, with their output, input and exit code", async () => {
      const ran = await kubectl.run("exec p -- ls -l");
      expect(ran).toEqual({ code: 0, stdout: "ran ls -l\n", stderr: "warned\n" });
      expect(await ok("exec -i p -- cat", "hello\n")).toBe("ran cat\nhello\n");
      const failed = await kubectl.run("exec p -- fail");
      expect([failed.code, failed.stderr]).toEqual([
        7,
        expect.stringContaining("command terminated with exit code 7"),
      ]);
      expect(await ok("attach -i p", "typed\n")).toContain("attached\ntyped\n");
    });

    it("forwards ports", async () => {
      const forward = kubectl.start(["port-forward", "p", ":8080"]);
      const port = await new Promise<number>((resolve) => {
        forward.stdout!.on("data", (text: Buffer) => {
          const match = /127\.0\.0\.1:(\d+)/.exec(text.toString());
          if (match) resolve(Number(match[1]));
        });
      });
      const socket = connect(port, "127.0.0.1");
      const said = await new Promise<string>((resolve) => {
        let text = "";
        socket.on("data", (chunk) => {
          text += chunk;
          if (text.endsWith("ping\n")) resolve(text);
          else socket.write("ping\n");
        });
      });
      expect(said).toBe("port 8080\nping\n");
      socket.destroy();
      forward.kill("SIGINT");
      await new Promise((resolve) => forward.on("close", resolve));
    });

    it("ends pods gracefully, as far as it lies with the server", async () => {
      expect(await ok("delete pod p --wait=false")).toContain('pod "p" deleted');
      expect(await ok("get pod p -o jsonpath={.metadata.deletionGracePeriodSeconds}")).toBe("30");
      expect((await kubectl.run("delete pod p --force --grace-period=0")).code).toBe(0);
      expect((await kubectl.run("get pod p")).stderr).toContain("not found");
    });
  });
});
