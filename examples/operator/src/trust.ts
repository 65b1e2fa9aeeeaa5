import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type KubeConfig, KubernetesObjectApi, PatchStrategy } from "@kubernetes/client-node";

/** Tells the API server which authority has signed the webhooks' certificate, everywhere where they are registered. */
export async function tellAuthority(config: KubeConfig, tlsDir: string): Promise<void> {
  const caBundle = readFileSync(join(tlsDir, "ca.crt")).toString("base64");
  const api = KubernetesObjectApi.makeApiClient(config);
  const patch = (object: object, strategy: PatchStrategy) =>
    api.patch(object as never, undefined, undefined, "site-operator", undefined, strategy);
  await patch(
    {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "sites.web.example.com" },
      spec: { conversion: { webhook: { clientConfig: { caBundle } } } },
    },
    PatchStrategy.MergePatch,
  );
  for (const action of ["mutate", "validate"]) {
    const kind = `${action === "mutate" ? "Mutating" : "Validating"}WebhookConfiguration`;
    const webhooks = [{ name: `${action}.sites.web.example.com`, clientConfig: { caBundle } }];
    await patch(
      {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind,
        metadata: { name: "site-operator" },
        webhooks,
      },
      PatchStrategy.StrategicMergePatch,
    );
  }
}
