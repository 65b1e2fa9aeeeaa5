import type { KubeObject, Status } from "../../api/index.ts";
import type { UserInfo } from "../../client/types.ts";

export type AuditLevel = "None" | "Metadata" | "Request" | "RequestResponse";
export const AUDIT_LEVELS: readonly AuditLevel[] = ["None", "Metadata", "Request", "RequestResponse"];

export type AuditStage = "RequestReceived" | "ResponseStarted" | "ResponseComplete" | "Panic";
export const AUDIT_STAGES: readonly AuditStage[] = [
  "RequestReceived",
  "ResponseStarted",
  "ResponseComplete",
  "Panic",
];

export interface AuditedObject {
  resource?: string;
  namespace?: string;
  name?: string;
  uid?: string;
  apiGroup?: string;
  apiVersion?: string;
  resourceVersion?: string;
  subresource?: string;
}

/** A stage of a request (audit.k8s.io/v1 Event). Empty fields are not written. */
export interface AuditEvent {
  level: AuditLevel;
  auditId: string;
  stage: AuditStage;
  requestUri: string;
  verb: string;
  /** Undefined where nobody proved who it is. */
  user: UserInfo | undefined;
  impersonatedUser: UserInfo | undefined;
  sourceIps: readonly string[];
  userAgent: string;
  object: AuditedObject | undefined;
  status: (Partial<Status> & { code: number }) | undefined;
  /** JSON. */
  requestObject: string | undefined;
  responseObject: string | undefined;
  /** RFC 3339 with microseconds. */
  receivedAt: string;
  stageAt: string;
  annotations: ReadonlyMap<string, string>;
}

/** The members of an event in JSON, in the order of upstream's, without the braces and without its type. */
export function eventMembers(event: AuditEvent): string {
  const head = {
    level: event.level,
    auditID: event.auditId,
    stage: event.stage,
    requestURI: event.requestUri,
    verb: event.verb,
    user: shownUser(event.user),
    impersonatedUser: event.impersonatedUser && shownUser(event.impersonatedUser),
    sourceIPs: filled(event.sourceIps),
    userAgent: event.userAgent || undefined,
    objectRef: event.object && shownObject(event.object),
    responseStatus: event.status && shownStatus(event.status),
  };
  const tail = {
    requestReceivedTimestamp: event.receivedAt,
    stageTimestamp: event.stageAt,
    annotations: shownAnnotations(event.annotations),
  };
  const parts = [
    members(head),
    ...(event.requestObject === undefined ? [] : [`"requestObject":${event.requestObject}`]),
    ...(event.responseObject === undefined ? [] : [`"responseObject":${event.responseObject}`]),
    members(tail),
  ];
  return parts.join(",");
}

const members = (value: object) => JSON.stringify(value).slice(1, -1);

const filled = <T>(list: readonly T[]) => (list.length === 0 ? undefined : list);

function shownUser(user: UserInfo | undefined): object {
  if (!user) return {};
  const { name, uid, groups, extra = {} } = user;
  return {
    username: name || undefined,
    uid: uid || undefined,
    groups: filled(groups),
    extra: Object.keys(extra).length === 0 ? undefined : extra,
  };
}

function shownObject(object: AuditedObject): object {
  const { resource, namespace, name, uid, apiGroup, apiVersion, resourceVersion, subresource } = object;
  const all = { resource, namespace, name, uid, apiGroup, apiVersion, resourceVersion, subresource };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value));
}

function shownStatus({ status, message, reason, details, code }: NonNullable<AuditEvent["status"]>): object {
  return { metadata: {}, status, message: message || undefined, reason: reason || undefined, details, code };
}

function shownAnnotations(annotations: ReadonlyMap<string, string>): object | undefined {
  if (annotations.size === 0) return undefined;
  return Object.fromEntries([...annotations].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** An event without the request's and the answer's objects, which says that they were left out. */
export function truncated(event: AuditEvent): AuditEvent {
  const annotations = new Map(event.annotations).set("audit.k8s.io/truncated", "true");
  return { ...event, requestObject: undefined, responseObject: undefined, annotations };
}

/** An object as an event has it. */
export function objectJson(
  object: KubeObject,
  { omitsManagedFields }: { omitsManagedFields: boolean },
): string {
  return JSON.stringify(omitsManagedFields ? withoutManagedFields(object) : object);
}

/** An object, a list of objects or a table (audit copyWithoutManagedFields). */
function withoutManagedFields(object: KubeObject): KubeObject {
  const { items, rows } = object as { items?: unknown; rows?: unknown };
  return {
    ...bare(object),
    ...(Array.isArray(items) ? { items: items.map(bare) } : {}),
    ...(object.kind === "Table" && Array.isArray(rows)
      ? { rows: rows.map((row) => (row.object ? { ...row, object: bare(row.object) } : row)) }
      : {}),
  };
}

function bare<T>(object: T): T {
  const metadata = (object as { metadata?: object } | null)?.metadata;
  if (!metadata || !("managedFields" in metadata)) return object;
  const { managedFields: _, ...rest } = metadata;
  return { ...object, metadata: rest };
}
