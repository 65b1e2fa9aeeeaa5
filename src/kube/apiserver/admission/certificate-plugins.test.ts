import { describe, expect, it } from "vitest";
import { DEVS_REQUEST, MASTERS_REQUEST } from "../../../formats/certificate-request.test-support.ts";
import type { Authorizer } from "../authorization/authorizer.ts";
import { admitted, type SentRequest } from "../testing/admitted.ts";
import { certificateApproval, certificateSigning, clusterTrustBundleAttest } from "./certificate-signers.ts";
import { certificateSubjectRestriction } from "./certificate-subject-restriction.ts";

const REQUESTS = "certificatesigningrequests.certificates.k8s.io";
const BUNDLES = "clustertrustbundles.certificates.k8s.io";

/** Allows one verb for one name of a signer. */
const allowing = (verb: string, name: string): Authorizer => ({
  authorize: (_, info) => ({
    decision:
      info.isResource && info.resource === "signers" && info.verb === verb && info.name === name
        ? "allow"
        : "noOpinion",
  }),
});
const request = (signerName: string, status: object = {}) => ({
  metadata: { name: "r" },
  spec: { signerName },
  status,
});

describe("CertificateApproval and CertificateSigning", () => {
  const approve: SentRequest = {
    resource: REQUESTS,
    subresource: "approval",
    object: request("other.io/x"),
    oldObject: request("example.com/a"),
  };
  const sign = (certificate: string): SentRequest => ({
    resource: REQUESTS,
    subresource: "status",
    object: request("example.com/a", { certificate }),
    oldObject: request("example.com/a", { certificate: "old" }),
  });
  const REFUSED = '403 Forbidden certificatesigningrequests.certificates.k8s.io "r" is forbidden: ';

  it.each(["example.com/a", "example.com/*"])("are content with a right for %s", async (name) => {
    expect((await admitted(certificateApproval(allowing("approve", name)), approve)).refused).toBeUndefined();
    expect((await admitted(certificateSigning(allowing("sign", name)), sign("new"))).refused).toBeUndefined();
  });

  it("refuse who has none", async () => {
    const none = allowing("approve", "other.io/x");
    expect((await admitted(certificateApproval(none), approve)).refused).toBe(
      `${REFUSED}user not permitted to approve requests with signerName "example.com/a"`,
    );
    expect((await admitted(certificateSigning(none), sign("new"))).refused).toBe(
      `${REFUSED}user not permitted to sign requests with signerName "example.com/a"`,
    );
  });

  it("look at what they are for, and nothing else", async () => {
    const none = allowing("", "");
    expect((await admitted(certificateSigning(none), sign("old"))).refused).toBeUndefined();
    expect((await admitted(certificateSigning(none), approve)).refused).toBeUndefined();
    expect((await admitted(certificateApproval(none), sign("new"))).refused).toBeUndefined();
  });
});

describe("ClusterTrustBundleAttest", () => {
  const bundle = (signerName: string, metadata: object = {}, trustBundle = "a") => ({
    metadata: { name: "b", ...metadata },
    spec: { ...(signerName ? { signerName } : {}), trustBundle },
  });
  const plugin = clusterTrustBundleAttest(allowing("attest", "good.io/*"));
  const REFUSED =
    '403 Forbidden clustertrustbundles.certificates.k8s.io "b" is forbidden: user not permitted to attest for signerName "bad.io/a"';

  it.each<[object, object | undefined, string | undefined]>([
    [bundle("good.io/a"), undefined, undefined],
    [bundle(""), undefined, undefined],
    [bundle("bad.io/a"), undefined, REFUSED],
    [bundle("bad.io/a", {}, "b"), bundle("bad.io/a"), REFUSED],
    [bundle("bad.io/a", { finalizers: ["x"] }), bundle("bad.io/a"), undefined],
  ])("judges %j after %j", async (object, oldObject, refused) => {
    const sent = { resource: BUNDLES, object, ...(oldObject ? { oldObject } : {}) };
    expect((await admitted(plugin, sent)).refused).toBe(refused);
  });
});

describe("CertificateSubjectRestriction", () => {
  const CLIENT = "kubernetes.io/kube-apiserver-client";
  const sent = (signerName: string, pem: string) => ({
    resource: REQUESTS,
    object: {
      metadata: { name: "r" },
      spec: { signerName, request: Buffer.from(pem).toString("base64") },
    },
  });

  it.each([
    [sent(CLIENT, DEVS_REQUEST), undefined],
    [sent("other.io/x", MASTERS_REQUEST), undefined],
    [
      sent(CLIENT, MASTERS_REQUEST),
      "use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed",
    ],
    [sent(CLIENT, "x"), "failed to parse CSR: PEM block type must be CERTIFICATE REQUEST"],
  ])("judges %j", async (request, why) => {
    const refused = `403 Forbidden certificatesigningrequests.certificates.k8s.io "r" is forbidden: ${why}`;
    expect((await admitted(certificateSubjectRestriction, request)).refused).toBe(why && refused);
  });
});
