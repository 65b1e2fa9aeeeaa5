import { type Clock, errorMessage, GantryError, rfc3339Seconds } from "../../../base/index.ts";
import { cloneJson } from "../../../formats/index.ts";
import {
  CLEANUP_FINALIZER,
  type CustomResourceDefinition,
  customResourceDefinitions,
  isConditionTrue,
  type ResourceRef,
  releaseDefinition,
  servedVersions,
  setCondition,
  storageVersion,
  TERMINATION,
  terminationFailed,
} from "../../api/index.ts";
import type { KubeClient } from "../../client/types.ts";

interface EndOptions {
  client: KubeClient;
  clock: Clock;
}

type Condition = Parameters<typeof setCondition>[1];

/**
 * Takes away the objects of a definition that is being deleted, and then lets go of it (apiextensions-apiserver
 * controller/finalizer). Throws while some of them are still there, so that it is tried again.
 */
export async function endDefinition(
  options: EndOptions,
  definition: CustomResourceDefinition,
  unserve: () => void,
): Promise<void> {
  if (!definition.metadata.finalizers?.includes(CLEANUP_FINALIZER)) return;
  const { client, clock } = options;
  const now = () => rfc3339Seconds(clock.nowMs());
  const tell = async (condition: Condition) => {
    const next = cloneJson(definition) as CustomResourceDefinition;
    setCondition(next, condition, now());
    return client.updateStatus(customResourceDefinitions, next);
  };
  let latest = definition;
  let outcome: Condition = TERMINATION.neverEstablished;
  if (isConditionTrue(definition, "Established")) {
    latest = await tell(TERMINATION.inProgress);
    const problem = await removeObjects(client, definition);
    if (problem) {
      await client
        .updateStatus(customResourceDefinitions, withCondition(latest, problem, now()))
        .catch(() => {});
      throw new GantryError("Unavailable", problem.message ?? "objects remain", {
        code: "CustomKinds.Remaining",
      });
    }
    outcome = TERMINATION.completed;
  }
  const released = cloneJson(latest) as CustomResourceDefinition;
  releaseDefinition(released, outcome, now());
  unserve();
  const told = await client.updateStatus(customResourceDefinitions, withCondition(latest, outcome, now()));
  const finalizers = released.metadata.finalizers ?? [];
  await client.update(customResourceDefinitions, { ...told, metadata: { ...told.metadata, finalizers } });
}

function withCondition(definition: CustomResourceDefinition, condition: Condition, now: string) {
  const next = cloneJson(definition) as CustomResourceDefinition;
  setCondition(next, condition, now);
  return next;
}

/** What keeps objects from going; undefined: there are none left. */
async function removeObjects(
  client: KubeClient,
  definition: CustomResourceDefinition,
): Promise<Condition | undefined> {
  const { group, names, scope } = definition.spec;
  const version = (servedVersions(definition)[0] ?? storageVersion(definition)!).name;
  const { plural: resource, kind } = definition.status?.acceptedNames ?? names;
  const of: ResourceRef = { group, version, resource, kind, namespaced: scope === "Namespaced" };
  try {
    const { items } = await client.list(of, {});
    const places = new Set(items.map(({ metadata }) => metadata.namespace));
    for (const namespace of places) await client.deleteCollection(of, namespace ? { namespace } : {});
  } catch (error) {
    return terminationFailed("delete", errorMessage(error));
  }
  const { items } = await client.list(of, {});
  return items.length === 0 ? undefined : terminationFailed("check", "timed out waiting for the condition");
}
