import { type KindDefinition, nodes, pods, serviceAccounts, services } from "../../api/index.ts";
import type { Answer, ResourceCall, ServerContext } from "../server-context.ts";
import { createBinding } from "./binding.ts";
import { connecting } from "./connect.ts";
import { createEviction } from "./eviction/create-eviction.ts";
import { handlePartOfObject } from "./part-of-object.ts";
import { readPodLog } from "./pod-log.ts";
import { attachToPod, execInPod, forwardPodPorts } from "./pod-streams.ts";
import { proxyToNode, proxyToPod, proxyToService } from "./proxy.ts";
import { handleScale } from "./scale.ts";
import { createToken } from "./token.ts";

export type SubresourceHandler = (context: ServerContext, call: ResourceCall) => Promise<Answer>;

const OF_KIND = new Map<KindDefinition, Record<string, SubresourceHandler>>([
  [
    pods,
    {
      attach: connecting(attachToPod),
      binding: createBinding,
      eviction: createEviction,
      exec: connecting(execInPod),
      log: readPodLog,
      portforward: connecting(forwardPodPorts),
      proxy: connecting(proxyToPod),
    },
  ],
  [services, { proxy: connecting(proxyToService) }],
  [nodes, { proxy: connecting(proxyToNode) }],
  [serviceAccounts, { token: createToken }],
]);

/** Who answers `resource/name/subresource` for this verb. */
export function subresourceHandler({ kind, info }: ResourceCall): SubresourceHandler {
  const name = info.subresource!;
  if (name === "scale") return handleScale;
  return OF_KIND.get(kind)?.[name] ?? handlePartOfObject;
}
