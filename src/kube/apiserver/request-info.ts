import { type FieldRequirement, parseFieldSelector } from "../../formats/index.ts";

/** What a request wants, as authorization and audit see it (apiserver's RequestInfo). */
export type RequestInfo = ResourceRequestInfo | PathRequestInfo;

export interface ResourceRequestInfo {
  isResource: true;
  verb: string;
  path: string;
  group: string;
  version: string;
  resource: string;
  subresource?: string;
  namespace?: string;
  name?: string;
  /** What follows the subresource in the path. */
  rest?: string;
  /** What the field selector of a collection request demands: some may see only what it selects. */
  fieldRequirements?: readonly FieldRequirement[];
}

export interface PathRequestInfo {
  isResource: false;
  /** The HTTP method in lower case. */
  verb: string;
  path: string;
}

const VERB_BY_METHOD: Record<string, string> = {
  POST: "create",
  GET: "get",
  HEAD: "get",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};

/** Subresources of namespaces: after `/namespaces/NAME/` anything else is a resource inside the namespace. */
const NAMESPACE_SUBRESOURCES = new Set(["status", "finalize"]);

/** Never throws: what cannot be read as a resource's path is another path, under which nothing is found. */
export function parseRequest(method: string, path: string, query: URLSearchParams): RequestInfo {
  const verb = VERB_BY_METHOD[method] ?? method.toLowerCase();
  const other: PathRequestInfo = { isResource: false, verb: method.toLowerCase(), path };
  const parts = segmentsOf(path);
  const groupParts = parts[0] === "api" ? 2 : parts[0] === "apis" ? 3 : 0;
  if (groupParts === 0 || parts.length <= groupParts) return other;
  const [group, version] = groupParts === 2 ? ["", parts[1]!] : [parts[1]!, parts[2]!];
  const info: ResourceRequestInfo = { isResource: true, verb, path, group, version, resource: "" };
  return fill(info, parts.slice(groupParts), query) ?? other;
}

/** Decoded before it is split, as Go's URL.Path is; only what follows `/proxy` is somebody else's path, and stays as it is. */
function segmentsOf(path: string): string[] {
  const raw = path.split("/").slice(1);
  if (raw.at(-1) === "") raw.pop();
  const proxyAt = proxySegment(raw);
  return raw.flatMap((segment, index) =>
    index > proxyAt || !segment.includes("%") ? [segment] : decodeURIComponent(segment).split("/"),
  );
}

/** Where `proxy` stands in `api/v1/nodes/NAME/proxy` and `api/v1/namespaces/NAMESPACE/pods/NAME/proxy`. */
function proxySegment(segments: string[]): number {
  const at = segments[2] === "namespaces" ? 6 : 4;
  return segments[0] === "api" && segments[at] === "proxy" ? at : segments.length;
}

function fill(
  info: ResourceRequestInfo,
  parts: string[],
  query: URLSearchParams,
): ResourceRequestInfo | undefined {
  // The old form /api/v1/watch/… of a watch.
  const oldWatch = parts[0] === "watch" && info.verb === "get";
  let rest = oldWatch ? parts.slice(1) : parts;
  if (rest[0] === "namespaces" && rest.length > 1) {
    info.namespace = rest[1]!;
    if (rest.length > 2 && !NAMESPACE_SUBRESOURCES.has(rest[2]!)) rest = rest.slice(2);
  }
  const [resource, name, subresource] = rest;
  // Of all segments only a namespace may be empty.
  if (!resource || name === "" || subresource === "") return undefined;
  info.resource = resource;
  if (name) info.name = name;
  if (subresource) info.subresource = subresource;
  if (rest.length > 3) info.rest = rest.slice(3).join("/");
  info.verb = collectionVerb(info, query, oldWatch);
  // Read without a namespace's name, the resource is read in all of them.
  if (info.namespace === "" && (info.verb === "list" || info.verb === "watch")) delete info.namespace;
  return info;
}

/** A GET without a name lists or watches (with one it is a GET, whatever it says of watching), a DELETE without one deletes the collection. */
function collectionVerb(info: ResourceRequestInfo, query: URLSearchParams, oldWatch: boolean): string {
  if (info.subresource !== undefined) return info.verb;
  if (oldWatch) return "watch";
  if (info.name !== undefined) return info.verb;
  if (info.verb === "get") return isTrue(query.get("watch")) ? "watch" : "list";
  return info.verb === "delete" ? "deletecollection" : info.verb;
}

/** Query parameters that are switches: present without a value, or anything but `false` and `0` (apimachinery conversion). */
export function isTrue(value: string | null): boolean {
  return value !== null && value !== "0" && value.toLowerCase() !== "false";
}

/**
 * What authorization sees of a collection request's field selector: its demands, and the one name that it asks for, by
 * which it counts as a request for that object.
 */
export function takeFieldSelector(info: RequestInfo, fieldSelector: string | undefined): void {
  if (!info.isResource || !fieldSelector) return;
  if (!["list", "watch", "deletecollection"].includes(info.verb)) return;
  try {
    const selector = parseFieldSelector(fieldSelector);
    info.fieldRequirements = selector.requirements;
    const name = selector.requiredValue("metadata.name");
    if (info.name === undefined && name && !name.includes("/")) info.name = name;
  } catch {
    // A selector that cannot be read is refused where it is used.
  }
}
