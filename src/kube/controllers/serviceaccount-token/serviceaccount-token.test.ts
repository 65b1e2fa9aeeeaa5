import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Secret, type ServiceAccount, secrets, serviceAccounts } from "../../api/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { eventually } from "../testing/eventually.ts";
import { createServiceAccountTokenController } from "./index.ts";

const TYPE = "kubernetes.io/service-account-token";
const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("tokens in Secrets of service accounts", () => {
  let plane: ControlPlane;
  let namespace: string;
  beforeAll(async () => {
    plane = await ControlPlane.start();
    const client = plane.server.as({
      name: "system:kube-controller-manager",
      groups: ["system:authenticated"],
    });
    await plane.run({
      "tokens-controller": (dependencies) =>
        createServiceAccountTokenController({
          ...dependencies,
          client,
          caCertificate: "PEM",
          issueToken: ({ metadata }, secretName) => `${metadata.name}/${metadata.uid}/${secretName}`,
        }),
    });
  });
  afterAll(() => plane.stop());
  beforeEach(async () => {
    namespace = await plane.namespace();
  });

  const account = (name: string, more: object = {}) =>
    plane.client.create<ServiceAccount>(serviceAccounts, { metadata: { name, namespace }, ...more });
  const secret = (name: string, of: string, more: object = {}) =>
    plane.client.create<Secret>(secrets, {
      metadata: { name, namespace, annotations: { "kubernetes.io/service-account.name": of } },
      type: TYPE,
      ...more,
    });
  const read = (name: string) => plane.client.get<Secret>(secrets, namespace, name);
  const names = async () => {
    const { items } = await plane.client.list(secrets, { namespace });
    return items.map((one) => one.metadata.name);
  };
  const tokenOf = ({ metadata }: ServiceAccount, name: string) =>
    base64(`${metadata.name}/${metadata.uid}/${name}`);

  it("are put there, with the CA, the namespace and the account's uid", async () => {
    const robot = await account("robot");
    await secret("t", "robot", { data: { more: base64("x") } });
    await eventually(async () =>
      expect(await read("t")).toMatchObject({
        metadata: { annotations: { "kubernetes.io/service-account.uid": robot.metadata.uid } },
        data: {
          token: tokenOf(robot, "t"),
          "ca.crt": base64("PEM"),
          namespace: base64(namespace),
          more: base64("x"),
        },
      }),
    );
  });

  it("stay the same, and what is missing is put beside them", async () => {
    await account("robot");
    await secret("t", "robot", { data: { token: base64("old"), "ca.crt": base64("old") } });
    await eventually(async () =>
      expect((await read("t")).data).toEqual({
        token: base64("old"),
        "ca.crt": base64("PEM"),
        namespace: base64(namespace),
      }),
    );
  });

  it("are deleted where the account is not there, is another one, or goes", async () => {
    await account("robot");
    await secret("a-kept", "robot");
    await secret("b-other-type", "nobody", { type: "Opaque" });
    await secret("c-of-nobody", "nobody");
    await plane.client.create(secrets, {
      metadata: {
        name: "d-of-an-earlier-one",
        namespace,
        annotations: {
          "kubernetes.io/service-account.name": "robot",
          "kubernetes.io/service-account.uid": "another",
        },
      },
      type: TYPE,
    });
    await eventually(async () => expect(await names()).toEqual(["a-kept", "b-other-type"]));
    await plane.client.delete(serviceAccounts, namespace, "robot");
    await eventually(async () => expect(await names()).toEqual(["b-other-type"]));
  });

  it("are made anew where somebody takes them out", async () => {
    const robot = await account("robot");
    await secret("t", "robot");
    await eventually(async () => expect((await read("t")).data?.token).toBe(tokenOf(robot, "t")));
    await plane.client.patch(secrets, namespace, "t", "merge", { data: { token: null } });
    await eventually(async () => expect((await read("t")).data?.token).toBe(tokenOf(robot, "t")));
  });

  it("are not named by their account once they are gone", async () => {
    await account("robot", { secrets: [{ name: "t" }, { name: "other" }] });
    await secret("t", "robot");
    await eventually(async () => expect((await read("t")).data?.token).toBeDefined());
    await plane.client.delete(secrets, namespace, "t");
    await eventually(async () => {
      const { secrets: named } = await plane.client.get<ServiceAccount>(serviceAccounts, namespace, "robot");
      expect(named).toEqual([{ name: "other" }]);
    });
  });
});
