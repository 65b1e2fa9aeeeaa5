import type { Authorizer } from "../authorization/authorizer.ts";
import { type AdmissionRequest, refusalOf } from "./admission.ts";

/** What users may do in a signer's name, and how a refusal says it. */
const SENTENCES = {
  approve: "approve requests with",
  sign: "sign requests with",
  attest: "attest for",
} as const;

/** Throws Forbidden unless the user has the verb for a signer, or for all signers of its domain. */
export async function requireSigner(
  authorizer: Authorizer,
  request: AdmissionRequest,
  verb: keyof typeof SENTENCES,
  signerName: string,
): Promise<void> {
  for (const name of [signerName, `${signerName.split("/", 1)[0]}/*`]) {
    const { decision } = await authorizer.authorize(request.user, {
      isResource: true,
      path: "",
      verb,
      group: "certificates.k8s.io",
      version: "*",
      resource: "signers",
      name,
    });
    if (decision === "allow") return;
  }
  throw refusalOf(
    request,
    `user not permitted to ${SENTENCES[verb]} signerName ${JSON.stringify(signerName)}`,
  );
}
