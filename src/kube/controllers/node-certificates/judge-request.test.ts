import { expect, it } from "vitest";
import type { CertificateSigningRequest, Node } from "../../api/index.ts";
import { createRequest, generateKey } from "../../pki/index.ts";
import { judgeRequest } from "./judge-request.ts";

const key = generateKey();
const node = {
  metadata: { name: "n1" },
  status: {
    addresses: [
      { type: "InternalIP", address: "192.0.2.7" },
      { type: "InternalIP", address: "fd00::7" },
      { type: "Hostname", address: "n1" },
    ],
  },
} as unknown as Node;

interface Asked {
  as: string;
  groups?: string[];
  signer: string;
  name: string;
  organizations?: string[];
  names?: string[];
  usages: string[];
}

function verdictOn(asked: Asked): string | undefined {
  const { as, groups = ["system:nodes"], signer, name, organizations = [], names = [], usages } = asked;
  const pem = createRequest({ subject: { commonName: name, organizations }, privateKey: key, names });
  const request = {
    metadata: { name: "r" },
    spec: {
      request: Buffer.from(pem).toString("base64"),
      signerName: `kubernetes.io/${signer}`,
      usages,
      username: as,
      groups,
    },
  } as CertificateSigningRequest;
  return judgeRequest(request, (wanted) => (wanted === "n1" ? node : undefined))?.type;
}

const serving = {
  signer: "kubelet-serving",
  organizations: ["system:nodes"],
  usages: ["digital signature", "server auth"],
};
const n1 = "system:node:n1";
const bootstrapper = { as: "system:bootstrap:abcdef", groups: ["system:bootstrappers"] };
const first = {
  signer: "kube-apiserver-client-kubelet",
  organizations: ["system:nodes"],
  usages: ["digital signature", "client auth"],
};
const part = { signer: "kube-apiserver-client", usages: ["client auth"] };

it.each<[string, Asked, string | undefined]>([
  ["its own addresses", { ...serving, as: n1, name: n1, names: ["n1", "192.0.2.7", "fd00::7"] }, "Approved"],
  ["an address that is not its own", { ...serving, as: n1, name: n1, names: ["n1", "192.0.2.8"] }, undefined],
  ["another node's name", { ...serving, as: "system:node:n2", name: n1, names: ["n1"] }, undefined],
  [
    "a node that is not there yet",
    { ...serving, as: "system:node:n2", name: "system:node:n2", names: ["n2"] },
    undefined,
  ],
  [
    "a user who is named as nodes are",
    { ...serving, as: n1, groups: [], name: n1, names: ["n1"] },
    undefined,
  ],
  ["another purpose", { ...serving, as: n1, name: n1, names: ["n1"], usages: ["client auth"] }, undefined],
  ["a new node", { ...first, ...bootstrapper, name: "system:node:n2" }, undefined],
  ["a node that there is, by a token", { ...first, ...bootstrapper, name: n1 }, "Denied"],
  ["a node that there is, by itself", { ...first, as: n1, name: n1 }, undefined],
  ["a node's proxy", { ...part, as: n1, name: "system:kube-proxy" }, "Approved"],
  ["a node's DNS", { ...part, as: n1, name: "system:cluster-dns" }, "Approved"],
  ["a node that wants to be more", { ...part, as: n1, name: "system:kube-scheduler" }, undefined],
  [
    "a node that wants to be in a group",
    { ...part, as: n1, name: "system:kube-proxy", organizations: ["system:masters"] },
    undefined,
  ],
  [
    "a proxy, by somebody else",
    { ...part, as: "bob", groups: ["system:authenticated"], name: "system:kube-proxy" },
    undefined,
  ],
  ["a proxy, by a token", { ...part, ...bootstrapper, name: "system:kube-proxy" }, undefined],
])("judges what is asked for %s", (_, asked, verdict) => {
  expect(verdictOn(asked)).toBe(verdict);
});
