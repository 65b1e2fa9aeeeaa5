import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { DerError } from "./der-reader.ts";
import { subjectOfCertificate } from "./distinguished-name.ts";

const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBUDCB+AIUWoPey9KHOmVsNQraUxuUpylXVLkwCgYIKoZIzj0EAwIwDjEMMAoG
A1UEAwwDaW50MB4XDTI2MTEzMDIyNTE1N1oXDTI2MTIyMDIyNTE1N1owSTEKMAgG
A1UECgwBZzEMMAoGA1UEAwwDb25lMRMwEQYJKwYBBAGDwlMCDAR1aWQ3MQwwCgYD
VQQDDAN0d28xCjAIBgNVBAoMAWgwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASv
iqR/TusF+3iOgtjR6kn6RtIO+4KcY8tqaSDfesIdFoXHa03szAOJ8J0WnqSnbBrH
k5wNemiqe4DBN/ko9KwlMAoGCCqGSM49BAMCA0cAMEQCIC8obxKkj3grtymiOTa0
ky0OmsufFAXu9ljgljc5Pv/LAiBpFX89hUpE2JdDMrb0iUWqtluepOdoMa/2KGTw
Wqy0tA==
-----END CERTIFICATE-----
`;

describe("the name in a certificate", () => {
  it("is read with all of its organizations, its last common name, and Kubernetes' user ids", () => {
    expect(subjectOfCertificate(new X509Certificate(CERTIFICATE).raw)).toEqual({
      commonName: "two",
      organizations: ["g", "h"],
      userIds: ["uid7"],
      texts: [
        ["2.5.4.10", "g"],
        ["2.5.4.3", "one"],
        ["1.3.6.1.4.1.57683.2", "uid7"],
        ["2.5.4.3", "two"],
        ["2.5.4.10", "h"],
      ],
    });
  });

  it("is refused in what is none", () => {
    expect(() => subjectOfCertificate(Buffer.from("no DER"))).toThrow(DerError);
  });
});
