import { persistentVolumeClaims, pods as podsResource } from "../../api/index.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { addFinalizer, lacks, removeFinalizer, waitsFor } from "../finalizers.ts";
import { indexByClaim, isShutDown, podsMentioning, usesClaim } from "./claim-users.ts";

const FINALIZER = "kubernetes.io/pvc-protection";
const UNSETTLED = "unsettled-protection";

/**
 * Lets go of claims that are being deleted once no pod uses them. Its key is a namespace, so that many claims are judged by
 * one list of its pods.
 */
export function createPvcProtectionController(dependencies: ControllerDependencies): Controller {
  const { client, informers } = dependencies;
  const claims = informers.informer(persistentVolumeClaims);
  const pods = informers.informer(podsResource);
  const protectedClaims = {
    client,
    resource: persistentVolumeClaims,
    informer: claims,
    finalizer: FINALIZER,
  };
  claims.addIndex(UNSETTLED, (claim) =>
    waitsFor(claim, FINALIZER) || lacks(claim, FINALIZER) ? [claim.metadata.namespace!] : [],
  );
  indexByClaim(pods);

  return createController(
    {
      name: "pvc-protection",
      informers: [claims, pods],
      watch: (enqueue) => {
        const look = (namespace: string): void => {
          if (claims.byIndex(UNSETTLED, namespace).length > 0) enqueue(namespace);
        };
        return [
          claims.subscribe({
            onAdd: (one) => look(one.metadata.namespace!),
            onUpdate: (one) => look(one.metadata.namespace!),
          }),
          pods.subscribe({
            onUpdate: (one) => isShutDown(one) && look(one.metadata.namespace!),
            onDelete: (one) => look(one.metadata.namespace!),
          }),
        ];
      },
      reconcile: async (namespace) => {
        const unsettled = claims.byIndex(UNSETTLED, namespace);
        for (const claim of unsettled.filter((one) => lacks(one, FINALIZER)))
          await addFinalizer(protectedClaims, claim);
        const unused = unsettled.filter(
          (one) => waitsFor(one, FINALIZER) && !podsMentioning(pods, one).some((pod) => usesClaim(pod, one)),
        );
        if (unused.length === 0) return;
        // Asked live: a pod may have been bound a moment ago.
        const { items } = await client.list(podsResource, { namespace });
        for (const claim of unused)
          if (!items.some((pod) => usesClaim(pod, claim))) await removeFinalizer(protectedClaims, claim);
      },
    },
    dependencies,
  );
}
