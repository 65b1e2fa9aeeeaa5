import { load } from "js-yaml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rawRequest } from "./testing/raw-request.ts";
import { hasReferenceData, referenceFile, referenceJson, referenceNames } from "./testing/reference-data.ts";
import { startTestServer, type TestServer } from "./testing/start-test-server.ts";

// What a running server tells of itself, beside the original's documents, entry by entry.

/** Groups and versions that this server does not have: alpha and beta ones, which the original has only when they are switched on. */
const NOT_SERVED = /^(resource|internal\.apiserver|storagemigration)\.k8s\.io\/|\/v\d+(alpha|beta)\d+$/;
/** Groups of servers that stand beside the original and are parts of this one. */
const MEASURED = /^((custom|external)\.)?metrics\.k8s\.io$/;

/** What OpenAPI does not tell here: documents about the server itself, streams and proxies, which carry no objects; there are no logs. */
const NOT_TOLD = /\/$|^\/logs\/|\/(attach|exec|log|portforward|proxy|proxy\/\{path\})$/;

/** What the distribution that the tables were taken from has added. */
const ADDED = ["system:openshift:public-info-viewer", "system:controller:service-ca-cert-publisher"];

// biome-ignore lint/suspicious/noExplicitAny: documents of many shapes
type Json = any;

describe.skipIf(!hasReferenceData)("beside the original's documents,", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());
  const get = async (path: string): Promise<Json> => (await rawRequest(server, path)).json;

  describe("discovery", () => {
    const documents = referenceNames("discovery")
      .filter((name) => /^apis__.*__/.test(name) || name === "api__v1.json")
      .map(
        (name) =>
          [
            name
              .replace(/\.json$/, "")
              .replace(/^apis__/, "")
              .replace("__", "/"),
            name,
          ] as const,
      )
      .filter(([groupVersion]) => !NOT_SERVED.test(groupVersion));
    it.each(documents)("has the resources of %s", async (groupVersion, file) => {
      const reference = referenceJson(`discovery/${file}`);
      const path = groupVersion === "api/v1" ? "/api/v1" : `/apis/${groupVersion}`;
      const served = await get(path);
      expect(byName(served.resources)).toEqual(byName(reference.resources));
    });

    it("has the groups with their versions, in their order", async () => {
      const order = (list: Json) =>
        list.groups
          .map(({ name, versions, preferredVersion }: Json) => ({
            name,
            versions: versions
              .map(({ groupVersion }: Json) => groupVersion)
              .filter((one: string) => !NOT_SERVED.test(one)),
            preferred: preferredVersion.groupVersion,
          }))
          .filter(({ versions }: Json) => versions.length > 0);
      // The servers beside the original that measure pods are a part of this one.
      const served = order(await get("/apis")).filter(({ name }: Json) => !MEASURED.test(name));
      expect(served).toEqual(order(referenceJson("discovery/apis.json")));
    });
  });

  it("OpenAPI has the same paths with the same actions", async () => {
    const served = actionsOf(await get("/openapi/v2"));
    const reference: Record<string, string[]> = referenceJson("paths.json");
    const isServed = (path: string) => !NOT_SERVED.test(path.split("/").slice(2, 4).join("/"));
    const wanted = Object.fromEntries(
      Object.entries(reference)
        .filter(
          ([path]) =>
            isServed(path) && !/^\/apis\/(resource|internal\.apiserver|storagemigration)/.test(path),
        )
        .map(([path, actions]) => [path, [...new Set(actions)].sort()]),
    );
    const missing = Object.keys(wanted).filter((path) => served[path] === undefined && !NOT_TOLD.test(path));
    const different = Object.keys(wanted).filter(
      (path) => served[path] !== undefined && String(served[path]) !== String(wanted[path]),
    );
    expect({ missing, different: different.map((path) => [path, served[path], wanted[path]]) }).toEqual({
      missing: [],
      different: [],
    });
  });

  describe("the roles", () => {
    it.each([
      ["cluster-roles.yaml", "clusterroles"],
      ["controller-roles.yaml", "clusterroles"],
      ["cluster-role-bindings.yaml", "clusterrolebindings"],
      ["controller-role-bindings.yaml", "clusterrolebindings"],
    ])("of %s are there as they stand", async (file, resource) => {
      const wanted = (load(referenceFile(`rbac/${file}`).toString("utf8")) as Json).items;
      const { items } = await get(`/apis/rbac.authorization.k8s.io/v1/${resource}`);
      const served = new Map<string, Json>(items.map((item: Json) => [item.metadata.name, item]));
      const names = wanted
        .map(({ metadata }: Json) => metadata.name)
        .filter((name: string) => !ADDED.includes(name));
      const as = (find: (name: string) => Json) =>
        Object.fromEntries(names.map((name: string) => [name, find(name)]));
      const reference = new Map<string, Json>(wanted.map((item: Json) => [item.metadata.name, item]));
      expect(as((name) => essence(served.get(name)))).toEqual(as((name) => essence(reference.get(name))));
    });

    it.each([
      ["namespace-roles.yaml", "roles"],
      ["namespace-role-bindings.yaml", "rolebindings"],
    ])("of %s are there as they stand", async (file, resource) => {
      const lists = (load(referenceFile(`rbac/${file}`).toString("utf8")) as Json).items;
      const { items } = await get(`/apis/rbac.authorization.k8s.io/v1/${resource}`);
      const place = ({ namespace, name }: Json) => `${namespace}/${name}`;
      const served = new Map<string, Json>(items.map((item: Json) => [place(item.metadata), item]));
      for (const role of lists) expect(essence(served.get(place(role.metadata)))).toEqual(essence(role));
    });
  });
});

function byName(resources: Json[]): Record<string, Json> {
  const entries = resources.map(({ storageVersionHash: _, ...resource }) => [
    resource.name,
    { ...resource, verbs: [...resource.verbs].sort() },
  ]);
  return Object.fromEntries(entries);
}

/** What OpenAPI says that can be done, by path; watches have paths of their own there, which are left out. */
function actionsOf(document: Json): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const [path, operations] of Object.entries<Json>(document.paths)) {
    const actions = Object.entries<Json>(operations)
      .filter(([method]) => method !== "parameters")
      .map(([method, operation]) => operation["x-kubernetes-action"] ?? method);
    found[path] = [...new Set(actions)].sort();
  }
  return found;
}

/** Names, labels, annotations and what is allowed to whom; an aggregated role's rules are a controller's. */
function essence(object: Json): Json {
  if (object === undefined) return undefined;
  const { metadata, rules, roleRef, subjects, aggregationRule } = object;
  const { name, namespace, labels, annotations } = metadata;
  return {
    metadata: { name, namespace, labels, annotations },
    rules: aggregationRule ? undefined : (rules ?? undefined),
    roleRef,
    subjects: subjects ?? undefined,
    aggregationRule,
  };
}
