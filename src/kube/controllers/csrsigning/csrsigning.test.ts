import { X509Certificate } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type CertificateSigningRequest,
  certificateSigningRequests,
  selfSubjectReviews,
} from "../../api/index.ts";
import { describeKubectl, type Kubectl, openKubectl } from "../../apiserver/testing/kubectl.ts";
import { createHttpsClient } from "../../client/index.ts";
import type { ControllerDependencies } from "../controller.ts";
import { createCsrApprovingController } from "../csrapproving/index.ts";
import { ControlPlane, type Identities } from "../testing/control-plane.ts";
import { reference, type Scenario } from "../testing/convergence.ts";
import { eventually } from "../testing/eventually.ts";
import { itConverges } from "../testing/fault-tests.ts";
import { Openssl } from "../testing/openssl.ts";
import { together } from "../together.ts";
import { createCsrSigningController } from "./index.ts";

const SIGNER = "kubernetes.io/kube-apiserver-client";
const base64 = (text: string) => Buffer.from(text).toString("base64");

let plane: ControlPlane;
let openssl: Openssl;
const identities = (): Identities => ({
  "certificate-controller": (dependencies: ControllerDependencies) =>
    together("certificates", [
      createCsrApprovingController(dependencies),
      createCsrSigningController({ ...dependencies, authority: plane.server.certificates.authority }),
    ]),
});
beforeAll(async () => {
  plane = await ControlPlane.start();
  openssl = await Openssl.open();
});
afterAll(async () => {
  await openssl.close();
  await plane.stop();
});

const create = (name: string, request: string, spec: object = {}, labels: Record<string, string> = {}) =>
  plane.client.create(certificateSigningRequests, {
    metadata: { name, labels },
    spec: { request: base64(request), signerName: SIGNER, usages: ["client auth"], ...spec },
  });
const get = (name: string) => plane.client.get(certificateSigningRequests, undefined, name);
const decide = async (name: string, type: "Approved" | "Denied") => {
  const body = { status: { conditions: [{ type, status: "True", reason: "Test" }] } };
  const options = { subresource: "approval" };
  await plane.client.patch(certificateSigningRequests, undefined, name, "merge", body, options);
};
const pemOf = ({ status }: CertificateSigningRequest) =>
  Buffer.from(status!.certificate!, "base64").toString();
const issued = (name: string) =>
  eventually(async () => {
    const request = await get(name);
    expect(request.status?.certificate).toBeTruthy();
    return pemOf(request);
  });
/** Who the API takes the owner of a certificate for. */
const whoIs = async (cert: string, key: string) => {
  const { url, certificates } = plane.server;
  const client = createHttpsClient({ server: url, ca: certificates.caPem, cert, key });
  try {
    const { status } = await client.create(selfSubjectReviews, { metadata: {} });
    return status?.userInfo;
  } finally {
    client.close();
  }
};

describe("the signing controller", () => {
  beforeAll(() => plane.run(identities()));

  it("certifies key, subject and names of an approved request, and nothing else", async () => {
    const names = "DNS:a.example.com,IP:192.0.2.7,IP:fd00::1,email:a@example.com,URI:spiffe://a/b";
    const { request } = await openssl.request("/O=b/O=a/OU=u/C=DE/CN=démo/emailAddress=x@y", { names });
    const usages = ["key encipherment", "digital signature", "client auth"];
    await create("whole", request, { usages, expirationSeconds: 3600 });
    await decide("whole", "Approved");
    const pem = await issued("whole");
    await openssl.verify(pem, plane.server.certificates.caPem);
    expect(await openssl.describe(pem, "-subject", "-nameopt", "RFC2253,-esc_msb,utf8")).toBe(
      "subject=CN=démo,OU=u,O=b+O=a,C=DE\n",
    );
    const text = await openssl.describe(
      pem,
      "-ext",
      "keyUsage,extendedKeyUsage,basicConstraints,subjectAltName",
    );
    expect(text.replace(/\s*\n\s*/g, "\n").trim()).toBe(
      [
        "X509v3 Key Usage: critical",
        "Digital Signature, Key Encipherment",
        "X509v3 Extended Key Usage:",
        "TLS Web Client Authentication",
        "X509v3 Basic Constraints: critical",
        "CA:FALSE",
        "X509v3 Subject Alternative Name:",
        "DNS:a.example.com, email:a@example.com, IP Address:192.0.2.7, IP Address:FD00:0:0:0:0:0:0:1, URI:spiffe://a/b",
      ].join("\n"),
    );
    const { validFromDate, validToDate } = new X509Certificate(pem);
    expect(validToDate.getTime() - validFromDate.getTime()).toBe(65 * 60_000);
  });

  it.each(["ec", "rsa:2048", "ed25519"])("lets the owner of a key of %s in", async (key) => {
    const name = `key-${key.replace(":", "-")}`;
    const made = await openssl.request("/O=devs/O=testers/CN=bob", { key });
    await create(name, made.request);
    await decide(name, "Approved");
    expect(await whoIs(await issued(name), made.key)).toMatchObject({
      username: "bob",
      groups: ["devs", "testers", "system:authenticated"],
    });
  });

  const node = "/O=system:nodes/CN=system:node:n1";
  const KUBELET = "kubernetes.io/kube-apiserver-client-kubelet";
  const SERVING = "kubernetes.io/kubelet-serving";
  const client = ["digital signature", "client auth"];
  const serving = ["digital signature", "key encipherment", "server auth"];
  it.each<[signer: string, subject: string, names: string, usages: string[], problem: string | undefined]>([
    [SIGNER, "/CN=a", "", ["client auth"], undefined],
    [SIGNER, "/CN=a", "", serving, "invalid usage for client certificate: server auth"],
    [
      SIGNER,
      "/CN=a",
      "",
      ["digital signature"],
      "missing required usage for client certificate: client auth",
    ],
    [KUBELET, node, "", client, undefined],
    [KUBELET, "/O=devs/CN=system:node:n1", "", client, "subject organization is not system:nodes"],
    [KUBELET, "/O=system:nodes/CN=n1", "", client, "subject common name does not begin with system:node:"],
    [KUBELET, node, "DNS:n1", client, "DNS subjectAltNames are not allowed"],
    [KUBELET, node, "IP:192.0.2.1", client, "IP subjectAltNames are not allowed"],
    [KUBELET, node, "email:a@b", client, "Email subjectAltNames are not allowed"],
    [KUBELET, node, "", serving, "usages did not match [client auth digital signature key encipherment]"],
    [SERVING, node, "DNS:n1,IP:192.0.2.1", serving, undefined],
    [SERVING, node, "", serving, "DNS or IP subjectAltName is required"],
    [SERVING, node, "DNS:n1,URI:a://b", serving, "URI subjectAltNames are not allowed"],
    [
      SERVING,
      node,
      "DNS:n1",
      client,
      "usages did not match [digital signature key encipherment server auth]",
    ],
  ])("%s judges %s %s for %s", async (signerName, subject, names, usages, problem) => {
    const name = `judged-${Math.random().toString(36).slice(2)}`;
    const { request } = await openssl.request(subject, { names });
    await create(name, request, { signerName, usages });
    if ((await get(name)).status?.conditions === undefined)
      await decide(name, "Approved").catch(() => undefined);
    if (problem === undefined) {
      await openssl.verify(await issued(name), plane.server.certificates.caPem);
      return;
    }
    await eventually(async () =>
      expect((await get(name)).status?.conditions?.at(-1)).toMatchObject({
        type: "Failed",
        status: "True",
        reason: "SignerValidationFailure",
        message: problem,
      }),
    );
    expect((await get(name)).status?.certificate).toBeUndefined();
  });

  it("leaves alone what is not approved, what is denied, and what is another signer's", async () => {
    const { request } = await openssl.request("/CN=a");
    await create("waiting", request);
    await create("denied", request);
    await decide("denied", "Denied");
    await create("other", request, { signerName: "example.com/mine" });
    await decide("other", "Approved");
    await new Promise((resolve) => setTimeout(resolve, 80));
    for (const name of ["waiting", "denied", "other"])
      expect((await get(name)).status?.certificate).toBeUndefined();
  });
});

describeKubectl(" certificate", (version) => {
  let kubectl: Kubectl;
  beforeAll(async () => {
    kubectl = await openKubectl(version, plane.server);
  });
  afterAll(() => kubectl.close());

  it("approves a request of openssl, whose owner then gets in", async () => {
    const name = `approve-${version}`;
    const { request, key } = await openssl.request("/O=devs/CN=carol");
    const spec = { request: base64(request), signerName: SIGNER, usages: ["client auth"] };
    const manifest = {
      apiVersion: "certificates.k8s.io/v1",
      kind: "CertificateSigningRequest",
      metadata: { name },
      spec,
    };
    expect(await kubectl.run("create -f -", JSON.stringify(manifest))).toMatchObject({ code: 0 });
    expect((await kubectl.run(`get csr ${name}`)).stdout).toMatch(/Pending$/m);
    expect((await kubectl.run(`certificate approve ${name}`)).stdout).toContain(`${name} approved`);
    const pem = await issued(name);
    expect((await kubectl.run(`get csr ${name}`)).stdout).toMatch(/Approved,Issued$/m);
    expect(await whoIs(pem, key)).toMatchObject({ username: "carol" });
  });

  it("denies one", async () => {
    const name = `deny-${version}`;
    await create(name, (await openssl.request("/CN=a")).request);
    expect((await kubectl.run(`certificate deny ${name}`)).stdout).toContain(`${name} denied`);
    expect((await kubectl.run(`get csr ${name}`)).stdout).toMatch(/Denied$/m);
  });
});

describe("the approving and the signing controller under faults", () => {
  let expected: unknown;
  let node: string;
  let person: string;
  let faulty: ControlPlane;
  const scenario: Scenario = {
    controllers: {
      "certificate-controller": (dependencies) =>
        together("certificates", [
          createCsrApprovingController(dependencies),
          createCsrSigningController({ ...dependencies, authority: faulty.server.certificates.authority }),
        ]),
    },
    worldLabel: "world",
    async play({ client, namespace }) {
      const make = (name: string, request: string, spec: object) =>
        client.create(certificateSigningRequests, {
          metadata: { name: `${namespace}-${name}`, labels: { world: namespace } },
          spec: { request: base64(request), ...spec },
        });
      const usages = ["digital signature", "client auth"];
      await make("node", node, { signerName: "kubernetes.io/kube-apiserver-client-kubelet", usages });
      for (const [name, usage] of [
        ["good", "client auth"],
        ["bad", "server auth"],
      ]) {
        await make(name!, person, { signerName: SIGNER, usages: [usage] });
        const body = { status: { conditions: [{ type: "Approved", status: "True", reason: "Test" }] } };
        await client.patch(certificateSigningRequests, undefined, `${namespace}-${name}`, "merge", body, {
          subresource: "approval",
        });
      }
    },
    async outcome({ client, namespace }) {
      const { items } = await client.list(certificateSigningRequests, {
        labelSelector: `world=${namespace}`,
      });
      return items
        .map((one) => [
          one.metadata.name.slice(namespace.length + 1),
          ...(one.status?.conditions ?? []).map(({ type }) => type),
          one.status?.certificate ? new X509Certificate(pemOf(one)).subject : "none",
        ])
        .sort();
    },
  };

  beforeAll(async () => {
    faulty = await ControlPlane.start();
    node = (await openssl.request("/O=system:nodes/CN=system:node:n1")).request;
    person = (await openssl.request("/CN=bob")).request;
    expected = await reference(faulty, scenario);
  });
  afterAll(() => faulty.stop());

  it("have a reference state", () => {
    expect(expected).toEqual([
      ["bad", "Approved", "Failed", "none"],
      ["good", "Approved", "CN=bob"],
      ["node", "Approved", "O=system:nodes\nCN=system:node:n1"],
    ]);
  });

  itConverges(() => ({ plane: faulty, scenario, expected }), { writes: 3, events: 5 });
});
