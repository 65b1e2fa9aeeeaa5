import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { certificateSigningRequests, clusterRoleBindings, clusterRoles } from "../../api/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { eventually } from "../testing/eventually.ts";
import { Openssl } from "../testing/openssl.ts";
import { createCsrApprovingController } from "./index.ts";

const SIGNER = "kubernetes.io/kube-apiserver-client-kubelet";
const USAGES = ["digital signature", "client auth"];

describe("the approving controller", () => {
  let plane: ControlPlane;
  let openssl: Openssl;
  let count = 0;
  beforeAll(async () => {
    plane = await ControlPlane.start();
    openssl = await Openssl.open();
    const { client } = plane;
    const bind = (role: string, group: string) =>
      client.create(clusterRoleBindings, {
        metadata: { name: group },
        roleRef: {
          apiGroup: "rbac.authorization.k8s.io",
          kind: "ClusterRole",
          name: `system:certificates.k8s.io:certificatesigningrequests:${role}`,
        },
        subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: group }],
      });
    await bind("nodeclient", "bootstrappers");
    await bind("selfnodeclient", "renewers");
    const creator = {
      apiGroups: ["certificates.k8s.io"],
      resources: ["certificatesigningrequests"],
      verbs: ["create"],
    };
    await client.create(clusterRoles, { metadata: { name: "creator" }, rules: [creator] });
    await client.create(clusterRoleBindings, {
      metadata: { name: "creator" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "creator" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "system:authenticated" }],
    });
    await plane.run({ "certificate-controller": createCsrApprovingController });
  });
  afterAll(async () => {
    await openssl.close();
    await plane.stop();
  });

  const ask = async (
    user: string,
    group: string,
    { subject = "/O=system:nodes/CN=system:node:n1", signerName = SIGNER, usages = USAGES } = {},
  ) => {
    const name = `asked-${count++}`;
    const request = Buffer.from((await openssl.request(subject)).request).toString("base64");
    const own = plane.server.as({ name: user, groups: [group, "system:authenticated"] });
    await own.create(certificateSigningRequests, {
      metadata: { name },
      spec: { request, signerName, usages },
    });
    return async () =>
      (await plane.client.get(certificateSigningRequests, undefined, name)).status?.conditions;
  };

  const SELF = "Auto approving self kubelet client certificate after SubjectAccessReview.";
  const ANY = "Auto approving kubelet client certificate after SubjectAccessReview.";
  it.each([
    ["a node that renews its own", "system:node:n1", "renewers", SELF],
    ["a bootstrapper for a node", "token", "bootstrappers", ANY],
    ["a node for another, where it may do that", "system:node:n2", "bootstrappers", ANY],
  ])("approves %s", async (_, user, group, message) => {
    const conditions = await ask(user, group);
    await eventually(async () =>
      expect(await conditions()).toMatchObject([
        { type: "Approved", status: "True", reason: "AutoApproved", message },
      ]),
    );
  });

  it.each([
    ["who has no permission", "system:node:n1", "others", {}],
    ["a node that asks for another", "system:node:n2", "renewers", {}],
    ["another signer", "token", "bootstrappers", { signerName: "kubernetes.io/kube-apiserver-client" }],
    ["another subject", "token", "bootstrappers", { subject: "/O=devs/CN=system:node:n1" }],
    ["other usages", "token", "bootstrappers", { usages: ["digital signature", "server auth"] }],
  ])("does not approve %s", async (_, user, group, request) => {
    const conditions = await ask(user, group, request);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await conditions()).toBeUndefined();
  });
});
