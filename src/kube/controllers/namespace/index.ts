import { errorMessage } from "../../../base/index.ts";
import { jsonEquals } from "../../../formats/index.ts";
import type { Namespace } from "../../api/index.ts";
import {
  type KindSource,
  namespaces as namespacesResource,
  pods as podsResource,
  verbsOf,
} from "../../api/index.ts";
import type { ApiObject, KindDefinition } from "../../api/types.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { writeOnNewest } from "../newest.ts";
import { keyOf } from "../object-key.ts";
import { unlessGone } from "../write-errors.ts";
import { type ContentReport, nextConditions } from "./conditions.ts";

/** How soon a namespace that still holds something is looked at again, if no event says so before. */
const RECHECK_MS = 1_000;
const FINALIZER = "kubernetes";

/** Kinds that a namespace holds and that can be deleted; pods last, so that nobody makes new ones. */
function contentOf(kinds: KindSource): KindDefinition[] {
  return kinds
    .stored()
    .filter((kind) => kind.namespaced && verbsOf(kind).includes("deletecollection"))
    .sort((a, b) => Number(a === podsResource) - Number(b === podsResource));
}

/** Empties a namespace that is being deleted, then lets go of it by its finalizer. */
export function createNamespaceController(dependencies: ControllerDependencies): Controller {
  const { client, informers, kinds, clock } = dependencies;
  const namespaces = informers.informer(namespacesResource);
  const pods = informers.informer(podsResource);

  /** Deletes one kind's objects; returns those that remain (finalizers, grace periods). */
  const empty = async (kind: KindDefinition, namespace: string): Promise<readonly ApiObject[]> => {
    const before = (await client.list(kind, { namespace })).items;
    if (before.every((one) => one.metadata.deletionTimestamp !== undefined)) return before;
    await client.deleteCollection(kind, { namespace, propagationPolicy: "Background" });
    return (await client.list(kind, { namespace })).items;
  };

  const emptyAll = async (namespace: string): Promise<ContentReport> => {
    const report: ContentReport = { remaining: new Map(), finalizers: new Map(), failures: [] };
    for (const kind of contentOf(kinds)) {
      try {
        const left = await empty(kind, namespace);
        if (left.length > 0) report.remaining.set(`${kind.resource}.${kind.group}`, left.length);
        for (const { metadata } of left) {
          for (const name of metadata.finalizers ?? [])
            report.finalizers.set(name, (report.finalizers.get(name) ?? 0) + 1);
        }
      } catch (error) {
        report.failures.push(errorMessage(error));
      }
    }
    return report;
  };

  const finalize = (namespace: Namespace): Promise<unknown> =>
    writeOnNewest(namespaces, namespace, (base) => {
      const finalizers = (base.spec?.finalizers ?? []).filter((name: string) => name !== FINALIZER);
      return client.update(
        namespacesResource,
        { ...base, spec: { ...base.spec, finalizers } },
        { subresource: "finalize" },
      );
    });

  const tell = (namespace: Namespace, report: ContentReport): Promise<unknown> =>
    writeOnNewest(namespaces, namespace, async (base) => {
      const conditions = nextConditions(base.status?.conditions ?? [], report, clock);
      if (jsonEquals(base.status?.conditions ?? [], conditions)) return;
      await client.updateStatus(namespacesResource, {
        ...base,
        status: { ...base.status, phase: "Terminating", conditions },
      });
    });

  return createController(
    {
      name: "namespace",
      informers: [namespaces, pods],
      watch: (enqueue) => [
        namespaces.subscribe({ onAdd: (one) => enqueue(keyOf(one)), onUpdate: (one) => enqueue(keyOf(one)) }),
        pods.subscribe({
          onDelete: ({ metadata: { namespace = "" } }) => {
            if (namespaces.get(namespace)?.metadata.deletionTimestamp !== undefined) enqueue(namespace);
          },
        }),
      ],
      reconcile: async (key, enqueue) => {
        const namespace = namespaces.get(key);
        if (
          namespace?.metadata.deletionTimestamp === undefined ||
          !namespace.spec?.finalizers?.includes(FINALIZER)
        )
          return;
        const report = await emptyAll(key);
        if (report.remaining.size === 0 && report.failures.length === 0) {
          await unlessGone(finalize(namespace));
          return;
        }
        enqueue(key, RECHECK_MS);
        await unlessGone(tell(namespace, report));
      },
      concurrency: 2,
    },
    dependencies,
  );
}
