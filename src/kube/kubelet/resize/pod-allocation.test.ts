import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../../base/index.ts";
import type { Container } from "../../api/index.ts";
import { Annotation } from "../naming.ts";
import { aContainer, aPod, aState, aStatus } from "../testing/pods.ts";
import { PodAllocation } from "./pod-allocation.ts";
import { resizeNeedsRestart } from "./resource-change.ts";

const cpu = (amount: string) => ({ requests: { cpu: amount } });
const podWith = (resources: object, more: Partial<Container> = {}) =>
  aPod({ containers: [aContainer("app", { resources, ...more })] });
const madeWith = (resources: object) =>
  aStatus("app", { annotations: { [Annotation.resources]: JSON.stringify(resources) } });

describe("what a pod's containers are promised", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "allocation-"));
  });
  afterEach(() => rmSync(dir, { recursive: true }));
  const open = () => new PodAllocation(dir, silentLogger);

  it("is what the pod asks for when it is seen first, whatever it asks for later", async () => {
    const [first, later] = [podWith(cpu("100m")), podWith(cpu("200m"))];
    const allocation = open();
    expect(allocation.of(first)).toBe(first);
    allocation.observe(first, aState());
    expect(allocation.of(first)).toBe(first);
    expect(allocation.of(later).spec.containers[0]!.resources).toEqual(cpu("100m"));
    await allocation.accept(later);
    expect(allocation.of(later)).toBe(later);
    expect(open().of(first).spec.containers[0]!.resources).toEqual(cpu("200m"));
  });

  it("is what its containers were made with, where the pod was changed while nobody looked", () => {
    const allocation = open();
    allocation.observe(podWith(cpu("200m")), aState([madeWith(cpu("100m"))]));
    expect(allocation.of(podWith(cpu("200m"))).spec.containers[0]!.resources).toEqual(cpu("100m"));
  });

  it("is known of a container that does not say what it was made with", async () => {
    const allocation = open();
    const state = aState([aStatus("app")]);
    allocation.observe(podWith(cpu("100m")), state);
    await allocation.accept(podWith(cpu("200m")));
    expect(allocation.actuatedOf(state.containers[0]!)).toEqual(cpu("100m"));
  });

  it("is kept with what was given, for as long as the container is there", async () => {
    const allocation = open();
    const state = aState([madeWith(cpu("100m"))]);
    await allocation.setActuated("gone-0", cpu("1"), state);
    await allocation.setActuated("app-0", cpu("200m"), state);
    expect(open().actuatedOf(state.containers[0]!)).toEqual(cpu("200m"));
    expect(JSON.parse(readFileSync(join(dir, "resources.json"), "utf8")).actuated).toEqual({
      "app-0": cpu("200m"),
    });
  });

  it("is read from the containers where its record is torn", () => {
    writeFileSync(join(dir, "resources.json"), '{"alloc');
    const allocation = open();
    allocation.observe(podWith(cpu("200m")), aState([madeWith(cpu("100m"))]));
    expect(allocation.of(podWith(cpu("200m"))).spec.containers[0]!.resources).toEqual(cpu("100m"));
  });
});

describe("a container's resize policy", () => {
  const given = { requests: { cpu: "100m", memory: "32Mi" }, limits: { memory: "64Mi" } };
  const policy = [{ resourceName: "memory", restartPolicy: "RestartContainer" }];
  it.each<[string, object, Container["resizePolicy"], boolean]>([
    ["nothing changed", given, policy, false],
    ["another way to write the same", { ...given, limits: { memory: "65536Ki" } }, policy, false],
    ["processor time", { ...given, requests: { cpu: "1", memory: "32Mi" } }, policy, false],
    ["a request of memory", { ...given, requests: { cpu: "100m", memory: "33Mi" } }, policy, true],
    ["a limit of memory", { ...given, limits: { memory: "1Gi" } }, policy, true],
    ["a limit of memory, without a policy", { ...given, limits: { memory: "1Gi" } }, undefined, false],
  ])("decides about a restart: %s", (_what, resources, resizePolicy, expected) => {
    const container = aContainer("app", { resources, ...(resizePolicy ? { resizePolicy } : {}) });
    expect(resizeNeedsRestart(container, given)).toBe(expected);
  });
});
