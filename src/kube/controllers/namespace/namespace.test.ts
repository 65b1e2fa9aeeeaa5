import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ManualClock } from "../../../base/manual-clock.test-support.ts";
import type { Namespace } from "../../api/index.ts";
import {
  configMaps,
  deployments as deploymentsResource,
  namespaces as namespacesResource,
  pods as podsResource,
  serviceAccounts,
  services,
} from "../../api/index.ts";
import { createDeploymentController } from "../deployment/index.ts";
import { createEndpointSliceController } from "../endpointslice/index.ts";
import { createGarbageCollector } from "../garbage-collector/index.ts";
import { createReplicaSetController } from "../replicaset/index.ts";
import { createRootCaController } from "../root-ca/index.ts";
import { createServiceAccountController } from "../serviceaccount/index.ts";
import { ControlPlane, type Identities } from "../testing/control-plane.ts";
import { eventually } from "../testing/eventually.ts";
import { deployment, service } from "../testing/objects.ts";
import { PodActor } from "../testing/pod-actor.ts";
import { createNamespaceController } from "./index.ts";

const CA = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
const controllers: Identities = {
  "namespace-controller": createNamespaceController,
  "service-account-controller": createServiceAccountController,
  "root-ca-cert-publisher": (dependencies) => createRootCaController({ ...dependencies, caCertificate: CA }),
  "deployment-controller": createDeploymentController,
  "replicaset-controller": createReplicaSetController,
  "endpointslice-controller": createEndpointSliceController,
  "generic-garbage-collector": createGarbageCollector,
};

describe("namespaces", () => {
  let plane: ControlPlane;
  let actor: PodActor;
  beforeAll(async () => {
    plane = await ControlPlane.start();
    await plane.run(controllers);
    actor = await PodActor.start(plane.client);
  });
  afterAll(async () => {
    await actor.stop();
    await plane.stop();
  });

  const create = (name: string) => plane.client.create(namespacesResource, { metadata: { name } });
  const get = (name: string): Promise<Namespace> => plane.client.get(namespacesResource, undefined, name);
  const gone = (name: string) =>
    eventually(() => expect(get(name)).rejects.toMatchObject({ kind: "NotFound" }));
  const conditions = async (name: string) =>
    Object.fromEntries(
      ((await get(name)).status!.conditions ?? []).map((one) => [
        one.type,
        [one.status, one.reason, one.message],
      ]),
    );

  it("each have a service account and the cluster's CA, and get them back", async () => {
    await create("fresh");
    await eventually(async () => {
      expect((await plane.client.get(serviceAccounts, "fresh", "default")).metadata.name).toBe("default");
      expect((await plane.client.get(configMaps, "fresh", "kube-root-ca.crt")).data).toEqual({
        "ca.crt": CA,
      });
    });
    await plane.client.delete(serviceAccounts, "fresh", "default");
    await plane.client.delete(configMaps, "fresh", "kube-root-ca.crt");
    await eventually(async () => {
      await plane.client.get(serviceAccounts, "fresh", "default");
      await plane.client.get(configMaps, "fresh", "kube-root-ca.crt");
    });
    await plane.client.patch(configMaps, "fresh", "kube-root-ca.crt", "merge", {
      data: { "ca.crt": "forged" },
    });
    await eventually(async () =>
      expect((await plane.client.get(configMaps, "fresh", "kube-root-ca.crt")).data).toEqual({
        "ca.crt": CA,
      }),
    );
  });

  it("go with all that is in them", async () => {
    await create("full");
    await eventually(() => plane.client.get(serviceAccounts, "full", "default"));
    await plane.client.create(deploymentsResource, deployment("web", "full", 3));
    await plane.client.create(services, service("web", "full"));
    await eventually(async () =>
      expect(
        (await plane.client.list(podsResource, { namespace: "full" })).items.filter(
          (one) => one.status!.phase === "Running",
        ),
      ).toHaveLength(3),
    );
    await plane.client.delete(namespacesResource, undefined, "full");
    await gone("full");
    expect((await plane.client.list(podsResource, { namespace: "full" })).items).toEqual([]);
    // Nothing of the old one is in a new one of the same name.
    await create("full");
    await eventually(() => plane.client.get(serviceAccounts, "full", "default"));
    expect((await plane.client.list(deploymentsResource, { namespace: "full" })).items).toEqual([]);
  });

  it("say while they are Terminating what they wait for", async () => {
    await create("held");
    await eventually(() => plane.client.get(serviceAccounts, "held", "default"));
    await plane.client.create(configMaps, {
      metadata: { name: "a", namespace: "held", finalizers: ["example.com/hold"] },
    });
    await plane.client.delete(namespacesResource, undefined, "held");
    await eventually(async () =>
      expect(await conditions("held")).toEqual({
        NamespaceDeletionDiscoveryFailure: [
          "False",
          "ResourcesDiscovered",
          "All resources successfully discovered",
        ],
        NamespaceDeletionGroupVersionParsingFailure: [
          "False",
          "ParsedGroupVersions",
          "All legacy kube types successfully parsed",
        ],
        NamespaceDeletionContentFailure: [
          "False",
          "ContentDeleted",
          "All content successfully deleted, may be waiting on finalization",
        ],
        NamespaceContentRemaining: [
          "True",
          "SomeResourcesRemain",
          "Some resources are remaining: configmaps. has 1 resource instances",
        ],
        NamespaceFinalizersRemaining: [
          "True",
          "SomeFinalizersRemain",
          "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances",
        ],
      }),
    );
    expect((await get("held")).status!.phase).toBe("Terminating");
    await expect(
      plane.client.create(configMaps, { metadata: { name: "b", namespace: "held" } }),
    ).rejects.toMatchObject({ kind: "PermissionDenied" });
    await plane.client.patch(configMaps, "held", "a", "merge", { metadata: { finalizers: null } });
    await gone("held");
  });

  it("wait for pods to end, and not longer", async () => {
    // Nothing is looked at again because time has passed.
    const plane = await ControlPlane.start();
    await plane.run(controllers, { clock: new ManualClock() });
    const actor = await PodActor.start(plane.client);
    const get = (name: string) => plane.client.get(namespacesResource, undefined, name);
    await plane.client.create(namespacesResource, { metadata: { name: "slow" } });
    await eventually(() => plane.client.get(serviceAccounts, "slow", "default"));
    await plane.client.create(podsResource, {
      metadata: { name: "p", namespace: "slow" },
      spec: { containers: [{ name: "c", image: "i" }] },
    });
    await eventually(async () =>
      expect((await plane.client.get(podsResource, "slow", "p")).status!.phase).toBe("Running"),
    );
    actor.pause();
    await plane.client.delete(namespacesResource, undefined, "slow");
    await eventually(async () =>
      expect((await get("slow")).status!.conditions).toContainEqual(
        expect.objectContaining({
          type: "NamespaceContentRemaining",
          status: "True",
          reason: "SomeResourcesRemain",
          message: "Some resources are remaining: pods. has 1 resource instances",
        }),
      ),
    );
    await actor.look();
    await eventually(() => expect(get("slow")).rejects.toMatchObject({ kind: "NotFound" }));
    await actor.stop();
    await plane.stop();
  });
});
