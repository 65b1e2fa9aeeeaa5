import { describe, expect, it } from "vitest";
import { loadProject, type ProjectFiles, withEnvironmentResolved } from "../model/index.ts";
import { allObjects, convertProject } from "./convert-project.ts";

function convert(compose: string) {
  const files: Record<string, string> = { "/p/compose.yaml": compose, "/p/secret": "s3cret" };
  const machine: ProjectFiles = {
    currentDirectory: "/p",
    homeDirectory: "/root",
    read: (path) => files[path],
    kind: (path) => (path in files ? "file" : undefined),
    realPath: (path) => path,
    readInput: () => "",
  };
  const project = loadProject({ machine, variables: new Map(), warn: () => {} }, { discardEnvFiles: true });
  const converted = convertProject(withEnvironmentResolved(project, machine), {
    readFile: (path) => Buffer.from(files[path] ?? ""),
    separator: "-",
  });
  const objects = JSON.parse(JSON.stringify(allObjects(converted))) as {
    kind: string;
    metadata: { name: string };
    [k: string]: unknown;
  }[];
  // biome-ignore lint/suspicious/noExplicitAny: the shape depends on the kind
  const find = (kind: string, name: string): any =>
    objects.find((one) => one.kind === kind && one.metadata.name === name);
  return {
    objects,
    find,
    told: converted.told,
    pod: (name: string) => find("Deployment", name).spec.template.spec,
  };
}

describe("a project on the cluster", () => {
  it("is a Deployment a service, found by its name and aliases", () => {
    const { find, pod } = convert(`
services:
  web_app:
    image: nginx
    command: [run, it]
    entrypoint: /e
    environment: {B: "2", A: "$$(X)"}
    ports: ["127.0.0.1:8080:80", "53/udp"]
    networks: {default: {aliases: [www]}}
    scale: 3
    stop_grace_period: 5s
    healthcheck: {test: curl localhost, interval: 5s, timeout: 2s, retries: 4}
    user: "1000:100"
    cap_add: [NET_ADMIN]
    extra_hosts: ["db=10.0.0.1"]
    mem_limit: 64m
    cpus: 0.5
`);
    const { spec } = find("Deployment", "web-app");
    expect([spec.replicas, spec.strategy.type]).toEqual([3, "Recreate"]);
    expect(pod("web-app")).toMatchObject({
      terminationGracePeriodSeconds: 5,
      hostAliases: [{ ip: "10.0.0.1", hostnames: ["db"] }],
    });
    const [container] = pod("web-app").containers;
    expect(container).toMatchObject({
      command: ["/e"],
      args: ["run", "it"],
      env: [
        { name: "A", value: "$$(X)" },
        { name: "B", value: "2" },
      ],
      ports: [
        { containerPort: 80, hostPort: 8080, hostIP: "127.0.0.1", protocol: "TCP" },
        { containerPort: 53, protocol: "UDP" },
      ],
      readinessProbe: {
        exec: { command: ["/bin/sh", "-c", "curl localhost"] },
        periodSeconds: 5,
        timeoutSeconds: 2,
        failureThreshold: 4,
      },
      securityContext: { runAsUser: 1000, runAsGroup: 100, capabilities: { add: ["NET_ADMIN"] } },
      resources: { limits: { cpu: "500m", memory: "67108864" }, requests: { cpu: "0", memory: "0" } },
    });
    expect(find("Service", "web-app").spec.clusterIP).toBe("None");
    expect(find("Service", "www").spec.selector).toEqual(find("Service", "web-app").spec.selector);
  });

  it("keeps volumes as claims, configurations and secrets as files", () => {
    const { find, pod } = convert(`
services:
  a:
    image: x
    volumes: [data:/data, ./src:/src:ro, /anon]
    tmpfs: /t:size=1m
    configs: [{source: c, target: /etc/c}]
    secrets: [{source: s, mode: 0400}]
volumes: {data: }
configs: {c: {content: text}}
secrets: {s: {file: ./secret}}
`);
    expect(find("PersistentVolumeClaim", "data").spec.accessModes).toEqual(["ReadWriteOnce"]);
    expect(find("ConfigMap", "c").data).toEqual({ content: "text" });
    expect(find("Secret", "s").data).toEqual({ content: Buffer.from("s3cret").toString("base64") });
    expect(pod("a").containers[0].volumeMounts).toEqual([
      { name: "claim-data", mountPath: "/data" },
      { name: "volume-1", mountPath: "/src", readOnly: true },
      { name: "volume-2", mountPath: "/anon" },
      { name: "tmpfs-0", mountPath: "/t" },
      { name: "config-c", mountPath: "/etc/c", subPath: "content", readOnly: true },
      { name: "secret-s", mountPath: "/run/secrets/s", subPath: "content", readOnly: true },
    ]);
    expect(pod("a").volumes).toContainEqual({ name: "volume-1", hostPath: { path: "/p/src", type: "" } });
    expect(pod("a").volumes).toContainEqual({
      name: "secret-s",
      secret: { secretName: "s", defaultMode: 0o400 },
    });
  });

  it("makes a Job of what others wait to end, and puts what is needed first", () => {
    const { objects, find } = convert(`
services:
  a: {image: x, depends_on: {m: {condition: service_completed_successfully}}}
  m: {image: x}
`);
    expect(find("Job", "m").spec).toMatchObject({
      backoffLimit: 0,
      template: { spec: { restartPolicy: "Never" } },
    });
    const order = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(order.indexOf("Job/m")).toBeLessThan(order.indexOf("Deployment/a"));
  });

  it("tells what cannot be said there", () => {
    const { told } = convert(`
services:
  a:
    image: x
    ulimits: {nofile: 1}
    restart: on-failure
    network_mode: none
    init: true
    devices: [/dev/a]
    user: web
    deploy: {placement: {constraints: [a]}, update_config: {delay: 1s}}
    security_opt: [seccomp=unconfined]
`);
    const fields = told.map((sentence) => sentence.split(":")[0]).sort();
    expect(fields).toEqual(
      [
        "deploy.placement",
        "deploy.update_config",
        "devices",
        "init",
        "network_mode",
        "restart",
        "security_opt",
        "ulimits",
        "user",
      ].map((field) => `services.a.${field}`),
    );
  });
});
