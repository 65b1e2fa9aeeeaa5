import { describe, expect, it } from "vitest";
import type { Container, Pod, Service } from "../../api/index.ts";
import type { KubeObject } from "../../api/types.ts";
import { aContainer, aPod } from "../testing/pods.ts";
import { containerEnvironment } from "./environment.ts";
import { expand } from "./expansion.ts";
import type { FieldContext } from "./field-value.ts";

const fields: FieldContext = {
  nodeName: "node-1",
  hostIp: "192.0.2.1",
  podIp: "10.244.0.5",
  allocatable: { cpuMilli: 4000, memoryBytes: 2 ** 30, ephemeralStorageBytes: 0 },
};

function object(kind: string, name: string, data: Record<string, string>): KubeObject {
  return {
    apiVersion: "v1",
    kind,
    metadata: { name, uid: name, resourceVersion: "1", creationTimestamp: null },
    data,
  };
}

const OBJECTS: Record<string, KubeObject> = {
  "configmap/settings": object("ConfigMap", "settings", { color: "red", size: "7" }),
  "secret/login": object("Secret", "login", { password: Buffer.from("s3cret").toString("base64") }),
};

async function env(container: Partial<Container>, options: { services?: Service[]; pod?: Pod } = {}) {
  const one = aContainer("app", container);
  const pod =
    options.pod ?? aPod({ containers: [one], serviceAccountName: "robot" }, { labels: { app: "web" } });
  const found = await containerEnvironment({
    pod,
    container: one,
    services: options.services ?? [],
    objects: { get: async (kind, _namespace, name) => OBJECTS[`${kind}/${name}`] },
    fields,
  });
  return Object.fromEntries(found);
}

describe("expansion", () => {
  const known = (name: string) => ({ A: "1", B: "$(A)" })[name];
  it.each([
    ["plain", "plain"],
    ["$(A)-$(A)", "1-1"],
    ["$$(A)", "$(A)"],
    ["$(B)", "$(A)"],
    ["$(UNKNOWN)", "$(UNKNOWN)"],
    ["$(A", "$(A"],
    ["a$", "a$"],
    ["$x", "$x"],
    ["$$$(A)", "$1"],
  ])("%s becomes %s", (text, expected) => {
    expect(expand(text, known)).toBe(expected);
  });
});

describe("environment", () => {
  it("knows values, and earlier ones in later ones", async () => {
    expect(
      await env({
        env: [
          { name: "A", value: "1" },
          { name: "B", value: "$(A)2" },
          { name: "A", value: "3" },
        ],
      }),
    ).toEqual({ A: "3", B: "12" });
  });

  it("knows the pod's fields and the container's resources", async () => {
    const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
    const resource = (name: string, what: string, divisor?: string) => ({
      name,
      valueFrom: { resourceFieldRef: { resource: what, divisor } },
    });
    expect(
      await env({
        resources: { requests: { cpu: "250m" }, limits: { memory: "64Mi" } },
        env: [
          field("NAME", "metadata.name"),
          field("NAMESPACE", "metadata.namespace"),
          field("APP", "metadata.labels['app']"),
          field("NODE", "spec.nodeName"),
          field("ROBOT", "spec.serviceAccountName"),
          field("POD_IP", "status.podIP"),
          field("HOST_IP", "status.hostIP"),
          resource("CPU", "requests.cpu"),
          resource("CPU_M", "requests.cpu", "1m"),
          resource("MEMORY", "limits.memory", "1Mi"),
          resource("CPU_LIMIT", "limits.cpu"),
        ],
      }),
    ).toEqual({
      NAME: "web",
      NAMESPACE: "default",
      APP: "web",
      NODE: "node-1",
      ROBOT: "robot",
      POD_IP: "10.244.0.5",
      HOST_IP: "192.0.2.1",
      CPU: "1",
      CPU_M: "250",
      MEMORY: "64",
      CPU_LIMIT: "4",
    });
  });

  it("knows config maps and secrets", async () => {
    expect(
      await env({
        envFrom: [
          { prefix: "S_", configMapRef: { name: "settings" } },
          { secretRef: { name: "none", optional: true } },
        ],
        env: [
          { name: "COLOR", valueFrom: { configMapKeyRef: { name: "settings", key: "color" } } },
          { name: "PASSWORD", valueFrom: { secretKeyRef: { name: "login", key: "password" } } },
          { name: "NONE", valueFrom: { secretKeyRef: { name: "login", key: "other", optional: true } } },
        ],
      }),
    ).toEqual({ S_color: "red", S_size: "7", COLOR: "red", PASSWORD: "s3cret" });
  });

  it.each([
    [{ envFrom: [{ configMapRef: { name: "none" } }] }, 'configmap "none" not found'],
    [
      { env: [{ name: "A", valueFrom: { secretKeyRef: { name: "none", key: "k" } } }] },
      'secret "none" not found',
    ],
    [
      { env: [{ name: "A", valueFrom: { configMapKeyRef: { name: "settings", key: "k" } } }] },
      "couldn't find key k in ConfigMap default/settings",
    ],
  ])("says what is missing %#", async (container, message) => {
    await expect(env(container)).rejects.toThrow(message);
  });

  it("tells of services, without taking a name", async () => {
    const service = (name: string, spec: Service["spec"]): Service => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, uid: name, resourceVersion: "1", creationTimestamp: null },
      spec,
    });
    const services = [
      service("my-db", { clusterIP: "10.96.0.9", ports: [{ name: "sql", port: 5432, protocol: "TCP" }] }),
      service("headless", { clusterIP: "None", ports: [{ port: 1 }] }),
    ];
    expect(await env({ env: [{ name: "MY_DB_PORT", value: "mine" }] }, { services })).toEqual({
      MY_DB_PORT: "mine",
      MY_DB_SERVICE_HOST: "10.96.0.9",
      MY_DB_SERVICE_PORT: "5432",
      MY_DB_SERVICE_PORT_SQL: "5432",
      MY_DB_PORT_5432_TCP: "tcp://10.96.0.9:5432",
      MY_DB_PORT_5432_TCP_PROTO: "tcp",
      MY_DB_PORT_5432_TCP_PORT: "5432",
      MY_DB_PORT_5432_TCP_ADDR: "10.96.0.9",
    });
  });
});
