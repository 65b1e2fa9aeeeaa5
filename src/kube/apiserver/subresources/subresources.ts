import { type KindDefinition, nodes, pods, serviceAccounts, services } from "../../api/index.ts";
import type { Answer, ResourceCall, ServerContext } from "../server-context.ts";
import { createBinding } from "./binding.ts";
import { createEviction } from "./eviction.ts";
import { handlePartOfObject } from "./part-of-object.ts";
import { readPodLog } from "./pod-log.ts";
import { attachToPod, execInPod, forwardPodPorts } from "./pod-streams.ts";
import { proxyToPod, proxyToService, refuseNodeProxy } from "./proxy.ts";
import { handleScale } from "./scale.ts";
import { createToken } from "./token.ts";

export type SubresourceHandler = (context: ServerContext, call: ResourceCall) => Promise<Answer>;

const OF_KIND = new Map<KindDefinition, Record<string, SubresourceHandler>>([
  [
    pods,
    {
      attach: attachToPod,
      binding: createBinding,
      eviction: createEviction,
      exec: execInPod,
      log: readPodLog,
      portforward: forwardPodPorts,
      proxy: proxyToPod,
    },
  ],
  [services, { proxy: proxyToService }],
  [nodes, { proxy: refuseNodeProxy }],
  [serviceAccounts, { token: createToken }],
]);

/** Who answers `resource/name/subresource` for this verb. */
export function subresourceHandler({ kind, info }: ResourceCall): SubresourceHandler {
  const name = info.subresource!;
  if (name === "scale") return handleScale;
  return OF_KIND.get(kind)?.[name] ?? handlePartOfObject;
}
