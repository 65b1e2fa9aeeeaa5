import { beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { configMap, type Json, podOf, shell, shellPod, useKube } from "../support/kube.ts";
import { freePort } from "../support/platform.ts";
import { run } from "../support/run.ts";

const kube = useKube();

const NEVER = { restartPolicy: "Never" };
const shared = { volumes: [{ name: "shared", emptyDir: {} }] };
const inShared = { volumeMounts: [{ name: "shared", mountPath: "/shared" }] };
const step = (name: string, script: string, more: Json = {}): Json => ({
  name,
  ...shell(script),
  ...inShared,
  ...more,
});

describe("what a container sees", () => {
  beforeAll(async () => {
    await kube.apply([
      configMap("settings", { COLOR: "blue", "not-a-c-identifier": "kept", level: "7" }),
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "credentials" },
        stringData: { PASSWORD: "open sesame" },
      },
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "shop-web" },
        spec: { selector: { app: "nobody" }, ports: [{ name: "http", port: 80 }] },
      },
    ]);
  });

  it("gets its environment from fields, resources, configMaps, secrets and services", async () => {
    await kube.apply(
      shellPod(
        "env",
        "",
        { ...NEVER, labels: { tier: "test" }, annotations: { note: "hello" } },
        {
          // Not through a shell, which drops what is no identifier.
          command: ["env"],
          resources: { limits: { cpu: "500m", memory: "64Mi" }, requests: { cpu: "250m", memory: "32Mi" } },
          envFrom: [
            { configMapRef: { name: "settings" }, prefix: "CFG_" },
            { secretRef: { name: "credentials" } },
            { configMapRef: { name: "missing", optional: true } },
          ],
          env: [
            { name: "PLAIN", value: "one" },
            { name: "JOINED", value: "$(PLAIN)-$(PASSWORD)-$$(PLAIN)-$(UNKNOWN)" },
            { name: "LEVEL", valueFrom: { configMapKeyRef: { name: "settings", key: "level" } } },
            { name: "SECRET", valueFrom: { secretKeyRef: { name: "credentials", key: "PASSWORD" } } },
            {
              name: "ABSENT",
              valueFrom: { configMapKeyRef: { name: "settings", key: "absent", optional: true } },
            },
            ...Object.entries({
              NAME: "metadata.name",
              SPACE: "metadata.namespace",
              UID_: "metadata.uid",
              NODE: "spec.nodeName",
              ACCOUNT: "spec.serviceAccountName",
              IP: "status.podIP",
              HOST_IP: "status.hostIP",
              TIER: "metadata.labels['tier']",
              NOTE: "metadata.annotations['note']",
            }).map(([name, fieldPath]) => ({ name, valueFrom: { fieldRef: { fieldPath } } })),
            {
              name: "CPU",
              valueFrom: { resourceFieldRef: { resource: "limits.cpu", divisor: "1m" } },
            },
            { name: "MEMORY", valueFrom: { resourceFieldRef: { resource: "requests.memory" } } },
          ],
        },
      ),
    );
    const pod = await kube.untilPhase("env", "Succeeded");
    const lines = (await kube.logs("env")).trim().split("\n");
    const seen = Object.fromEntries(
      lines.map((line) => [line.split("=")[0], line.slice(line.indexOf("=") + 1)]),
    );
    expect(seen).toMatchObject({
      PLAIN: "one",
      JOINED: "one-open sesame-$(PLAIN)-$(UNKNOWN)",
      LEVEL: "7",
      SECRET: "open sesame",
      PASSWORD: "open sesame",
      CFG_COLOR: "blue",
      "CFG_not-a-c-identifier": "kept",
      NAME: "env",
      SPACE: "default",
      UID_: pod.metadata.uid,
      NODE: pod.spec.nodeName,
      ACCOUNT: "default",
      IP: pod.status.podIP,
      HOST_IP: pod.status.hostIP,
      TIER: "test",
      NOTE: "hello",
      CPU: "500",
      MEMORY: String(32 << 20),
      HOSTNAME: "env",
      SHOP_WEB_SERVICE_HOST: expect.stringMatching(/^10\./),
      SHOP_WEB_SERVICE_PORT: "80",
      SHOP_WEB_SERVICE_PORT_HTTP: "80",
      SHOP_WEB_PORT_80_TCP_PROTO: "tcp",
      KUBERNETES_SERVICE_PORT_HTTPS: "443",
    });
    expect(seen).not.toHaveProperty("ABSENT");
  });

  it("expands variables in command and arguments", async () => {
    await kube.apply(
      podOf(
        "expand",
        [
          {
            name: "main",
            image: "busybox",
            imagePullPolicy: "IfNotPresent",
            command: ["echo", "$(A)"],
            args: ["$(B)", "$$(A)", "$(NONE)"],
            env: [
              { name: "A", value: "a" },
              { name: "B", value: "$(A)b" },
            ],
          },
        ],
        NEVER,
      ),
    );
    await kube.untilPhase("expand", "Succeeded");
    expect(await kube.logs("expand")).toBe("a ab $(A) $(NONE)\n");
  });

  it("has the hosts, names and search domains that the pod asks for", async () => {
    await kube.apply([
      shellPod("names", "cat /etc/hosts; hostname; hostname -f; cat /etc/resolv.conf", {
        ...NEVER,
        hostname: "own",
        subdomain: "group",
        hostAliases: [{ ip: "192.0.2.7", hostnames: ["seven", "siete"] }],
        dnsConfig: {
          nameservers: ["192.0.2.53"],
          searches: ["example.test"],
          options: [{ name: "timeout", value: "1" }, { name: "edns0" }],
        },
      }),
      shellPod("dns-none", "cat /etc/resolv.conf", {
        ...NEVER,
        dnsPolicy: "None",
        dnsConfig: { nameservers: ["192.0.2.53"], searches: ["a.test", "b.test"] },
      }),
      shellPod("dns-default", "cat /etc/resolv.conf", { ...NEVER, dnsPolicy: "Default" }),
    ]);
    const pod = await kube.untilPhase("names", "Succeeded");
    const log = await kube.logs("names");
    expect(log).toContain(`${pod.status.podIP}\town.group.default.svc.cluster.local\town\n`);
    expect(log).toContain("192.0.2.7\tseven\tsiete\n");
    expect(log).toContain("\nown\nown.group.default.svc.cluster.local\n");
    expect(log).toMatch(
      /search default\.svc\.cluster\.local svc\.cluster\.local cluster\.local( \S+)* example\.test\n/,
    );
    expect(log).toMatch(/nameserver \S+\nnameserver 192\.0\.2\.53\n/);
    expect(log).toMatch(/options (?=.*ndots:5)(?=.*timeout:1)(?=.*edns0)/);
    await kube.untilPhase("dns-none", "Succeeded");
    expect((await kube.logs("dns-none")).trim().split("\n").sort()).toEqual([
      "nameserver 192.0.2.53",
      "search a.test b.test",
    ]);
    await kube.untilPhase("dns-default", "Succeeded");
    expect(await kube.logs("dns-default")).not.toContain("cluster.local");
  });

  it("sees the processes of its pod when they are shared", async () => {
    const applied = await kube.tryApply(
      podOf(
        "shared-pids",
        [
          { name: "a", ...shell("sleep 1001") },
          { name: "b", ...shell("sleep 1002") },
        ],
        {
          shareProcessNamespace: true,
        },
      ),
    );
    expect(applied.code, applied.stderr).toBe(0);
    await kube.untilReady("shared-pids");
    const ps = await kube.exec("shared-pids", "ps");
    expect(ps.stdout).toMatch(/sleep 1001/);
    expect(ps.stdout).toMatch(/sleep 1002/);
  });
});

describe("security settings", () => {
  it("runs as the wished user and groups, with an own volume group", async () => {
    await kube.apply(
      podOf(
        "users",
        [
          step(
            "main",
            "id; ls -ldn /shared; touch /shared/x && ls -ln /shared/x; touch /y 2>&1; grep NoNewPrivs /proc/self/status; grep CapEff /proc/self/status",
            {
              securityContext: {
                readOnlyRootFilesystem: true,
                allowPrivilegeEscalation: false,
                capabilities: { drop: ["ALL"] },
              },
            },
          ),
        ],
        {
          ...NEVER,
          ...shared,
          securityContext: { runAsUser: 1234, runAsGroup: 2345, fsGroup: 3456, supplementalGroups: [4567] },
        },
      ),
    );
    await kube.untilPhase("users", "Succeeded");
    const log = await kube.logs("users");
    expect(log).toMatch(/^uid=1234 gid=2345 groups=2345,3456,4567/);
    expect(log).toMatch(/^drwxrwsrwx .* 0 +3456 /m);
    expect(log).toMatch(/^-rw-r--r-- .* 1234 +3456 /m);
    expect(log).toContain("Read-only file system");
    expect(log).toMatch(/NoNewPrivs:\s+1/);
    expect(log).toMatch(/CapEff:\s+0000000000000000/);
  });

  it("gives and takes capabilities, and all of them to privileged containers", async () => {
    const show = "grep CapEff /proc/self/status";
    await kube.apply(
      podOf(
        "caps",
        [
          { name: "usual", ...shell(show) },
          {
            name: "changed",
            ...shell(show),
            securityContext: { capabilities: { drop: ["ALL"], add: ["NET_ADMIN"] } },
          },
          { name: "all", ...shell(show), securityContext: { privileged: true } },
        ],
        NEVER,
      ),
    );
    await kube.untilPhase("caps", "Succeeded");
    expect(await kube.logs("caps", "usual")).toMatch(/00000000a80425fb/);
    expect(await kube.logs("caps", "changed")).toMatch(/0000000000001000/);
    const [, all] = /CapEff:\s+(\w+)/.exec(await kube.logs("caps", "all"))!;
    expect(BigInt(`0x${all}`) & 0x200000n).toBe(0x200000n);
  });

  it("refuses root where runAsNonRoot is set", async () => {
    await kube.apply([
      shellPod("non-root", "id", { ...NEVER, securityContext: { runAsNonRoot: true } }),
      shellPod("non-root-ok", "id", { ...NEVER, securityContext: { runAsNonRoot: true, runAsUser: 1000 } }),
    ]);
    await kube.untilPhase("non-root-ok", "Succeeded");
    const pod = await kube.untilPod(
      "non-root",
      "refused",
      (pod) => pod.status.containerStatuses?.[0].state.waiting?.reason === "CreateContainerConfigError",
    );
    expect(pod.status.containerStatuses[0].state.waiting.message).toMatch(
      /^container has runAsNonRoot and image will run as root \(pod: "non-root_default\(.*\)", container: main\)$/,
    );
    expect(await kube.shownStatus("non-root")).toBe("CreateContainerConfigError");
  });

  it("classes pods by their resources", async () => {
    const resources = { cpu: "10m", memory: "32Mi" };
    await kube.apply([
      shellPod("qos-best", "true", NEVER),
      shellPod("qos-burst", "true", NEVER, { resources: { requests: { cpu: "10m" } } }),
      shellPod("qos-sure", "true", NEVER, { resources: { limits: resources } }),
    ]);
    const classes = await Promise.all(["best", "burst", "sure"].map((name) => kube.pod(`qos-${name}`)));
    expect(classes.map((pod) => pod.status.qosClass)).toEqual(["BestEffort", "Burstable", "Guaranteed"]);
    expect(classes[2]!.spec.containers[0].resources.requests).toEqual(resources);
  });
});

describe("the host's network", () => {
  it("is the pod's own with hostNetwork", async () => {
    await kube.apply(shellPod("host-net", "ip -o addr; hostname", { ...NEVER, hostNetwork: true }));
    const pod = await kube.untilPhase("host-net", "Succeeded");
    expect(pod.status.podIP).toBe(pod.status.hostIP);
    const addresses = await run("ip", ["-o", "-4", "addr", "show", "scope", "global"]);
    const [, own] = /inet (\S+)/.exec(addresses.stdout)!;
    expect(await kube.logs("host-net")).toContain(own);
  });

  it("leads a hostPort to the pod, and gives it to one pod only", async () => {
    const hostPort = await freePort();
    const answer = "while :; do printf 'HTTP/1.0 200 OK\\r\\n\\r\\nby hostPort\\n' | nc -l -p 8080; done";
    const ports = { ports: [{ containerPort: 8080, hostPort }] };
    await kube.apply(shellPod("host-port", answer, {}, ports));
    await kube.untilReady("host-port");
    const curl = await eventually("an answer", async () => {
      const result = await run("curl", ["-s", "--max-time", "5", `http://127.0.0.1:${hostPort}/`]);
      return result.code === 0 ? result : undefined;
    });
    expect(curl.stdout).toBe("by hostPort\n");
    await kube.apply(shellPod("host-port-too", answer, {}, ports));
    await eventually("FailedScheduling", async () =>
      (await kube.events("host-port-too")).some((text) =>
        /^FailedScheduling: 0\/1 nodes are available: 1 node\(s\) didn't have free ports for the requested pod ports/.test(
          text,
        ),
      ),
    );
    await kube.must("delete", "pod", "host-port");
    await kube.untilReady("host-port-too");
  });
});
