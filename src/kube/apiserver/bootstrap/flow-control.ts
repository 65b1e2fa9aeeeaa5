import { jsonEquals, parseGoBool } from "../../../formats/index.ts";
import {
  AUTO_UPDATE_ANNOTATION,
  FLOW_SCHEMAS,
  type FlowSchemaSpec,
  flowSchemas,
  type KubeObject,
  PRIORITY_LEVELS,
  priorityLevelConfigurations,
} from "../../api/index.ts";
import type { KubeClient, NewObject, ResourceRef } from "../../client/types.ts";
import { danglingCondition } from "../flow-control/dangling-condition.ts";
import { unlessChanged } from "./unless-changed.ts";

const FIELD_MANAGER = "api-priority-and-fairness-config-producer-v1";

type Upkeep = "mandatory" | "suggested";
type Wanted = Pick<KubeObject, "spec"> & { metadata: { name: string } };

/** What a new cluster starts with; `now` is as timestamps are written. */
export function flowControlObjects(now: string): NewObject[] {
  return [PRIORITY_LEVELS, FLOW_SCHEMAS].flatMap(({ mandatory, suggested }) =>
    [...suggested, ...mandatory].map((object) => ({
      ...object,
      metadata: { ...object.metadata, generation: 1 },
      status: "rules" in object.spec ? statusOf(object.spec, now) : {},
    })),
  );
}

/** As it is told of a FlowSchema whose level is there. */
function statusOf({ priorityLevelConfiguration: { name } }: FlowSchemaSpec, lastTransitionTime: string) {
  return { conditions: [{ ...danglingCondition(name, true), lastTransitionTime }] };
}

/**
 * Makes the objects that are missing, and brings those that are there to what this version makes, as far as their annotation
 * lets it (upstream's ensurer).
 */
export async function keepFlowControl(client: KubeClient): Promise<void> {
  await keepAll(client, priorityLevelConfigurations, PRIORITY_LEVELS);
  await keepAll(client, flowSchemas, FLOW_SCHEMAS);
}

async function keepAll(
  client: KubeClient,
  resource: ResourceRef,
  wanted: Record<Upkeep, readonly Wanted[]>,
): Promise<void> {
  const { items } = await client.list<KubeObject>(resource);
  for (const one of [...wanted.suggested, ...wanted.mandatory]) {
    if (items.some(({ metadata }) => metadata.name === one.metadata.name)) continue;
    await unlessChanged(client.create(resource, one, { fieldManager: FIELD_MANAGER }));
  }
  for (const current of items) {
    const { name } = current.metadata;
    const named = (one: Wanted) => one.metadata.name === name;
    const suggested = wanted.suggested.find(named);
    const mandatory = wanted.mandatory.find(named);
    if (!suggested && !mandatory) await removeLeftOver(client, resource, current);
    const next = mandatory
      ? revised(current, mandatory, "mandatory")
      : suggested && revised(current, suggested, "suggested");
    if (next) await unlessChanged(client.update(resource, next, { fieldManager: FIELD_MANAGER }));
  }
}

/** What becomes of an object; undefined: it is as it should be (upstream ReviseIfNeeded). */
export function revised(current: KubeObject, wanted: Wanted, upkeep: Upkeep): KubeObject | undefined {
  const isKept = upkeep === "mandatory" || isAutoUpdated(current);
  const isMarked = parseGoBool(annotationOf(current) ?? "") === isKept;
  const isSame = !isKept || jsonEquals(current.spec, wanted.spec);
  if (isMarked && isSame) return undefined;
  const annotations = { ...current.metadata.annotations, [AUTO_UPDATE_ANNOTATION]: String(isKept) };
  return {
    ...current,
    metadata: { ...current.metadata, ...(isMarked ? {} : { annotations }) },
    spec: isSame ? current.spec : wanted.spec,
  };
}

const annotationOf = ({ metadata }: KubeObject) => metadata.annotations?.[AUTO_UPDATE_ANNOTATION];

/** Where the annotation says nothing, what nobody has changed is ours. */
function isAutoUpdated(object: KubeObject): boolean {
  return parseGoBool(annotationOf(object) ?? "") ?? object.metadata.generation === 1;
}

/** Made by another version, and nobody has taken it over since. */
async function removeLeftOver(client: KubeClient, resource: ResourceRef, object: KubeObject): Promise<void> {
  if (parseGoBool(annotationOf(object) ?? "") !== true) return;
  await unlessChanged(client.delete(resource, undefined, object.metadata.name));
}
