import {
  apiVersionOf,
  type KindDefinition,
  parameterDescription,
  subresourcesOf,
  verbsOf,
} from "../../api/index.ts";
import { PATCH_TYPES } from "../verbs/patch-object.ts";
import { operationPrefix } from "./schemas.ts";

/** One operation in a form from which both OpenAPI versions are written. */
export interface Operation {
  path: string;
  method: "get" | "post" | "put" | "patch" | "delete";
  id: string;
  /** `x-kubernetes-action` */
  action: string;
  description: string;
  kind: { group: string; version: string; kind: string };
  parameters: Parameter[];
  /** Definition name of the body. */
  body?: string;
  consumes?: readonly string[];
  /** Definition name of the answer. */
  answer: string;
}

export interface Parameter {
  name: string;
  in: "query" | "path";
  type: "string" | "boolean" | "integer";
  description: string;
}

const STATUS = "io.k8s.apimachinery.pkg.apis.meta.v1.Status";
const DELETE_OPTIONS = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";
const PATCH = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch";

/** Its text is looked up when a document is written: the tables are read only then. */
const query = (name: string, type: Parameter["type"]): Parameter => ({
  name,
  in: "query",
  type,
  get description() {
    return parameterDescription(name);
  },
});
const pathParameter = (name: string, description: string): Parameter => ({
  name,
  in: "path",
  type: "string",
  description,
});

const PRETTY = query("pretty", "string");
const LIST = [
  query("allowWatchBookmarks", "boolean"),
  query("continue", "string"),
  query("fieldSelector", "string"),
  query("labelSelector", "string"),
  query("limit", "integer"),
  query("resourceVersion", "string"),
  query("resourceVersionMatch", "string"),
  query("sendInitialEvents", "boolean"),
  query("timeoutSeconds", "integer"),
  query("watch", "boolean"),
];
const DRY_RUN = query("dryRun", "string");
const WRITE = [DRY_RUN, query("fieldManager", "string"), query("fieldValidation", "string")];
const FORCE = query("force", "boolean");
const DELETE = [
  DRY_RUN,
  query("gracePeriodSeconds", "integer"),
  query("ignoreStoreReadErrorWithClusterBreakingPotential", "boolean"),
  query("orphanDependents", "boolean"),
  query("propagationPolicy", "string"),
];

/** All operations of a kind and of its subresources. */
export function operationsOf(kind: KindDefinition): Operation[] {
  const root = kind.group === "" ? `/api/${kind.version}` : `/apis/${apiVersionOf(kind)}`;
  const verbs = verbsOf(kind);
  const collection = kind.namespaced
    ? `${root}/namespaces/{namespace}/${kind.resource}`
    : `${root}/${kind.resource}`;
  const scope = kind.namespaced ? "Namespaced" : "";
  const prefix = operationPrefix(kind);
  const shared = [
    PRETTY,
    ...(kind.namespaced
      ? [pathParameter("namespace", "object name and auth scope, such as for teams and projects")]
      : []),
  ];
  const named = [pathParameter("name", `name of the ${kind.kind}`), ...shared];
  const item = `${collection}/{name}`;
  const out: Operation[] = [];
  const add = (verb: string, operation: Omit<Operation, "id" | "kind">) => {
    if (!verbs.includes(verb)) return;
    out.push({ ...operation, id: `${idVerb(verb)}${prefix}${scope}${kind.kind}`, kind });
  };
  const about = (what: string) => `${what} ${kind.kind}`;
  add("list", {
    path: collection,
    method: "get",
    action: "list",
    description: about("list or watch objects of kind"),
    parameters: [...shared, ...LIST],
    answer: `${kind.model}List`,
  });
  add("create", {
    path: collection,
    method: "post",
    action: "post",
    description: about("create a"),
    parameters: [...shared, ...WRITE],
    body: kind.model,
    answer: kind.model,
  });
  add("deletecollection", {
    path: collection,
    method: "delete",
    action: "deletecollection",
    description: about("delete collection of"),
    parameters: [
      ...shared,
      ...LIST.filter(({ name }) => name !== "watch" && name !== "allowWatchBookmarks"),
      ...DELETE,
    ],
    body: DELETE_OPTIONS,
    answer: STATUS,
  });
  add("get", {
    path: item,
    method: "get",
    action: "get",
    description: about("read the specified"),
    parameters: named,
    answer: kind.model,
  });
  add("update", {
    path: item,
    method: "put",
    action: "put",
    description: about("replace the specified"),
    parameters: [...named, ...WRITE],
    body: kind.model,
    answer: kind.model,
  });
  add("patch", {
    path: item,
    method: "patch",
    action: "patch",
    description: about("partially update the specified"),
    parameters: [...named, ...WRITE, FORCE],
    body: PATCH,
    consumes: Object.keys(PATCH_TYPES),
    answer: kind.model,
  });
  add("delete", {
    path: item,
    method: "delete",
    action: "delete",
    description: about("delete a"),
    parameters: [...named, ...DELETE],
    body: DELETE_OPTIONS,
    answer: STATUS,
  });
  if (kind.namespaced && verbs.includes("list")) {
    out.push({
      path: `${root}/${kind.resource}`,
      method: "get",
      id: `list${prefix}${kind.kind}ForAllNamespaces`,
      action: "list",
      description: about("list or watch objects of kind"),
      kind,
      parameters: [PRETTY, ...LIST],
      answer: `${kind.model}List`,
    });
  }
  return [...out, ...subresourceOperations(kind, item, named, prefix + scope)];
}

const METHODS: Record<string, { method: Operation["method"]; action: string; id: string }> = {
  get: { method: "get", action: "get", id: "read" },
  create: { method: "post", action: "post", id: "create" },
  update: { method: "put", action: "put", id: "replace" },
  patch: { method: "patch", action: "patch", id: "patch" },
};

function idVerb(verb: string): string {
  return METHODS[verb]?.id ?? verb.replace("deletecollection", "deleteCollection");
}

/** Subresources that carry objects; the streaming ones and the proxies have no schema. */
function subresourceOperations(
  kind: KindDefinition,
  item: string,
  named: Parameter[],
  prefix: string,
): Operation[] {
  const models: Record<string, string> = {
    status: kind.model,
    approval: kind.model,
    scale: "io.k8s.api.autoscaling.v1.Scale",
    binding: "io.k8s.api.core.v1.Binding",
    eviction: "io.k8s.api.policy.v1.Eviction",
    ephemeralcontainers: kind.model,
    resize: kind.model,
    finalize: kind.model,
    token: "io.k8s.api.authentication.v1.TokenRequest",
  };
  const title = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);
  return subresourcesOf(kind).flatMap((subresource) => {
    const model = models[subresource.name];
    if (!model) return [];
    return subresource.verbs.map((verb): Operation => {
      const { method, action, id } = METHODS[verb]!;
      const isPatch = verb === "patch";
      return {
        path: `${item}/${subresource.name}`,
        method,
        action,
        id: `${id}${prefix}${kind.kind}${title(subresource.name)}`,
        description: `${action} ${subresource.name} of the specified ${kind.kind}`,
        kind: subresource,
        parameters: verb === "get" ? named : [...named, ...WRITE, ...(isPatch ? [FORCE] : [])],
        ...(verb === "get" ? {} : { body: isPatch ? PATCH : model }),
        ...(isPatch ? { consumes: Object.keys(PATCH_TYPES) } : {}),
        answer: model,
      };
    });
  });
}
