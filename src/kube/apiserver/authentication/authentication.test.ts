import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configMaps, type KubeObject, secrets } from "../../api/index.ts";
import { type Certificates, openCertificates } from "../certificates.ts";
import { type RawRequest, rawRequest } from "../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";

const WHOAMI = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
const JSON_TYPE = { "content-type": "application/json" };

/** Who the server takes the sender for; the code where it is refused. */
async function whoami(server: TestServer, request: RawRequest): Promise<unknown> {
  const { status, json } = await rawRequest(server, WHOAMI, {
    ...request,
    method: "POST",
    headers: { ...JSON_TYPE, ...request.headers },
    body: "{}",
  });
  return status === 201 ? json.status.userInfo : status;
}

describe("who sends a request", () => {
  let dir: string;
  let server: TestServer;
  let elsewhere: Certificates;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "gantry-authn-"));
    elsewhere = await openCertificates({ pkiDir: dir, serviceAddress: "10.96.0.1" });
    server = await startTestServer({
      authentication: {
        tokenFile: { path: "tokens.csv", text: 't1,ada,u1,"dev,ops"\nt2,bob,u2\n' },
        bootstrapTokens: true,
        requestHeader: {
          caPem: elsewhere.caPem,
          allowedNames: ["front-proxy"],
          usernameHeaders: ["X-Remote-User", "X-Other-User"],
          uidHeaders: ["X-Remote-Uid"],
          groupHeaders: ["X-Remote-Group"],
          extraHeaderPrefixes: ["X-Remote-Extra-"],
        },
      },
    });
  });
  afterAll(async () => {
    await server.stop();
    await rm(dir, { recursive: true });
  });

  const as = async (of: Certificates, commonName: string, organizations: string[] = []) => {
    const { certPem, keyPem } = await of.client(commonName, { commonName, organizations });
    return { cert: certPem, key: keyPem };
  };

  describe("by a client certificate", () => {
    it("is the common name in the organizations, with the certificate's digest", async () => {
      expect(await whoami(server, { identity: await as(server.certificates, "carol", ["b", "a"]) })).toEqual({
        username: "carol",
        groups: ["b", "a", "system:authenticated"],
        extra: {
          "authentication.kubernetes.io/credential-id": [expect.stringMatching(/^X509SHA256=[0-9a-f]{64}$/)],
        },
      });
    });

    it("is nobody where the proxies' authority has signed it", async () => {
      expect(await whoami(server, { identity: await as(elsewhere, "carol") })).toBe(401);
    });

    it("does not hinder another proof that holds", async () => {
      const headers = { authorization: "Bearer t2" };
      const identity = await as(elsewhere, "carol");
      expect(await whoami(server, { identity, headers })).toMatchObject({ username: "bob" });
    });
  });

  describe("by a token of the file", () => {
    it.each([
      ["t1", { username: "ada", uid: "u1", groups: ["dev", "ops", "system:authenticated"] }],
      ["t2", { username: "bob", uid: "u2", groups: ["system:authenticated"] }],
      ["t3", 401],
    ])("%s", async (token, expected) => {
      expect(await whoami(server, { identity: { token } })).toEqual(expected);
    });

    it("is told to those who ask whose a token is", async () => {
      const review = async (spec: object) => {
        const body = JSON.stringify({ spec });
        const path = "/apis/authentication.k8s.io/v1/tokenreviews";
        return (await rawRequest(server, path, { method: "POST", headers: JSON_TYPE, body })).json.status;
      };
      expect(await review({ token: "t2" })).toEqual({
        authenticated: true,
        user: { username: "bob", uid: "u2", groups: ["system:authenticated"] },
        audiences: ["https://kubernetes.default.svc.cluster.local"],
      });
      const refused = { user: {}, error: "invalid bearer token" };
      expect(await review({ token: "t2", audiences: ["vault"] })).toEqual(refused);
      expect(await review({ token: "t3" })).toEqual(refused);
    });
  });

  describe("by a bootstrap token", () => {
    const SECRET = "0123456789abcdef";
    const valid: Record<string, string> = {
      "token-id": "abcdef",
      "token-secret": SECRET,
      "usage-bootstrap-authentication": "true",
    };
    const withSecret = async (stringData: Record<string, string>, type = "bootstrap.kubernetes.io/token") => {
      const metadata = { name: "bootstrap-token-abcdef", namespace: "kube-system" };
      await server.client.create(secrets, { metadata, type, stringData });
      const found = await whoami(server, { identity: { token: `abcdef.${SECRET}` } });
      await server.client.delete(secrets, metadata.namespace, metadata.name);
      return found;
    };

    it("is a machine that joins, in the groups that the token names", async () => {
      const groups = "system:bootstrappers:b,system:bootstrappers:a";
      expect(await withSecret({ ...valid, "auth-extra-groups": groups })).toEqual({
        username: "system:bootstrap:abcdef",
        groups: [
          "system:bootstrappers",
          "system:bootstrappers:a",
          "system:bootstrappers:b",
          "system:authenticated",
        ],
      });
      expect(await withSecret({ ...valid, expiration: "2999-01-01T00:00:00+01:00" })).toMatchObject({
        username: "system:bootstrap:abcdef",
      });
    });

    it.each([
      ["has expired", { expiration: "2020-01-01T00:00:00Z" }],
      ["expires at what is no time", { expiration: "tomorrow" }],
      ["is for something else", { "usage-bootstrap-authentication": "True" }],
      ["has another secret", { "token-secret": "0123456789abcdee" }],
      ["has another id", { "token-id": "abcdeg" }],
      ["names groups that are not for it", { "auth-extra-groups": "system:masters" }],
    ])("is nobody where the token %s", async (_what, data) => {
      expect(await withSecret({ ...valid, ...data })).toBe(401);
    });

    it("is nobody where the Secret is of another type, or there is none", async () => {
      expect(await withSecret(valid, "Opaque")).toBe(401);
      expect(await whoami(server, { identity: { token: `abcdef.${SECRET}` } })).toBe(401);
    });
  });

  describe("by the headers of a proxy", () => {
    const headers = {
      "X-Other-User": "dora",
      "X-Remote-Uid": "u4",
      "X-Remote-Group": "g",
      "X-Remote-Extra-Example.com%2fScopes": "s",
    };

    it("is whom a proxy names whose certificate is of its authority", async () => {
      expect(await whoami(server, { identity: await as(elsewhere, "front-proxy"), headers })).toEqual({
        username: "dora",
        uid: "u4",
        groups: ["g", "system:authenticated"],
        extra: { "example.com/scopes": ["s"] },
      });
    });

    it("is nobody where the proxy is not among the allowed ones", async () => {
      expect(await whoami(server, { identity: await as(elsewhere, "other-proxy"), headers })).toBe(401);
    });

    it("counts for nothing from anybody else", async () => {
      const identity = await as(server.certificates, "front-proxy");
      expect(await whoami(server, { identity, headers })).toMatchObject({ username: "front-proxy" });
      expect(await rawRequest(server, "/api/v1/pods", { identity: "nobody", headers })).toMatchObject({
        status: 403,
        json: { message: expect.stringContaining('User "system:anonymous"') },
      });
    });
  });

  it("is told to other API servers in a ConfigMap", async () => {
    const read = () =>
      server.client.get<KubeObject>(configMaps, "kube-system", "extension-apiserver-authentication");
    const { data } = (await read()) as unknown as { data: Record<string, string> };
    expect(data).toEqual({
      "client-ca-file": server.certificates.caPem,
      "requestheader-client-ca-file": server.certificates.frontProxy.caPem + elsewhere.caPem,
      "requestheader-allowed-names": '["front-proxy-client","front-proxy"]',
      "requestheader-username-headers": '["X-Remote-User","X-Other-User"]',
      "requestheader-uid-headers": '["X-Remote-Uid"]',
      "requestheader-group-headers": '["X-Remote-Group"]',
      "requestheader-extra-headers-prefix": '["X-Remote-Extra-"]',
    });
  });
});

describe("who does not say who it is", () => {
  it.each([
    ["everywhere", { isEnabled: true }, [200, 403]],
    ["nowhere", { isEnabled: false }, [401, 401]],
    ["at some paths", { isEnabled: true, paths: ["/healthz"] }, [200, 401]],
  ])("is let in %s", async (_where, anonymous, expected) => {
    const server = await startTestServer({ authentication: { anonymous } });
    const codes = [];
    for (const path of ["/healthz", "/api/v1/pods"])
      codes.push((await rawRequest(server, path, { identity: "nobody" })).status);
    await server.stop();
    expect(codes).toEqual(expected);
  });
});
