import { isJsonObject, type JsonObject } from "../../../formats/index.ts";
import { parseApiVersion } from "../api-version.ts";
import { statusBadRequest, statusUnclassified } from "../status-error.ts";
import type { GroupVersionKind, KubeObject } from "../types.ts";
import { ConflictsError, statusApplyConflict } from "./conflicts.ts";
import {
  FieldManager,
  type ManagedRequest,
  managedFieldsOf,
  withManagers,
  withoutManagers,
} from "./field-manager.ts";
import { KUBECTL, lastAppliedSet, withLastApplied } from "./last-applied.ts";
import { Managers } from "./managers.ts";
import { TypedError } from "./typed-errors.ts";
import type { ConflictRule } from "./updater.ts";
import { validateTyped } from "./validate-typed.ts";

export interface ApplyRequest extends ManagedRequest {
  /** The applied configuration as it was decoded: not defaulted, nothing made canonical. */
  config: JsonObject;
  isForced: boolean;
}

/** The owner of what stood in an object before the first apply. */
const BEFORE_FIRST_APPLY = "before-first-apply";
const EXISTING_MISFIT =
  "failed to create manager for existing fields: failed to convert new object (%) to smd typed";

/**
 * What a server-side apply makes of an object: the live one (or an empty one) with the configuration laid over it and its
 * managedFields; neither defaulted nor validated. Throws StatusErrors with upstream's words: 400 for a configuration of
 * another kind or with managedFields, 500 for one that does not fit the schema, 409 for conflicts.
 */
export function manageApply(request: ApplyRequest): KubeObject {
  const managers = decodedManagers(request);
  checkKind(request);
  try {
    return applyAs(request, managers);
  } catch (error) {
    if (error instanceof ConflictsError) throw statusApplyConflict(error);
    throw error;
  }
}

/** What client-side apply wrote, kubectl may take over when it comes to apply on the server. */
function applyAs(request: ApplyRequest, managers: Managers): KubeObject {
  const rule = request.isForced ? "taken" : "refused";
  if (request.manager !== KUBECTL) return applyOnce(request, managers, rule);
  const { config } = request;
  try {
    return withLastApplied(applyOnce(request, managers.copy(), rule), config);
  } catch (error) {
    if (!(error instanceof ConflictsError)) throw error;
    const allowed = request.live && lastAppliedSet(request.live, request.kind);
    if (allowed === undefined) throw error;
    const conflicts = error.conflicts.filter(({ path }) => !allowed.has(path));
    if (conflicts.length > 0) throw new ConflictsError(conflicts);
    return withLastApplied(applyOnce(request, managers, "taken"), config);
  }
}

function applyOnce(request: ApplyRequest, managers: Managers, rule: ConflictRule): KubeObject {
  const { kind, config, manager } = request;
  const fields = new FieldManager(request);
  const live = request.live === undefined ? kind.empty : withoutManagers(request.live);
  if (managers.fields.size === 0)
    fitting(EXISTING_MISFIT, live, kind, () => fields.update(kind.empty, live, managers, BEFORE_FIRST_APPLY));
  checkConfig(request);
  const merged = fitting("failed to create typed live object (%)", live, kind, () => {
    if (kind.mayMisfit) validateTyped(live, kind.schema, "stored");
    return fields.apply(live, config, managers, manager, rule);
  });
  return withManagers(merged as KubeObject, managers);
}

function decodedManagers({ live }: ApplyRequest): Managers {
  try {
    return Managers.decode(managedFieldsOf(live));
  } catch (cause) {
    throw statusUnclassified(`failed to decode managed fields: ${(cause as Error).message}`, cause);
  }
}

function checkKind({ config, kind }: ApplyRequest): void {
  const given = kindOf(config);
  if (gvkText(given) === gvkText(kind)) return;
  throw statusBadRequest(`invalid object type: ${gvkText(given)}`);
}

function checkConfig({ config, kind }: ApplyRequest): void {
  const { metadata } = config;
  if (isJsonObject(metadata) && Array.isArray(metadata.managedFields))
    throw statusBadRequest("metadata.managedFields must be nil");
  const misfit = "failed to create typed patch object (%)";
  fitting(misfit, config, kind, () => validateTyped(config, kind.schema, "configuration"));
}

/** Of an object whose apiVersion is none, nothing is known (unstructured GroupVersionKind). */
function kindOf(object: unknown): GroupVersionKind {
  const { apiVersion, kind } = isJsonObject(object) ? object : {};
  const text = typeof apiVersion === "string" ? apiVersion : "";
  if (text.split("/").length > 2) return { group: "", version: "", kind: "" };
  return { ...parseApiVersion(text), kind: typeof kind === "string" ? kind : "" };
}

/** `apps/v1, Kind=Deployment`, `/v1, Kind=Pod`. */
const gvkText = ({ group, version, kind }: GroupVersionKind) => `${group}/${version}, Kind=${kind}`;

/** Runs what may find that an object does not fit its schema; `sentence` goes before that, `%` stands for the object. */
function fitting<T>(sentence: string, object: unknown, kind: GroupVersionKind, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof TypedError)) throw error;
    const head = sentence.replace("%", () => `${nameOf(object)}; ${gvkText(kind)}`);
    throw statusUnclassified(`${head}: ${error.message}`, error);
  }
}

/** `namespace/name`, as far as they are given. */
function nameOf(object: unknown): string {
  const metadata = isJsonObject(object) && isJsonObject(object.metadata) ? object.metadata : {};
  const texts = [metadata.namespace, metadata.name].map((one) => (typeof one === "string" ? one : ""));
  return texts.join("/");
}
