import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configMaps, secrets } from "../../api/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { eventually } from "../testing/eventually.ts";
import { detachedSignature } from "./detached-signature.ts";
import { createBootstrapSigner } from "./index.ts";

describe("a detached signature", () => {
  it("is the one that kubeadm expects", () => {
    const content = "Hello from the other side. I must have called a thousand times.";
    expect(detachedSignature(content, "joshua", "my voice is my passcode")).toBe(
      "eyJhbGciOiJIUzI1NiIsImtpZCI6Impvc2h1YSJ9..VShe2taLd-YTrmWuRkcL_8QTNDHYxQIEBsAYYiIj1_8",
    );
  });
});

describe("the signer of cluster-info", () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await ControlPlane.start();
    await plane.run({ "bootstrap-signer": createBootstrapSigner });
    const metadata = { name: "cluster-info", namespace: "kube-public" };
    await plane.client.create(configMaps, { metadata, data: { kubeconfig: "first", other: "o" } });
  });
  afterAll(() => plane.stop());

  const token = (id: string, data: Record<string, string> = {}, type = "bootstrap.kubernetes.io/token") =>
    plane.client.create(secrets, {
      metadata: { name: `bootstrap-token-${id}`, namespace: "kube-system" },
      type,
      stringData: { "token-id": id, "token-secret": "s", "usage-bootstrap-signing": "true", ...data },
    });
  const isTold = (data: Record<string, string>) =>
    eventually(async () =>
      expect((await plane.client.get(configMaps, "kube-public", "cluster-info")).data).toEqual({
        other: "o",
        ...data,
      }),
    );
  const patch = (data: Record<string, string | null>) =>
    plane.client.patch(configMaps, "kube-public", "cluster-info", "merge", { data });

  it("signs with the tokens that there are, and with no others", async () => {
    await token("aaaaaa");
    await token("bbbbbb", { expiration: "2020-01-01T00:00:00Z" });
    await token("cccccc", { "usage-bootstrap-signing": "false" });
    await token("dddddd", { "token-id": "xxxxxx" });
    await token("eeeeee", { "token-secret": "" });
    await token("ffffff", {}, "Opaque");
    await token("zzzzzz");
    const signed = (content: string, ...ids: string[]) => ({
      kubeconfig: content,
      ...Object.fromEntries(ids.map((id) => [`jws-kubeconfig-${id}`, detachedSignature(content, id, "s")])),
    });
    await isTold(signed("first", "aaaaaa", "zzzzzz"));
    await patch({ kubeconfig: "second", "jws-kubeconfig-forged": "x", "jws-kubeconfig-aaaaaa": null });
    await isTold(signed("second", "aaaaaa", "zzzzzz"));
    await plane.client.delete(secrets, "kube-system", "bootstrap-token-zzzzzz");
    await isTold(signed("second", "aaaaaa"));
    await plane.client.delete(secrets, "kube-system", "bootstrap-token-aaaaaa");
    await isTold({ kubeconfig: "second" });
  });
});
