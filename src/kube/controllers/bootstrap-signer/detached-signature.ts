import { createHmac } from "node:crypto";

/** `header..signature`: a JWS with HS256 whose content stands elsewhere (RFC 7515, Appendix F). */
export function detachedSignature(content: string, keyId: string, secret: string): string {
  const header = base64Url(JSON.stringify({ alg: "HS256", kid: keyId }));
  const signature = createHmac("sha256", secret)
    .update(`${header}.${base64Url(content)}`)
    .digest("base64url");
  return `${header}..${signature}`;
}

const base64Url = (text: string): string => Buffer.from(text, "utf8").toString("base64url");
