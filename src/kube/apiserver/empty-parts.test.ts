import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isGantryError } from "../../base/index.ts";
import { type KindDefinition, kinds, type Model, type ModelField, modelOf } from "../api/index.ts";
import { startTestServer, type TestServer } from "./testing/start-test-server.ts";

/** Deep enough for `spec.template.spec.containers[0].env[0].valueFrom.fieldRef`. */
const MAX_DEPTH = 8;

type Json = Record<string, unknown>;

/** What may stand where a field is: nothing at all, and each form of something empty. */
function emptyForms(field: ModelField): unknown[] {
  const element = field.definition === "" ? null : {};
  if (field.isList) return [null, [], [null], [element]];
  if (field.isMap) return [null, {}, { a: null }];
  return field.definition === "" ? [null] : [null, {}];
}

/** Objects of a model in which one field, at any depth, is empty and what leads to it is there. */
function* objectsOf(model: Model, depth = 0): Generator<Json> {
  if (depth > MAX_DEPTH) return;
  for (const field of model.fields.values()) {
    for (const form of emptyForms(field)) yield { [field.name]: form };
    if (field.definition === "" || field.isMap) continue;
    for (const inner of objectsOf(modelOf(field.definition), depth + 1)) {
      yield { [field.name]: field.isList ? [inner] : inner };
    }
  }
}

describe("an object with an empty part is no internal error", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  async function problemOf(kind: KindDefinition, parts: Json): Promise<string | undefined> {
    const metadata = { generateName: "a-", ...(kind.namespaced ? { namespace: "default" } : {}) };
    const given = parts.metadata as Json | null | undefined;
    try {
      await server.client.create(kind, { ...parts, metadata: { ...metadata, ...given } } as never);
      return undefined;
    } catch (error) {
      if (isGantryError(error) && error.kind !== "Internal") return undefined;
      return `${JSON.stringify(parts)}: ${error}`;
    }
  }

  it.each(kinds.map((kind) => [`${kind.group}/${kind.kind}`, kind] as const))(
    "%s",
    { timeout: 120_000 },
    async (_, kind) => {
      const problems = new Set<string>();
      for (const parts of objectsOf(modelOf(kind.model))) {
        const problem = await problemOf(kind, parts);
        if (problem) problems.add(problem);
        if (problems.size > 20) break;
      }
      expect([...problems]).toEqual([]);
    },
  );
});
