import { isTrue, type RequestInfo, type ResourceRequestInfo } from "../request-info.ts";

/** How much of the server a request takes (upstream WorkEstimate). */
export interface WorkEstimate {
  /** While it is worked on. */
  initialSeats: number;
  /** Afterwards, for what it causes: watchers that hear of a write. */
  finalSeats: number;
  /** For how long the final seats are taken. */
  additionalMs: number;
}

export interface WorkContext {
  info: RequestInfo;
  params: URLSearchParams;
  /** What a request of this priority level may take at the most. */
  maxSeats: number;
  /** How many objects a list would look at; undefined where the resource is unknown. */
  countObjects: (info: ResourceRequestInfo) => number | undefined;
  /** How many watches hear of what the request writes. */
  countWatches: (info: RequestInfo) => number;
}

/** The most that any level lets one request have. */
const MAX_SEATS = 10;
const OBJECTS_PER_SEAT = 100;
const WATCHES_PER_SEAT = 10;
/** What telling a watcher of one event takes. */
const EVENT_MS = 5;
const MUTATING = new Set(["create", "update", "patch", "delete"]);

/** By the verb; whatever is neither a list nor a write takes one seat. */
export function estimateWork(context: WorkContext): WorkEstimate {
  const { info } = context;
  if (info.isResource && (info.verb === "list" || info.verb === "watch"))
    return seats(listSeats(context, info));
  if (info.isResource && MUTATING.has(info.verb)) return mutatingWork(context);
  return seats(1);
}

const seats = (initialSeats: number): WorkEstimate => ({ initialSeats, finalSeats: 0, additionalMs: 0 });

/** A watch takes what a list takes where it begins with the objects that there are. */
function listSeats(context: WorkContext, info: ResourceRequestInfo): number {
  const { params } = context;
  if (info.name !== undefined) return 1;
  const isWatch = info.verb === "watch";
  if (isWatch && !(params.has("sendInitialEvents") && isTrue(params.get("sendInitialEvents")))) return 1;
  const stored = context.countObjects(info);
  if (stored === undefined) return 1;
  const looked = isWatch || isFromCache(params) ? stored : lookedAtInStore(params, stored);
  return Math.min(limitOf(context), Math.max(1, Math.ceil(looked / OBJECTS_PER_SEAT)));
}

/** Pages that go on, and lists of one version, are read from the store. */
function isFromCache(params: URLSearchParams): boolean {
  const match = params.get("resourceVersionMatch");
  if (match) return match === "NotOlderThan";
  if (params.get("continue")) return false;
  const version = params.get("resourceVersion");
  return !(Number(params.get("limit")) > 0 && version && version !== "0");
}

function lookedAtInStore(params: URLSearchParams, stored: number): number {
  const wanted = Number(params.get("limit"));
  const limit = wanted > 0 && wanted < stored ? wanted : stored;
  return params.get("fieldSelector") || params.get("labelSelector") ? stored + limit : 2 * limit;
}

/** Few watchers are told along with the write; many are work that goes on after its answer. */
function mutatingWork(context: WorkContext): WorkEstimate {
  const { info } = context;
  // A token is nothing that watchers of service accounts hear of.
  if (info.isResource && info.resource === "serviceaccounts" && info.subresource === "token") return seats(1);
  const watches = context.countWatches(info);
  if (watches < WATCHES_PER_SEAT) return seats(1);
  const wanted = Math.ceil(watches / WATCHES_PER_SEAT);
  // Who asks for many seats at once keeps them empty until all are there: less of them for longer is the same work.
  const finalSeats = Math.min(wanted, limitOf(context));
  return { initialSeats: 1, finalSeats, additionalMs: (wanted * EVENT_MS) / finalSeats };
}

function limitOf({ maxSeats }: WorkContext): number {
  return maxSeats === 0 ? MAX_SEATS : Math.min(maxSeats, MAX_SEATS);
}
