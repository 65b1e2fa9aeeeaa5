import { rfc3339Seconds } from "../../../base/index.ts";
import type { CertificateRequest } from "../../../formats/index.ts";
import type { CertificateSigningRequest } from "../../api/index.ts";
import { certificateSigningRequests, readCertificateRequest } from "../../api/index.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { keyOf } from "../object-key.ts";
import { hasCondition, isApproved, isIssued, withCondition } from "../signing-requests.ts";
import { unlessGone } from "../write-errors.ts";
import { SIGNERS } from "./signers.ts";
import { validityOf } from "./validity.ts";

/** The cluster's authority, as far as it is needed here. */
export interface SigningAuthority {
  readonly notAfterMs: number;
  /** A certificate as PEM. */
  issue(order: {
    request: CertificateRequest;
    usages: readonly string[];
    notBeforeMs: number;
    notAfterMs: number;
  }): string;
}

/** Issues certificates to approved requests of the built-in signers, or says why it does not. */
export function createCsrSigningController(
  dependencies: ControllerDependencies & { authority: SigningAuthority; longestMs?: number },
): Controller {
  const { client, informers, clock, authority, longestMs } = dependencies;
  const requests = informers.informer(certificateSigningRequests);

  const answerTo = (one: CertificateSigningRequest): CertificateSigningRequest => {
    const { signerName, request, expirationSeconds, usages = [] } = one.spec;
    const asked = readCertificateRequest(request);
    const problem = SIGNERS[signerName]!(asked, usages);
    if (problem !== undefined)
      return withCondition(one, {
        type: "Failed",
        status: "True",
        reason: "SignerValidationFailure",
        message: problem,
        lastUpdateTime: rfc3339Seconds(clock.nowMs()),
      });
    const validity = validityOf(expirationSeconds, clock.nowMs(), authority.notAfterMs, longestMs);
    const pem = authority.issue({ request: asked, usages, ...validity });
    return { ...one, status: { ...one.status, certificate: Buffer.from(pem).toString("base64") } };
  };

  return createController(
    {
      name: "csrsigning",
      informers: [requests],
      watch: (enqueue) => [
        requests.subscribe({ onAdd: (one) => enqueue(keyOf(one)), onUpdate: (one) => enqueue(keyOf(one)) }),
      ],
      reconcile: async (key) => {
        const request = requests.get(key);
        if (!request || isIssued(request) || !isApproved(request) || hasCondition(request, "Failed")) return;
        if (!(request.spec.signerName in SIGNERS)) return;
        await unlessGone(client.updateStatus(certificateSigningRequests, answerTo(request)));
      },
    },
    dependencies,
  );
}
