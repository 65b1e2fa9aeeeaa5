import type { CertificateRequest } from "../../../formats/index.ts";
import { kubeletClientProblem, kubeletServingProblem } from "../../api/index.ts";

/** What is wrong with an approved request in the eyes of its signer. */
export type SignerRule = (request: CertificateRequest, usages: readonly string[]) => string | undefined;

const CLIENT_USAGES = ["digital signature", "key encipherment", "client auth"];

/** The signers that the cluster's authority stands for, and what each certifies. */
export const SIGNERS: Readonly<Record<string, SignerRule>> = {
  "kubernetes.io/kube-apiserver-client": (_, usages) => clientUsagesProblem(usages),
  "kubernetes.io/kube-apiserver-client-kubelet": kubeletClientProblem,
  "kubernetes.io/kubelet-serving": kubeletServingProblem,
  "kubernetes.io/legacy-unknown": () => undefined,
};

function clientUsagesProblem(usages: readonly string[]): string | undefined {
  const wrong = usages.find((usage) => !CLIENT_USAGES.includes(usage));
  if (wrong !== undefined) return `invalid usage for client certificate: ${wrong}`;
  return usages.includes("client auth")
    ? undefined
    : "missing required usage for client certificate: client auth";
}
