export interface PemBlock {
  /** `CERTIFICATE`. */
  label: string;
  text: string;
  bytes: Buffer;
}

/** The blocks of a text in PEM (RFC 7468), in their order; what stands between them is skipped. */
export function pemBlocks(pem: string): PemBlock[] {
  const blocks = pem.matchAll(/-----BEGIN ([^-\r\n]*)-----[ \t]*\r?\n([^-]*?)-----END \1-----/g);
  return [...blocks].map(([text, label, body]) => ({
    text,
    label: label!,
    bytes: Buffer.from(body!, "base64"),
  }));
}
