export { createRequest, type RequestedCertificate } from "./create-request.ts";
export { distinguishedName, generateKey, issueCertificate, type Subject } from "./issue-certificate.ts";
export { parsePrivateKey, privateKeyPem, readText } from "./key-files.ts";
export { selfSigned } from "./self-signed.ts";
export { pem } from "./sign-certificate.ts";
export { type CertificateOrder, signRequest } from "./sign-request.ts";
