import type { IncomingMessage, ServerResponse } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../base/index.ts";
import { type APIService, apiServices, customResourceDefinitions } from "../../api/index.ts";
import {
  EXTENSION_GROUP,
  type ExtensionServer,
  extensionApiService,
  registerExtension,
  startExtensionServer,
} from "../testing/extension-server.ts";
import { type Kubectl, kubectlPath, openKubectl } from "../testing/kubectl.ts";
import { rawRequest } from "../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";

const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

describe("discovery of what other servers have", () => {
  let server: TestServer;
  let extension: ExtensionServer;
  beforeAll(async () => {
    server = await startTestServer();
    extension = await startExtensionServer(server);
    await registerExtension(server, extension);
  });
  afterAll(async () => {
    await extension.close();
    await server.stop();
  });

  interface Told {
    metadata: { name: string };
    versions: { version: string; freshness: string; resources: object[] }[];
  }
  const groups = async () => {
    const { json } = await rawRequest(server, "/apis", { headers: { accept: AGGREGATED } });
    return json.items as Told[];
  };
  async function eventually<T>(ask: () => Promise<T>, isDone: (value: T) => boolean): Promise<T> {
    for (let tries = 0; ; tries++) {
      const value = await ask();
      if (isDone(value)) return value;
      if (tries > 300) throw new Error(`it did not come to pass: ${JSON.stringify(value)}`);
      await systemClock.sleep(20);
    }
  }
  const versionsOf = (told: Told[], group = EXTENSION_GROUP) =>
    told.find(({ metadata }) => metadata.name === group)?.versions;
  const told = (isDone: (versions: Told["versions"]) => boolean) =>
    eventually(async () => versionsOf(await groups()) ?? [], isDone);

  it("holds their resources beside this server's own, from servers that tell them in the old form too", async () => {
    const kind = { group: "", version: "", kind: "Flunder" };
    expect(await told(([one]) => one?.freshness === "Current")).toEqual([
      {
        version: "v1",
        freshness: "Current",
        resources: [
          {
            resource: "flunders",
            scope: "Namespaced",
            responseKind: kind,
            singularResource: "flunder",
            verbs: ["get", "list", "watch"],
            shortNames: ["fl"],
            subresources: [{ subresource: "status", responseKind: kind, verbs: ["get"] }],
          },
        ],
      },
    ]);
    const names = (await groups()).map(({ metadata }) => metadata.name);
    expect(names[0]).toBe("apiregistration.k8s.io");
    expect(names.slice(-4)).toEqual([
      EXTENSION_GROUP,
      "custom.metrics.k8s.io",
      "external.metrics.k8s.io",
      "metrics.k8s.io",
    ]);
  });

  it("asks a server that tells everything at once no more than it must", async () => {
    extension.answer = tellAtOnce;
    await server.client.create(
      apiServices,
      extensionApiService({ caBundle: extension.caBundle, versionPriority: 300 }, "v1beta1"),
    );
    expect(await told((all) => all[0]?.resources.length === 1)).toMatchObject([
      { version: "v1beta1", freshness: "Current", resources: [{ resource: "fischers" }] },
      { version: "v1", freshness: "Current" },
    ]);
    const asked = extension.requests.filter(({ url }) => url === "/apis").at(-1)!;
    expect(asked.headers).toMatchObject({
      accept: [expect.stringContaining("v=v2;as=APIGroupDiscoveryList")],
      "x-remote-user": ["system:kube-aggregator"],
      "x-remote-group": ["system:masters"],
    });
    expect(asked.proxy).toBe("front-proxy-client");
  });

  it("orders the versions of a group by their APIServices", async () => {
    const { json } = await rawRequest(server, `/apis/${EXTENSION_GROUP}`);
    expect(json).toMatchObject({
      kind: "APIGroup",
      name: EXTENSION_GROUP,
      preferredVersion: { version: "v1beta1" },
      versions: [{ version: "v1beta1" }, { version: "v1" }],
    });
    const { json: all } = await rawRequest(server, "/apis");
    expect(all.groups.find(({ name }: { name: string }) => name === EXTENSION_GROUP)).toMatchObject({
      name: EXTENSION_GROUP,
      preferredVersion: { version: "v1beta1" },
    });
    expect((await rawRequest(server, `/apis/${EXTENSION_GROUP}/v1`)).json.resources[0].name).toBe("flunders");
  });

  it("says that what it knows is stale where a server cannot be asked", async () => {
    extension.answer = (_, res) => {
      res.writeHead(503).end();
      return true;
    };
    const found = await server.client.get<APIService>(apiServices, undefined, `v1beta1.${EXTENSION_GROUP}`);
    await server.client.update(apiServices, { ...found, spec: { ...found.spec, versionPriority: 100 } });
    expect(await told((all) => all[1]?.freshness === "Stale")).toMatchObject([
      { version: "v1" },
      { version: "v1beta1", freshness: "Stale", resources: [] },
    ]);
    extension.answer = tellAtOnce;
    await told((all) => all[1]?.freshness === "Current");
  });

  it("has the versions of definitions registered for as long as they are served", async () => {
    const version = (name: string, served: boolean) => ({
      name,
      served,
      storage: name === "v1",
      schema: { openAPIV3Schema: { type: "object" } },
    });
    const definition = await server.client.create(customResourceDefinitions, {
      metadata: { name: "boxes.example.com" },
      spec: {
        group: "example.com",
        names: { plural: "boxes", kind: "Box" },
        scope: "Namespaced",
        versions: [version("v1", true), version("v1beta1", true), version("v1alpha1", false)],
      },
    });
    const registered = async () =>
      (await server.client.list<APIService>(apiServices)).items
        .filter(({ spec }) => spec.group === "example.com")
        .map(({ metadata }) => metadata.name);
    await eventually(registered, (names) => names.length === 2);
    const made = await server.client.get<APIService>(apiServices, undefined, "v1.example.com");
    expect(made).toMatchObject({
      metadata: { labels: { "kube-aggregator.kubernetes.io/automanaged": "true" } },
      spec: { group: "example.com", version: "v1", groupPriorityMinimum: 1000, versionPriority: 100 },
      status: { conditions: [{ type: "Available", status: "True", reason: "Local" }] },
    });
    // Brought back, unless somebody has taken it over.
    await server.client.delete(apiServices, undefined, "v1.example.com");
    await eventually(registered, (names) => names.length === 2);
    const other = await server.client.get<APIService>(apiServices, undefined, "v1beta1.example.com");
    await server.client.update(apiServices, {
      ...other,
      metadata: { ...other.metadata, labels: {} },
      spec: { ...other.spec, versionPriority: 7 },
    });
    await server.client.delete(customResourceDefinitions, undefined, definition.metadata.name);
    expect(await eventually(registered, (names) => names.length === 1)).toEqual(["v1beta1.example.com"]);
    const kept = await server.client.get<APIService>(apiServices, undefined, "v1beta1.example.com");
    expect(kept.spec.versionPriority).toBe(7);
  });

  it.skipIf(!kubectlPath("1.33"))("is what kubectl works with", async () => {
    const kubectl: Kubectl = await openKubectl("1.33", server);
    const shown = await kubectl.run("get apiservices --no-headers");
    const rows = shown.stdout.split("\n").map((line) => line.split(/\s+/).slice(0, 3));
    expect(rows).toContainEqual([`v1.${EXTENSION_GROUP}`, "default/wardle", "True"]);
    expect(rows).toContainEqual(["v1.apps", "Local", "True"]);
    expect((await kubectl.run(`get --raw /apis/${EXTENSION_GROUP}/v1`)).stdout).toContain('"flunders"');
    expect((await kubectl.run("get fl -o name")).stdout).toBe(`flunder.${EXTENSION_GROUP}/one\n`);
    const resources = await kubectl.run(`api-resources --api-group ${EXTENSION_GROUP} -o name`);
    expect(resources.stdout).toContain(`flunders.${EXTENSION_GROUP}`);
    await kubectl.close();
  });
});

/** Everything in one answer, with a tag by which it is known again. */
function tellAtOnce(req: IncomingMessage, res: ServerResponse): boolean {
  const { pathname } = new URL(req.url!, "https://x");
  if (pathname === `/apis/${EXTENSION_GROUP}/v1beta1`) {
    res.writeHead(200, { "content-type": "application/json" }).end("{}");
    return true;
  }
  if (pathname !== "/apis") return false;
  if (req.headers["if-none-match"] === '"tag"') {
    res.writeHead(304).end();
    return true;
  }
  const resource = (name: string, kind: string) => ({
    resource: name,
    scope: "Namespaced",
    singularResource: kind.toLowerCase(),
    responseKind: { group: "", version: "", kind },
    verbs: ["get", "list"],
    shortNames: [name.slice(0, 2)],
  });
  const items = [
    {
      metadata: { name: EXTENSION_GROUP },
      versions: [
        { version: "v1", resources: [resource("flunders", "Flunder")] },
        { version: "v1beta1", resources: [resource("fischers", "Fischer")] },
      ],
    },
  ];
  res
    .writeHead(200, { "content-type": AGGREGATED, etag: '"tag"' })
    .end(JSON.stringify({ kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", items }));
  return true;
}
