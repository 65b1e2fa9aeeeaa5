import { Buffer } from "node:buffer";
import {
  type CertificateRequest,
  DerError,
  parseCertificateRequest,
  pemBlocks,
} from "../../../formats/index.ts";

/** What a signing request holds: PKCS #10 in PEM in base64. Throws DerError with what upstream's ParseCSR says. */
export function readCertificateRequest(base64: string | null): CertificateRequest {
  const [block] = pemBlocks(Buffer.from(base64 ?? "", "base64").toString("latin1"));
  if (block?.label !== "CERTIFICATE REQUEST")
    throw new DerError("PEM block type must be CERTIFICATE REQUEST");
  return parseCertificateRequest(block.bytes);
}
