import {
  failureStatus,
  type KindCatalog,
  type KindDefinition,
  StatusError,
  subresourcesOf,
  verbsOf,
} from "../api/index.ts";
import { noSuchResource } from "./no-such-resource.ts";
import type { ResourceRequestInfo } from "./request-info.ts";

const OF_ITEM = new Set(["get", "update", "patch", "delete"]);
/** Whatever a request behind `proxy` means, it is passed on; discovery knows no verb for this method. */
const PASSED_ON = "options";
const READS_ALL = new Set(["list", "watch"]);

/** The kind behind a request's path. Throws NotFound where nothing is served, MethodNotAllowed where not with this verb. */
export function routeOf(catalog: KindCatalog, info: ResourceRequestInfo): KindDefinition {
  const kind = catalog.find(info.group, info.version, info.resource);
  const isTooLong = info.rest !== undefined && info.subresource !== "proxy";
  const verbs = kind && !isTooLong && verbsUnder(kind, info);
  if (!verbs || verbs.length === 0) throw noSuchResource();
  if (kind!.isTerminating && info.verb === "create") throw beingTerminated(info);
  if (!verbs.includes(info.verb)) throw methodNotAllowed();
  return kind!;
}

/** What is served under the path of a collection, of an object, or of a part of it. */
function verbsUnder(kind: KindDefinition, info: ResourceRequestInfo): readonly string[] | undefined {
  const isInNamespace = kind.resource !== "namespaces" && info.namespace !== undefined;
  if (isInNamespace && !kind.namespaced) return undefined;
  if (info.subresource !== undefined) {
    if (isInNamespace !== kind.namespaced) return undefined;
    const verbs = subresourcesOf(kind).find(({ name }) => name === info.subresource)?.verbs;
    return verbs && info.subresource === "proxy" ? [...verbs, PASSED_ON] : verbs;
  }
  // A selector may have named the one that a list is to have.
  if (info.name !== undefined && !READS_ALL.has(info.verb) && info.verb !== "deletecollection") {
    return isInNamespace === kind.namespaced ? verbsByPlace(kind).item : undefined;
  }
  return isInNamespace === kind.namespaced ? verbsByPlace(kind).collection : verbsByPlace(kind).all;
}

interface VerbsByPlace {
  item: readonly string[];
  collection: readonly string[];
  /** Of a collection of all namespaces. */
  all: readonly string[];
}

const known = new WeakMap<KindDefinition, VerbsByPlace>();

function verbsByPlace(kind: KindDefinition): VerbsByPlace {
  let found = known.get(kind);
  if (!found) {
    const verbs = verbsOf(kind);
    found = {
      item: verbs.filter((verb) => OF_ITEM.has(verb)),
      collection: verbs.filter((verb) => !OF_ITEM.has(verb)),
      all: verbs.filter((verb) => READS_ALL.has(verb)),
    };
    known.set(kind, found);
  }
  return found;
}

function beingTerminated({ verb }: ResourceRequestInfo): StatusError {
  const message = `${verb} not allowed while custom resource definition is terminating`;
  return new StatusError(failureStatus(405, "MethodNotAllowed", message, {}));
}

/** The answer to a method that is not served under a path under which something else is. */
export function methodNotAllowed(): StatusError {
  const message = "the server does not allow this method on the requested resource";
  return new StatusError(failureStatus(405, "MethodNotAllowed", message, {}));
}
