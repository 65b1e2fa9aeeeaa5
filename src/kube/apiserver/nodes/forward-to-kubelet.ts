import type { IncomingMessage } from "node:http";
import {
  type HttpContext,
  NoAnswer,
  relayRequest,
  relayUpgrade,
  type UpgradeRequest,
} from "../../../http/index.ts";
import { statusInternal } from "../../api/index.ts";
import { answeredHeaders, forwardedHeaders, forwardedUpgradeHeaders } from "../http/forwarded-headers.ts";
import type { KubeletAddress, Kubelets } from "./kubelets.ts";

/** A request that another machine's kubelet answers. */
export interface KubeletTarget {
  kubelets: Kubelets;
  address: KubeletAddress;
  /** At the kubelet, with its query. */
  path: string;
}

/** Sends the request on and its answer back, as streams. */
export async function forwardToKubelet(ctx: HttpContext, target: KubeletTarget): Promise<void> {
  const { kubelets, address, path } = target;
  const headers = forwardedHeaders(ctx.req, ctx.path);
  const outgoing = kubelets.open(address, { method: ctx.method, path, headers });
  await relayRequest(ctx, outgoing, (answer) => ({ headers: headersOf(answer) })).catch(unreachable(target));
}

/** As `forwardToKubelet`, for exec, attach and port-forward. */
export async function upgradeToKubelet(upgrade: UpgradeRequest, target: KubeletTarget): Promise<void> {
  const { kubelets, address, path } = target;
  const { req } = upgrade;
  const headers = forwardedUpgradeHeaders(req, req.url!.split("?", 1)[0]!);
  const outgoing = kubelets.open(address, { method: req.method, path, headers });
  await relayUpgrade(upgrade, outgoing, (answer) => ({ headers: headersOf(answer) })).catch(
    unreachable(target),
  );
}

/** Whereto it leads is not for a kubelet to say: clients would follow with what proves who they are (CVE-2022-3172). */
function headersOf({ headers }: IncomingMessage) {
  const { location: _, ...rest } = answeredHeaders(headers);
  return rest;
}

function unreachable({ address }: KubeletTarget): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof NoAnswer)) throw error;
    throw statusInternal(`error dialing backend: dial tcp ${address.host}:${address.port}: ${error.message}`);
  };
}
