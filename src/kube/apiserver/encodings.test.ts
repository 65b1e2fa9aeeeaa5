import https from "node:https";
import { dump, load } from "js-yaml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtInKinds } from "../api/kinds.ts";
import { decodeProtobuf, encodeProtobuf } from "../api/protobuf/envelope.ts";
import type { KindDefinition } from "../api/types.ts";
import { keyOf } from "./objects/object-keys.ts";
import { encodeForStore } from "./objects/stored-object.ts";
import { type RawAnswer, rawRequest } from "./testing/raw-request.ts";
import { hasReferenceData, referenceFile, referenceJson, referenceNames } from "./testing/reference-data.ts";
import { collectionPath, nameOfKind, sampleObject } from "./testing/sample-objects.ts";
import { startTestServer, type TestServer } from "./testing/start-test-server.ts";

// Every kind in JSON, YAML and protobuf, there and back through a running server.

// biome-ignore lint/suspicious/noExplicitAny: objects of every kind
type Json = any;

/** How objects are written on the wire, and read from it. */
interface Encoding {
  type: string;
  encode: (object: Json) => string | Buffer;
  decode: (bytes: Buffer, kind: KindDefinition) => Json;
}

const ENCODINGS: Encoding[] = [
  {
    type: "application/json",
    encode: (object) => JSON.stringify(object),
    decode: (bytes) => JSON.parse(bytes.toString()),
  },
  { type: "application/yaml", encode: (object) => dump(object), decode: (bytes) => load(bytes.toString()) },
  {
    type: "application/vnd.kubernetes.protobuf",
    encode: (object) => Buffer.from(encodeProtobuf(object)),
    decode: (bytes) => decodeProtobuf(bytes),
  },
];

const kept = builtInKinds()
  .served()
  .filter(({ use }) => use === undefined);

describe("encodings", () => {
  let server: TestServer;
  const agent = new https.Agent({ keepAlive: true });
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(async () => {
    agent.destroy();
    await server.stop();
  });

  const create = (path: string, { type, encode }: Encoding, object: Json) =>
    rawRequest(server, path, {
      agent,
      method: "POST",
      headers: { "content-type": type, accept: "application/json" },
      body: encode(object),
    });
  const read = async (path: string, { type, decode }: Encoding, kind: KindDefinition) => {
    const { status, bytes, text } = await rawRequest(server, path, { agent, headers: { accept: type } });
    expect(status, text).toBe(200);
    return decode(bytes, kind);
  };
  const readAll = (path: string, kind: KindDefinition) =>
    Promise.all(ENCODINGS.map((encoding) => read(path, encoding, kind)));

  it.each(kept.map((kind) => [nameOfKind(kind), kind] as const))(
    "take and give a %s alike",
    async (_, kind) => {
      const object = sampleObject(kind);
      const path = collectionPath(kind);
      const made: Json[] = [];
      for (const encoding of ENCODINGS) {
        const { status, json } = await create(`${path}?fieldManager=m`, encoding, object);
        expect([encoding.type, status, json.message]).toEqual([encoding.type, 201, undefined]);
        const item = `${path}/${object.metadata.name}`;
        const [asJson, asYaml, asProtobuf] = (await readAll(item, kind)).map(withoutMoves);
        expect(asYaml).toEqual(asJson);
        // Protobuf has no form for what is there and empty.
        expect(withoutEmpties(asProtobuf)).toEqual(withoutEmpties(asJson));
        expect(asJson).toEqual(withoutMoves(json));
        made.push(withoutEmpties(withoutChance(asJson)));
        await removed(item);
      }
      expect(made[1]).toEqual(made[0]);
      expect(made[2]).toEqual(made[0]);
    },
  );

  async function removed(item: string): Promise<void> {
    const options = { agent, headers: { "content-type": "application/json" } };
    // Whoever else would take the finalizers off is not there.
    const body = JSON.stringify({ metadata: { finalizers: null } });
    const type = { "content-type": "application/merge-patch+json" };
    const gone = await rawRequest(server, `${item}?gracePeriodSeconds=0`, { ...options, method: "DELETE" });
    expect(gone.status, gone.text).toBeLessThan(300);
    await rawRequest(server, item, { agent, method: "PATCH", headers: type, body });
    if (item.startsWith("/api/v1/namespaces/sample")) {
      await rawRequest(server, `${item}/finalize`, {
        ...options,
        method: "PUT",
        body: JSON.stringify({ metadata: { name: item.split("/").at(-1) }, spec: { finalizers: [] } }),
      });
    }
    expect((await rawRequest(server, item, { agent })).status, item).toBe(404);
  }

  describe.skipIf(!hasReferenceData)("of the golden objects", () => {
    const names = new Set(referenceNames("golden"));
    const golden = kept
      .map((kind) => [`${kind.group || "core"}.${kind.version}.${kind.kind}`, kind] as const)
      .filter(([name]) => names.has(`${name}.json`));

    /** They are no valid objects: what is kept is put into the store as it stands. */
    it.each(golden.filter(([, { storedAs }]) => !storedAs))("give %s as it is kept", async (name, kind) => {
      const object = atHome(referenceJson(`golden/${name}.json`), kind);
      const operations = [{ type: "put", key: keyOf(kind, object), value: encodeForStore(object) }] as const;
      const { revision } = await server.store.transact({ success: operations });
      object.metadata.resourceVersion = String(revision);
      const item = `${collectionPath(kind)}/${object.metadata.name}`;
      for (const given of await readAll(item, kind))
        expect(withoutNulls(given)).toEqual(withoutNulls(object));
      await server.store.transact({ success: [{ type: "delete", key: keyOf(kind, object) }] });
    });

    it.each(golden)("take %s alike, and refuse it for the same reasons", async (name, kind) => {
      const { apiVersion } = referenceJson(`golden/${name}.json`);
      const answers: RawAnswer[] = [];
      for (const encoding of ENCODINGS) {
        const object = atHome(decodeProtobuf(referenceFile(`golden/${name}.pb`)), kind);
        expect(object.apiVersion).toBe(apiVersion);
        object.metadata.resourceVersion = undefined;
        answers.push(await create(`${collectionPath(kind)}?dryRun=All`, encoding, object));
      }
      const [first, ...others] = answers;
      expect(first!.status).toBeLessThan(500);
      for (const other of others)
        expect([other.status, withoutChance(other.json)]).toEqual([
          first!.status,
          withoutChance(first!.json),
        ]);
    });
  });
});

/** A golden object where a client finds it. */
function atHome(object: Json, { namespaced }: KindDefinition): Json {
  const { metadata } = object;
  return {
    ...object,
    metadata: { ...metadata, name: "golden", namespace: namespaced ? "default" : undefined },
  };
}

/** Without what the server itself writes afterwards: that comes between two reads. */
function withoutMoves(object: Json): Json {
  const { status: _, metadata, ...rest } = plain(object);
  const { managedFields: __, resourceVersion: ___, ...kept } = metadata;
  return { ...rest, metadata: kept };
}

function plain(object: Json): Json {
  return JSON.parse(JSON.stringify(object));
}

/** Without null, zero, empty text, lists and maps, all the way up. */
function withoutEmpties(object: Json): Json {
  if (Array.isArray(object)) return object.length === 0 ? undefined : object.map(withoutEmpties);
  if (object === null || typeof object !== "object") return object || undefined;
  const members = Object.entries(object)
    .map(([name, value]) => [name, withoutEmpties(value)] as const)
    .filter(([, value]) => value !== undefined);
  return members.length === 0 ? undefined : Object.fromEntries(members);
}

/** The golden objects hold null in maps of times; everywhere else it is absence. */
function withoutNulls(object: Json): Json {
  return JSON.parse(JSON.stringify(object, (_, one) => (one === null ? undefined : one)));
}

/** Without what differs from one creation to the next. */
function withoutChance(object: Json): Json {
  const text = JSON.stringify(object, (key, value) =>
    ["uid", "resourceVersion", "creationTimestamp", "time"].includes(key) ? undefined : value,
  );
  const uuid = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
  return JSON.parse(
    text
      .replace(uuid, "<uid>")
      .replace(/10\.96\.\d+\.\d+/g, "<address>")
      .replace(/(kube-api-access-)\w+/g, "$1"),
  );
}
