import https from "node:https";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { silentLogger, systemClock } from "../../../base/index.ts";
import { configMaps, encodeProtobuf, type KubeObject } from "../../api/index.ts";
import { createInformerFactory } from "../../client/index.ts";
import { BIG_BYTES } from "../objects/stored-object.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";

const PATH = "/api/v1/namespaces/default/configmaps";
const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`key-${n}`, ""]));
const text = (object: object) => JSON.stringify(object);

/** What is parsed and written out at once by the thread that serves everybody. */
describe("the main thread", () => {
  let server: TestServer;
  let agent: https.Agent;
  let longest = 0;
  beforeEach(async () => {
    server = await startTestServer();
    const { certPem: cert, keyPem: key } = await server.certificates.client("admin", {
      commonName: "admin",
      organizations: ["system:masters"],
    });
    agent = new https.Agent({ keepAlive: true, ca: server.certificates.caPem, cert, key });
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    agent.destroy();
    await server.stop();
  });

  function watchJson(): void {
    longest = 0;
    const { parse, stringify } = JSON;
    vi.spyOn(JSON, "parse").mockImplementation((input, reviver) => {
      longest = Math.max(longest, String(input).length);
      return parse(input, reviver);
    });
    vi.spyOn(JSON, "stringify").mockImplementation(((...args: Parameters<typeof stringify>) => {
      const output = stringify(...args);
      longest = Math.max(longest, output?.length ?? 0);
      return output;
    }) as typeof stringify);
  }

  /** The status code; the answer is dropped. */
  function send(method: string, path: string, body?: string | Buffer, headers: Record<string, string> = {}) {
    return new Promise<number>((resolve, reject) => {
      const length: Record<string, string> = body
        ? { "content-length": String(Buffer.byteLength(body)) }
        : {};
      const request = https.request(`${server.url}${path}`, {
        agent,
        method,
        headers: { ...length, ...headers },
      });
      request.on("response", (answer) => answer.resume().on("end", () => resolve(answer.statusCode!)));
      request.on("error", reject).end(body);
    });
  }

  it("never has more than a piece of a big body or object in its hands", async () => {
    const stop = new AbortController();
    const factory = createInformerFactory(server.client, { logger: silentLogger });
    const informer = factory.informer(configMaps);
    const running = factory.run(stop.signal);
    await informer.synced();
    const object = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "big", labels: { a: "b" } },
      data: keys(30_000),
    };
    const json = { "content-type": "application/json" };
    const bodies = {
      json: text(object),
      changed: text({ ...object, data: { ...object.data, more: "" } }),
      wrong: text({ ...object, data: { ...object.data, "/": "" } }),
      broken: `${text(object)}x`,
      twice: `{"data":{${Array.from({ length: 9000 }, () => '"a":"b"').join()}}}`,
      merge: text({ data: keys(30_000) }),
      copies: text([
        { op: "add", path: "/data/x", value: "" },
        ...Array.from({ length: 30 }, (_, n) => ({
          op: "copy",
          from: "/data",
          path: `/metadata/annotations${n}`,
        })),
      ]),
      protobuf: Buffer.from(encodeProtobuf(object)),
      yaml: `metadata: {name: y}\ndata:\n${Object.keys(object.data)
        .map((key) => `  ${key}: ""\n`)
        .join("")}`,
    };
    const as = (type: string) => ({ "content-type": `application/${type}` });
    const accept = (type: string) => ({ accept: `application/${type}` });
    const table = "json;as=Table;v=v1;g=meta.k8s.io";
    const protobuf = "vnd.kubernetes.protobuf";
    // The descriptions of a table's columns are read once, when they are first needed.
    expect(await send("GET", "/api/v1/namespaces?limit=1", undefined, accept(table))).toBe(200);
    watchJson();
    const requests: [code: number, ...Parameters<typeof send>][] = [
      [201, "POST", PATH, bodies.json, json],
      [409, "POST", PATH, bodies.json, json],
      [200, "PUT", `${PATH}/big`, bodies.changed, json],
      [422, "PUT", `${PATH}/big`, bodies.wrong, json],
      [400, "POST", PATH, bodies.broken, json],
      [422, "POST", PATH, bodies.twice, json],
      [201, "POST", `${PATH}?dryRun=All`, bodies.yaml, as("yaml")],
      [409, "POST", `${PATH}?dryRun=All`, bodies.protobuf, as(protobuf)],
      [200, "PATCH", `${PATH}/big`, bodies.merge, as("merge-patch+json")],
      [200, "PATCH", `${PATH}/big`, bodies.merge, as("strategic-merge-patch+json")],
      [413, "PATCH", `${PATH}/big`, bodies.copies, as("json-patch+json")],
      [200, "PATCH", `${PATH}/big`, text({ data: { small: "1" } }), as("merge-patch+json")],
      [200, "GET", `${PATH}/big`],
      [200, "GET", `${PATH}/big`, undefined, accept(table)],
      [200, "GET", `${PATH}/big`, undefined, accept(protobuf)],
      [200, "GET", PATH, undefined, accept(table)],
      [200, "GET", `${PATH}?labelSelector=a%3Db&limit=1`, undefined, accept(protobuf)],
      [200, "GET", `${PATH}?watch=1&timeoutSeconds=1&labelSelector=a`, undefined, accept(protobuf)],
      [200, "DELETE", `${PATH}/big`, text({ kind: "DeleteOptions", apiVersion: "v1" }), json],
    ];
    for (const [code, ...request] of requests) {
      expect(await send(...request), request.slice(0, 2).join(" ")).toBe(code);
      expect(longest, request.slice(0, 2).join(" ")).toBeLessThanOrEqual(BIG_BYTES);
      if (code === 201) await informerHas("big");
    }
    stop.abort();
    await running;

    async function informerHas(name: string) {
      const find = () => informer.get(`default/${name}`) as KubeObject | undefined;
      let found = find();
      for (; !found; found = find()) await systemClock.sleep(5);
      expect(Object.isFrozen(found.data)).toBe(true);
    }
  });
});
