import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { apiVersionOf, configMaps, encodeProtobuf, goEncodedJson, toTable } from "../../api/index.ts";
import { encodeForStore, StoredObject } from "../objects/stored-object.ts";
import type { Encoding, Shape } from "./accept.ts";
import { type Rendering, toYaml } from "./encode-answer.ts";
import { encodeList } from "./encode-list.ts";

function objects(count: number): StoredObject[] {
  return Array.from({ length: count }, (_, n) => {
    const metadata = {
      name: `c${n}`,
      namespace: "default",
      uid: `${n}`,
      resourceVersion: "",
      creationTimestamp: null,
    };
    const data = { plain: "x".repeat(200), text: "lines\n\n  of [] text\n", quoted: '- "a": b' };
    const object = { kind: "ConfigMap", apiVersion: "v1", metadata, data };
    return new StoredObject(`/registry/core/configmaps/default/c${n}`, encodeForStore(object), n + 2);
  });
}

const form = (encoding: Encoding, shape: Shape = "object", pretty = false): Rendering => ({
  encoding,
  shape,
  pretty,
  version: "v1",
  nowMs: 0,
  includeObject: "Metadata",
});

async function encode(
  items: StoredObject[],
  rendering: Rendering,
): Promise<{ bytes: Buffer; pieces: number }> {
  const list = { items, resourceVersion: "99", continue: "more", remainingItemCount: 7 };
  const pieces: Buffer[] = [];
  for await (const piece of encodeList(configMaps, list, rendering)) pieces.push(piece);
  return { bytes: Buffer.concat(pieces), pieces: pieces.length };
}

/** The list as one value, as it would be encoded at once. */
function whole(stored: StoredObject[], { shape }: Rendering): Record<string, unknown> {
  const metadata = { resourceVersion: "99", continue: "more", remainingItemCount: 7 };
  const all = stored.map(({ object }) => object);
  if (shape === "table") return { ...toTable(configMaps, all, { nowMs: 0, metadata }) };
  if (shape === "metadata") {
    const apiVersion = "meta.k8s.io/v1";
    const shown = all.map((object) => ({
      kind: "PartialObjectMetadata",
      apiVersion,
      metadata: object.metadata,
    }));
    // Of none upstream writes null here, where other lists are empty.
    const items = shown.length === 0 ? null : shown;
    return { kind: "PartialObjectMetadataList", apiVersion, metadata, items };
  }
  const bare = all.map(({ kind: _kind, apiVersion: _apiVersion, ...object }) => object);
  return { kind: "ConfigMapList", apiVersion: apiVersionOf(configMaps), metadata, items: bare };
}

describe("encodeList", () => {
  const shapes: Shape[] = ["object", "table", "metadata"];
  const counts = [0, 1, 3, 1000];

  it.each(shapes)("writes JSON and indented JSON of a list as %s like the whole at once", async (shape) => {
    for (const items of counts.map(objects)) {
      const compact = await encode(items, form("json", shape));
      expect(JSON.parse(compact.bytes.toString())).toEqual(whole(items, form("json", shape)));
      const pretty = await encode(items, form("json", shape, true));
      expect(pretty.bytes.toString()).toBe(`${goEncodedJson(whole(items, form("json", shape)), 2)}\n`);
      expect(compact.pieces > 1).toBe(items.length === 1000);
    }
  });

  it.each(shapes)("writes YAML of a list as %s like the whole at once", async (shape) => {
    for (const items of counts.map(objects)) {
      const { bytes } = await encode(items, form("yaml", shape));
      expect(load(bytes.toString())).toEqual(load(toYaml(whole(items, form("yaml", shape)))));
      expect(bytes.toString()).toBe(toYaml(whole(items, form("yaml", shape))));
    }
  });

  it.each(["object", "metadata"] as const)(
    "writes protobuf of a list as %s like the whole at once",
    async (shape) => {
      for (const items of counts.map(objects)) {
        const { bytes } = await encode(items, form("protobuf", shape));
        expect(bytes.equals(encodeProtobuf(whole(items, form("protobuf", shape))))).toBe(true);
      }
    },
  );

  it.each(["json", "yaml", "protobuf"] as const)(
    "lets others do something while it writes %s",
    async (encoding) => {
      let turns = 0;
      let isDone = false;
      const others = () => {
        turns++;
        if (!isDone) setImmediate(others);
      };
      setImmediate(others);
      const { bytes } = await encode(objects(8000), form(encoding, encoding === "json" ? "table" : "object"));
      isDone = true;
      expect(bytes.length).toBeGreaterThan(1_000_000);
      expect(turns).toBeGreaterThan(1);
    },
  );
});
