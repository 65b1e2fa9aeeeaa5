import type { CriContainerStatus, PodSandboxStatus } from "../../../cri/types.ts";
import type { Container, Pod, PodSpec } from "../../api/index.ts";
import { Annotation, containerHash, Label } from "../naming.ts";
import type { PodRuntimeState } from "../pods/runtime-state.ts";

/** A pod as the API would hand it out, with what a test says of it. */
export function aPod(spec: Partial<PodSpec> = {}, metadata: Partial<Pod["metadata"]> = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "web",
      namespace: "default",
      uid: "uid-1",
      resourceVersion: "1",
      creationTimestamp: null,
      ...metadata,
    },
    spec: { restartPolicy: "Always", containers: [aContainer("app")], ...spec },
    status: {},
  };
}

export function aContainer(name: string, more: Partial<Container> = {}): Container {
  return { name, image: "busybox", ...more };
}

export function aSandbox(more: Partial<PodSandboxStatus> = {}): PodSandboxStatus {
  return {
    id: "sandbox-0",
    metadata: { name: "web", namespace: "default", uid: "uid-1", attempt: 0 },
    state: "READY",
    createdAtNs: 1_000_000_000n,
    ip: "10.244.0.5",
    labels: {},
    annotations: {},
    namespaceOptions: { network: "POD", pid: "CONTAINER", ipc: "POD" },
    ...more,
  };
}

/** A container of the runtime; its id is `<name>-<attempt>` unless said otherwise. */
export function aStatus(
  name: string,
  more: Partial<CriContainerStatus> & { attempt?: number } = {},
): CriContainerStatus {
  const { attempt = 0, ...rest } = more;
  return {
    id: `${name}-${attempt}`,
    podSandboxId: "sandbox-0",
    metadata: { name, attempt },
    state: "RUNNING",
    createdAtNs: 1_000_000_000n + BigInt(attempt),
    startedAtNs: 1_000_000_000n,
    finishedAtNs: rest.state === "EXITED" ? 2_000_000_000n : 0n,
    exitCode: 0,
    image: "docker.io/library/busybox:latest",
    imageRef: "sha256:1",
    imageId: "sha256:1",
    reason: rest.state === "EXITED" ? (rest.exitCode ? "Error" : "Completed") : "",
    message: "",
    labels: { [Label.containerName]: name },
    annotations: { [Annotation.hash]: containerHash(aContainer(name)) },
    mounts: [],
    logPath: "",
    pid: 1,
    ...rest,
  };
}

export function aState(
  containers: CriContainerStatus[] = [],
  sandboxes: PodSandboxStatus[] = [aSandbox()],
): PodRuntimeState {
  return { containers, sandboxes };
}
