import {
  type EmptyMember,
  emptiesOf,
  type GroupVersionKind,
  inWordsOf,
  type KubeObject,
  statusNotFound,
  validateMetaOfStatus,
  validateUpdatedMeta,
  withEmpties,
} from "../../api/index.ts";
import { NO_COMPANIONS } from "../objects/object-store.ts";
import type { StoredObject } from "../objects/stored-object.ts";
import type { ResourceCall, ServerContext } from "../server-context.ts";
import { admissionRequest } from "./admission-request.ts";
import { reserveCompanions } from "./companions.ts";
import { dropDuplicateOwners } from "./duplicate-owners.ts";
import { withFieldManagers } from "./manage-fields.ts";
import { checkUid, prepareMetadataForUpdate, raiseGeneration } from "./object-metadata.ts";
import { type NextState, rewriteObject } from "./rewrite-object.ts";
import { updateStrategy } from "./update-strategy.ts";
import { refuseInvalid, warn, writeContext } from "./write-checks.ts";

/** What admission sees of an object, and may change of it, where the update is by a body of another kind. */
export interface ShownAs {
  kind: GroupVersionKind;
  show(object: KubeObject): KubeObject;
  /** Brings what admission has made of it into the object. */
  take(object: KubeObject, shown: KubeObject): void;
}

export interface UpdateOptions {
  /** The body of a PUT, where the next state is one. */
  sent?: KubeObject;
  /** Whether `change` has seen to the owners of the fields. */
  isManaged?: boolean;
  shownAs?: ShownAs;
  /** Makes the object where it is not there. */
  create?: () => Promise<StoredObject | KubeObject>;
}

/**
 * Changes an object, or a part of it by a subresource: `change` gives its next state from the current one; then come
 * admission, defaults, the strategy, validation and the store.
 */
export function updateObject(
  context: ServerContext,
  call: ResourceCall,
  change: (current: StoredObject) => KubeObject | Promise<KubeObject>,
  { sent, create, shownAs, isManaged = call.patchType === "apply" }: UpdateOptions = {},
): Promise<{ object: StoredObject | KubeObject; created: boolean }> {
  const { kind, info, query } = call;
  const check = (current: StoredObject | undefined) => {
    if (sent) checkUid(kind, sent, current, { info, dryRun: query.dryRun === true });
  };
  const avoid = new Set<string>();
  const absent = () => {
    check(undefined);
    if (!create) throw statusNotFound(kind, info.name!);
    return create();
  };
  return rewriteObject(
    context,
    call,
    async (current) => {
      check(current);
      const changed = await change(current);
      const empties = emptiesOf(sent ?? changed);
      return prepareUpdate(context, call, { changed, empties, current, isManaged, shownAs, avoid });
    },
    async () => absent(),
  );
}

interface Change {
  changed: KubeObject;
  empties: readonly EmptyMember[];
  current: StoredObject;
  isManaged: boolean;
  shownAs: ShownAs | undefined;
  avoid: Set<string>;
}

async function prepareUpdate(
  context: ServerContext,
  call: ResourceCall,
  { changed, empties, current, isManaged, shownAs, avoid }: Change,
): Promise<NextState> {
  const { kind, info } = call;
  const previous = current.object;
  const strategy = updateStrategy(kind, info.subresource);
  prepareMetadataForUpdate(kind, changed, current, info);
  kind.defaults?.(changed);
  if (info.verb === "update") dropDuplicateOwners(changed, call, "sent");
  const managed = isManaged ? changed : withFieldManagers(context, call, changed, previous);
  const admission = admissionRequest(call, "UPDATE", admittedObjects(managed, previous, shownAs));
  await context.admission.mutate(admission);
  shownAs?.take(managed, admission.object!);
  const next = shownAs ? managed : admission.object!;
  // What nobody may change admission may not change, either.
  prepareMetadataForUpdate(kind, next, current, info);
  dropDuplicateOwners(next, call, "admitted");
  kind.defaults?.(next);
  const write = writeContext(context, call);
  strategy.prepare(next, previous, write);
  if (kind.generationTellsEmptyFromNone) raiseGeneration(kind, next, previous, withEmpties(next, empties));
  const companions =
    info.subresource === "status"
      ? NO_COMPANIONS
      : await reserveCompanions(context, { call, next, previous, avoid });
  const validateMeta = info.subresource === "status" ? validateMetaOfStatus : validateUpdatedMeta;
  const validate = (object: KubeObject) => [
    ...validateMeta(object, previous, kind),
    ...strategy.validate(object, previous, write),
  ];
  const errors = validate(next);
  warn(call, write.warnings);
  if (errors.length > 0)
    refuseInvalid(
      call,
      next,
      inWordsOf(errors, empties.length > 0 ? validate(withEmpties(next, empties)) : []),
    );
  warn(call, strategy.warnings(next, previous));
  if (shownAs) admission.object = shownAs.show(next);
  await context.admission.validate(admission);
  return { next, companions };
}

function admittedObjects(object: KubeObject, oldObject: KubeObject, shownAs: ShownAs | undefined) {
  if (!shownAs) return { object, oldObject };
  return { kind: shownAs.kind, object: shownAs.show(object), oldObject: shownAs.show(oldObject) };
}
