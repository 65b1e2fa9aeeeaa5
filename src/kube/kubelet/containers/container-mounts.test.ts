import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { VolumeMount } from "../../api/index.ts";
import { aPod } from "../testing/pods.ts";
import { containerMounts } from "./container-mounts.ts";
import { volumeMountStatuses } from "./recursive-read-only.ts";

let podDir: string;
beforeEach(() => {
  podDir = mkdtempSync(join(tmpdir(), "mounts-"));
});
afterEach(() => rmSync(podDir, { recursive: true }));

async function mountOf(mount: Partial<VolumeMount>) {
  const pod = aPod({ volumes: [{ name: "v", hostPath: { path: "/v" } }] });
  const container = { ...pod.spec.containers[0]!, volumeMounts: [{ name: "v", mountPath: "/m", ...mount }] };
  const volumes = new Map([["v", "/v"]]);
  const [first] = await containerMounts({ pod, container, podDir, volumes, env: new Map(), hosts: "" });
  return first!;
}

it("asks for recursively read-only mounts where the pod does", async () => {
  for (const [recursiveReadOnly, expected] of [
    [undefined, false],
    ["Disabled", false],
    ["IfPossible", true],
    ["Enabled", true],
  ] as const) {
    const mount = await mountOf({ readOnly: true, ...(recursiveReadOnly && { recursiveReadOnly }) });
    expect(mount).toMatchObject({ containerPath: "/m", readOnly: true, recursiveReadOnly: expected });
  }
});

it("passes the propagation on", async () => {
  for (const [mountPropagation, propagation] of [
    ["None", "PRIVATE"],
    ["HostToContainer", "HOST_TO_CONTAINER"],
    ["Bidirectional", "BIDIRECTIONAL"],
  ] as const)
    expect((await mountOf({ mountPropagation })).propagation).toBe(propagation);
});

it("tells in the container's status which mounts are read-only, and how far", () => {
  const { containers } = aPod({}).spec;
  const volumeMounts: VolumeMount[] = [
    { name: "v", mountPath: "/rw" },
    { name: "v", mountPath: "/ro", readOnly: true },
    { name: "v", mountPath: "/rro", readOnly: true, recursiveReadOnly: "IfPossible" },
  ];
  expect(volumeMountStatuses({ ...containers[0]!, volumeMounts })).toEqual({
    volumeMounts: [
      { name: "v", mountPath: "/rw" },
      { name: "v", mountPath: "/ro", readOnly: true, recursiveReadOnly: "Disabled" },
      { name: "v", mountPath: "/rro", readOnly: true, recursiveReadOnly: "Enabled" },
    ],
  });
  expect(volumeMountStatuses(containers[0]!)).toEqual({});
});
