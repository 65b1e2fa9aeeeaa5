import { type KubeObject, statusBadRequest } from "../../api/index.ts";
import type { PodTarget } from "../../client/node-access.ts";
import type { ResourceCall, ServerContext } from "../server-context.ts";

interface Named {
  name: string;
}

const names = (containers: Named[] | undefined) => (containers ?? []).map((container) => container.name);

/** Where a pod runs, and which of its containers is meant (registry/core/pod strategy, podContainer and ResourceLocation). */
export async function findPodTarget(
  context: ServerContext,
  call: ResourceCall,
): Promise<{ pod: KubeObject; target: PodTarget }> {
  const { object: pod } = await context.objects.get(call.kind, call.info.namespace, call.info.name!);
  const container = chooseContainer(pod, call.params.get("container") ?? "");
  const { namespace, name, uid } = pod.metadata;
  const nodeName = pod.spec.nodeName ?? "";
  return { pod, target: { nodeName, namespace: namespace!, podName: name, podUid: uid, container } };
}

function chooseContainer({ spec, metadata }: KubeObject, wanted: string): string {
  const ordinary = names(spec.containers);
  const init = names(spec.initContainers);
  const ephemeral = names(spec.ephemeralContainers);
  if (wanted !== "") {
    if ([...ordinary, ...init, ...ephemeral].includes(wanted)) return wanted;
    throw statusBadRequest(`container ${wanted} is not valid for pod ${metadata.name}`);
  }
  if (ordinary.length === 1) return ordinary[0]!;
  if (ordinary.length === 0)
    throw statusBadRequest(`a container name must be specified for pod ${metadata.name}`);
  const all = [...init, ...ordinary, ...ephemeral].join(" ");
  throw statusBadRequest(
    `a container name must be specified for pod ${metadata.name}, choose one of: [${all}]`,
  );
}

export function requireScheduled(target: PodTarget): void {
  if (target.nodeName === "") throw statusBadRequest(`pod ${target.podName} does not have a host assigned`);
}
