import type { Certificates } from "../../kube/apiserver/index.ts";
import type { ServingCredentials } from "../../kube/kubelet/index.ts";

/** The kubelet's certificate where the cluster's authority is in the same process: made or renewed at each start. */
export async function localServing(
  certificates: Certificates,
  nodeName: string,
  names: readonly string[],
): Promise<ServingCredentials> {
  const pair = await certificates.serverFor("kubelet", `system:node:${nodeName}`, names);
  return { caPem: certificates.caPem, pair: () => pair, onRenewed: () => () => {} };
}
