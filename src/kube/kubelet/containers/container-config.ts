import type { CriContainerConfig, CriImage, CriMount } from "../../../cri/types.ts";
import type { Container, Pod } from "../../api/index.ts";
import { expand } from "../env/expansion.ts";
import { Annotation, containerHash, containerLogPath, Label } from "../naming.ts";
import { containerResources } from "./resources.ts";
import { linuxSecurityContext } from "./security-context.ts";

export interface ContainerConfigInput {
  pod: Pod;
  container: Container;
  image: CriImage;
  attempt: number;
  env: ReadonlyMap<string, string>;
  mounts: CriMount[];
  nodeMemoryBytes: number;
  /** Container whose processes it shall see (`kubectl debug --target`). */
  targetId?: string;
}

/** What the runtime is asked for to make a container. */
export function containerConfig(input: ContainerConfigInput): CriContainerConfig {
  const { pod, container, image, attempt, env } = input;
  const { name, namespace = "", uid } = pod.metadata;
  const expandWith = (text: string) => expand(text, (variable) => env.get(variable));
  return {
    metadata: { name: container.name, attempt },
    image: image.id,
    userSpecifiedImage: container.image ?? "",
    command: (container.command ?? []).map(expandWith),
    args: (container.args ?? []).map(expandWith),
    workingDir: container.workingDir ?? "",
    envs: [...env].map(([key, value]) => ({ key, value })),
    mounts: input.mounts,
    devices: [],
    labels: {
      [Label.podName]: name,
      [Label.podNamespace]: namespace,
      [Label.podUid]: uid,
      [Label.containerName]: container.name,
    },
    annotations: containerAnnotations(pod, container, attempt),
    logPath: containerLogPath(container.name, attempt),
    stdin: container.stdin === true,
    stdinOnce: container.stdinOnce === true,
    tty: container.tty === true,
    ...(container.lifecycle?.stopSignal ? { stopSignal: container.lifecycle.stopSignal } : {}),
    linux: {
      resources: containerResources(pod, container, input.nodeMemoryBytes),
      securityContext: linuxSecurityContext(pod, container, image, input.targetId),
    },
  };
}

/** What has to be known of a container when its pod is known no more. */
function containerAnnotations(pod: Pod, container: Container, attempt: number): Record<string, string> {
  return {
    [Annotation.hash]: containerHash(container),
    [Annotation.resources]: JSON.stringify(container.resources ?? {}),
    [Annotation.restartCount]: String(attempt),
    [Annotation.terminationMessagePath]: container.terminationMessagePath ?? "/dev/termination-log",
    [Annotation.terminationMessagePolicy]: container.terminationMessagePolicy ?? "File",
    [Annotation.podTerminationGracePeriod]: String(pod.spec.terminationGracePeriodSeconds ?? 30),
  };
}
