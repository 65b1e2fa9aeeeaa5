import { notImplemented } from "../../../base/index.ts";
import type { CriPortMapping, DnsConfig, PodSandboxConfig } from "../../../cri/types.ts";
import type { Pod } from "../../api/index.ts";
import { podCgroupParent, podResources } from "../containers/resources.ts";
import { namespaceOptions } from "../containers/security-context.ts";
import { Label, podLogDirectory } from "../naming.ts";

export interface SandboxConfigInput {
  pod: Pod;
  attempt: number;
  hostname: string;
  dnsConfig: DnsConfig;
  podLogsDir: string;
}

/** What the runtime is asked for to make a pod's sandbox. */
export function sandboxConfig({
  pod,
  attempt,
  hostname,
  dnsConfig,
  podLogsDir,
}: SandboxConfigInput): PodSandboxConfig {
  const { name, namespace = "", uid, labels = {}, annotations = {} } = pod.metadata;
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  refuseWhatIsNotBuilt(pod);
  return {
    metadata: { name, namespace, uid, attempt },
    hostname,
    logDirectory: podLogDirectory(podLogsDir, { name, namespace, uid }),
    dnsConfig,
    portMappings: portMappings(pod),
    labels: { ...labels, [Label.podName]: name, [Label.podNamespace]: namespace, [Label.podUid]: uid },
    annotations,
    linux: {
      cgroupParent: podCgroupParent(pod),
      resources: podResources(pod),
      sysctls: Object.fromEntries(
        (pod.spec.securityContext?.sysctls ?? []).map((one) => [one.name, one.value]),
      ),
      namespaceOptions: namespaceOptions(pod),
      privileged: containers.some(({ securityContext }) => securityContext?.privileged === true),
    },
  };
}

/** A pod that asks for isolation or devices that it would not get must not run without. */
function refuseWhatIsNotBuilt({ spec }: Pod): void {
  const refuse = (what: string) => notImplemented(`${what} not implemented`, { code: "Kubelet.PodFeature" });
  if (spec.hostUsers === false) throw refuse("user namespaces (hostUsers: false) are");
  if (spec.runtimeClassName) throw refuse(`the runtime class ${JSON.stringify(spec.runtimeClassName)} is`);
  if ((spec.resourceClaims ?? []).length > 0) throw refuse("resource claims are");
}

/** Host ports of a pod with its own network; on the host's network the ports are the host's already. */
function portMappings(pod: Pod): CriPortMapping[] {
  if (pod.spec.hostNetwork) return [];
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  return containers.flatMap(({ ports = [] }) =>
    ports
      .filter(({ hostPort }) => hostPort !== undefined && hostPort > 0)
      .map(({ protocol = "TCP", containerPort, hostPort = 0, hostIP = "" }) => ({
        protocol: protocol.toLowerCase() as CriPortMapping["protocol"],
        containerPort,
        hostPort,
        hostIp: hostIP,
      })),
  );
}
