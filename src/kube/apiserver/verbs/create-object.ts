import { cloneJson } from "../../../formats/index.ts";
import {
  type EmptyMember,
  emptiesOf,
  isStatusError,
  type KubeObject,
  statusConflict,
  statusGenerateNameConflict,
  statusUnclassified,
  validateObjectMeta,
  withEmpties,
} from "../../api/index.ts";
import type { AdmissionRequest } from "../admission/admission.ts";
import type { Companions, WriteOutcome } from "../objects/object-store.ts";
import type { StoredObject } from "../objects/stored-object.ts";
import type { ResourceCall, ServerContext } from "../server-context.ts";
import { admissionRequest } from "./admission-request.ts";
import { hasCompanions, reserveCompanions } from "./companions.ts";
import { dryRunAnswer } from "./dry-run-answer.ts";
import { dropDuplicateOwners } from "./duplicate-owners.ts";
import { withFieldManagers } from "./manage-fields.ts";
import { fillSystemFields, needsName, wipeSystemFields } from "./object-metadata.ts";
import { MAX_ATTEMPTS } from "./rewrite-object.ts";
import { refuseInvalid, warn, writeContext } from "./write-checks.ts";
import { countedWrite } from "./write-counter.ts";

const GENERATED_NAME_ATTEMPTS = 8;

/** Makes a new object: admission, defaults, validation, store. `decoded` becomes it, and is its caller's no more. */
export async function createObject(
  context: ServerContext,
  call: ResourceCall,
  decoded: KubeObject,
): Promise<StoredObject | KubeObject> {
  const { kind } = call;
  const sentVersion = decoded.metadata.resourceVersion;
  const admission = await admitNew(context, call, decoded);
  const admitted = admission.object!;
  const isGenerated = needsName(admitted);
  // Another name, other addresses: all else fails at the first attempt.
  const mayRepeat = isGenerated || hasCompanions(context, call);
  const avoid = new Set<string>();
  const empties = emptiesOf(decoded);
  for (let attempt = 1; ; attempt++) {
    const next = mayRepeat ? cloneJson(admitted) : admitted;
    admission.object = next;
    const reserved = await finishCreate(context, call, admission, { avoid, empties });
    try {
      const change = { call, next, previous: undefined, avoid };
      const outcome = await countedWrite(context, change, reserved, (companions) =>
        write(context, call, next, sentVersion, companions),
      );
      if (!outcome) return dryRunAnswer(kind, next);
      if (outcome.done) return outcome.object;
    } catch (error) {
      if (!isGenerated || !isStatusError(error, "AlreadyExists")) throw error;
      if (attempt >= GENERATED_NAME_ATTEMPTS) throw statusGenerateNameConflict(kind, next.metadata.name);
    }
    if (attempt >= MAX_ATTEMPTS) throw statusConflict(kind, next.metadata.name);
  }
}

/** Answers with nothing where a dry run would have written. */
async function write(
  { objects }: ServerContext,
  { kind, info, query }: ResourceCall,
  object: KubeObject,
  sentVersion: string | undefined,
  companions: Companions,
): Promise<WriteOutcome | undefined> {
  if (query.dryRun) {
    await objects.refuseExisting(kind, object);
    return undefined;
  }
  // Only here upstream looks at a version that was sent: where it is one, it speaks of an object that is there.
  if (info.verb === "create" && /^0*[1-9]\d*$/.test(sentVersion ?? ""))
    throw statusUnclassified("resourceVersion should not be set on objects to be created");
  return objects.create(kind, object, companions);
}

/** Defaults, and what admission changes. The name may still be open. */
async function admitNew(
  context: ServerContext,
  call: ResourceCall,
  object: KubeObject,
): Promise<AdmissionRequest> {
  const { kind, info } = call;
  kind.defaults?.(object);
  dropDuplicateOwners(object, call, "sent");
  wipeSystemFields(kind, object, info);
  // An applied configuration has come with its managers.
  const managed = call.patchType === "apply" ? object : withFieldManagers(context, call, object, undefined);
  const admission = admissionRequest(call, "CREATE", { object: managed });
  await context.admission.mutate(admission);
  dropDuplicateOwners(admission.object!, call, "admitted");
  kind.defaults?.(admission.object!);
  return admission;
}

/** Metadata, the kind's strategy, what is written along, validation, and who may still refuse. */
async function finishCreate(
  context: ServerContext,
  call: ResourceCall,
  admission: AdmissionRequest,
  { avoid, empties }: { avoid: Set<string>; empties: readonly EmptyMember[] },
): Promise<Companions> {
  const { kind, info } = call;
  const next = admission.object!;
  const write = writeContext(context, call);
  fillSystemFields(kind, next, info, write.nowMs);
  kind.prepareForCreate?.(next, write);
  const companions = await reserveCompanions(context, { call, next, previous: undefined, avoid });
  const given = withEmpties(next, empties);
  refuseInvalid(call, next, [...validateObjectMeta(given, kind), ...(kind.validate?.(given) ?? [])]);
  warn(call, [...write.warnings, ...(kind.warnings?.(next) ?? [])]);
  await context.admission.validate(admission);
  return companions;
}
