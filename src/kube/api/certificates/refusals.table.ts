import { Buffer } from "node:buffer";
import type { KindRefusals } from "../refusals.table.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");
/** Of `O=system:nodes, O=b, CN=system:node:n1`. */
export const REQUEST_PEM = `-----BEGIN CERTIFICATE REQUEST-----
MIH1MIGeAgEAMDwxFTATBgNVBAoMDHN5c3RlbTpub2RlczEKMAgGA1UECgwBYjEX
MBUGA1UEAwwOc3lzdGVtOm5vZGU6bjEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AARI9d/hbKESNzPyzKWFr7NciQRrDfWq2uV19f4wzZObMxzNoEW/K/gqj43y6Dc5
CfDidy5HXnVTtnly4FdpzKaMoAAwCgYIKoZIzj0EAwIDRgAwQwIgFLAbfNn0DbrC
TmROAOwZpVo0L92GMmkEtf2Rg8eTlnUCHwF3AZSa+gxiX7r19r8+fd4ABkTSNsq4
ZmxHkms0x3w=
-----END CERTIFICATE REQUEST-----
`;
const ALL_USAGES =
  '"any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment", "decipher only", "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel", "ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime", "server auth", "signing", "timestamping"';
const APPROVED = { type: "Approved", status: "True" };

export const CERTIFICATES_REFUSALS: Record<string, KindRefusals> = {
  "certificates.k8s.io/v1 CertificateSigningRequest": {
    base: {
      metadata: { name: "x" },
      spec: { request: base64(REQUEST_PEM), signerName: "example.com/s", usages: ["client auth"] },
    },
    create: [
      [
        { spec: { request: "AQ==", expirationSeconds: 599 } },
        "Invalid spec.request: Invalid value: []byte{0x1}: PEM block type must be CERTIFICATE REQUEST",
        "Invalid spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)",
      ],
      [
        { spec: { usages: ["client auth", "any", "client auth", "peeling"] } },
        `NotSupported spec.usages[3]: Unsupported value: "peeling": supported values: ${ALL_USAGES}`,
        'Duplicate spec.usages[2]: Duplicate value: "client auth"',
      ],
      [{ spec: { usages: [] } }, "Required spec.usages: Required value"],
      [
        { spec: { signerName: "kubernetes.io/legacy-unknown" } },
        'Invalid spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version',
      ],
      [
        { spec: { signerName: "example/s/t" } },
        "Invalid spec.signerName: Invalid value: \"example/s/t\": must be a fully qualified domain and path of the form 'example.com/signer-name'",
      ],
      [
        { spec: { signerName: "example/s" } },
        'Invalid spec.signerName: Invalid value: "example": should be a domain with at least two segments separated by dots',
      ],
      // Nobody makes a request that is approved.
      [{ status: { conditions: [APPROVED, APPROVED] } }],
    ],
    update: [[{ spec: { request: "AQ==", signerName: "" }, status: { conditions: [APPROVED] } }]],
    status: [
      [{ status: { conditions: [{ type: "Failed", status: "True" }] } }],
      [
        { status: { conditions: [APPROVED] } },
        'Forbidden status.conditions: Forbidden: updates may not add a condition of type "Approved"',
      ],
      [
        {
          status: {
            conditions: [{ type: "Failed", status: "False" }, { type: "A" }, { type: "A", status: "No" }],
          },
        },
        'NotSupported status.conditions[0].status: Unsupported value: "False": supported values: "True"',
        "Required status.conditions[1].status: Required value",
        'NotSupported status.conditions[2].status: Unsupported value: "No": supported values: "False", "True", "Unknown"',
        'Duplicate status.conditions[2].type: Duplicate value: "A"',
      ],
      [
        { status: { certificate: base64("x") } },
        'Invalid status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block',
      ],
      [
        { status: { certificate: base64(REQUEST_PEM) } },
        'Invalid status.certificate: Invalid value: "<certificate data>": only CERTIFICATE PEM blocks are allowed, found "CERTIFICATE REQUEST"',
      ],
    ],
  },
};
