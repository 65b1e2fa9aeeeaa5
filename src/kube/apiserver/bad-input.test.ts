import https from "node:https";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtInKinds } from "../api/kinds.ts";
import type { KindDefinition } from "../api/types.ts";
import { BAD_CHANGES, BAD_CREATES, BAD_LISTS, type BadInput, type Target } from "./bad-input.table.ts";
import { type RawAnswer, rawRequest } from "./testing/raw-request.ts";
import { collectionPath, nameOfKind, sampleObject } from "./testing/sample-objects.ts";
import { startTestServer, type TestServer } from "./testing/start-test-server.ts";

const kept = builtInKinds()
  .served()
  .filter(({ use }) => use === undefined);

describe("bad input", () => {
  let server: TestServer;
  let foreignToken: string;
  const agent = new https.Agent({ keepAlive: true });
  beforeAll(async () => {
    server = await startTestServer();
    for (const name of ["one", "two"])
      await server.client.create(configMaps(), { metadata: { name, namespace: "default" } });
    const list = await rawRequest(server, "/api/v1/configmaps?limit=1");
    foreignToken = list.json.metadata.continue;
  });
  afterAll(async () => {
    agent.destroy();
    await server.stop();
  });

  const targetOf = (kind: KindDefinition): Target => ({
    kind,
    sample: sampleObject(kind),
    path: collectionPath(kind),
    foreignToken,
  });

  const send = ({ method, query, contentType, body }: BadInput, target: Target, path: string) => {
    const bytes = body?.(target);
    const text = typeof bytes === "string" || Buffer.isBuffer(bytes) ? bytes : JSON.stringify(bytes);
    const headers: Record<string, string> =
      text === undefined
        ? {}
        : {
            "content-type": contentType ?? "application/json",
            "content-length": `${Buffer.byteLength(text)}`,
          };
    const asked = typeof query === "function" ? query(target) : (query ?? "");
    const options = {
      method: method ?? (body ? "POST" : "GET"),
      headers,
      ...(text === undefined ? {} : { body: text }),
    };
    return rawRequest(server, `${path}${asked}`, options);
  };

  it.each(kept.map((kind) => [nameOfKind(kind), kind] as const))(
    "about %s",
    async (_, kind) => {
      const target = targetOf(kind);
      expect(target.sample, "has a sample").toBeDefined();
      const wrong: string[] = [];
      const tell = async (rows: readonly BadInput[], path: string) => {
        for (const row of rows.filter(({ about }) => about?.(kind) ?? true))
          wrong.push(...complaints(row, target, await send(row, target, path)));
      };
      await tell(BAD_CREATES, target.path);
      await tell(BAD_LISTS, target.path);
      const stored = await rawRequest(server, target.path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(target.sample),
      });
      expect([stored.status, stored.json.message]).toEqual([201, undefined]);
      await tell(BAD_CHANGES, `${target.path}/${target.sample.metadata.name}`);
      expect(wrong).toEqual([]);
    },
    60_000,
  );
});

function configMaps() {
  return builtInKinds().find("", "v1", "configmaps")!;
}

/** What of an answer is not as the row says. */
function complaints(row: BadInput, target: Target, { status, headers, json, text }: RawAnswer): string[] {
  const codes = [row.code].flat();
  const message = typeof row.message === "function" ? row.message(target) : row.message;
  const warnings = [headers.warning ?? []].flat().join("\n").replaceAll('\\"', '"');
  const found: string[] = [];
  if (!codes.includes(status)) found.push(`code ${status}`);
  if (status >= 400 && (json?.kind !== "Status" || json.code !== status)) found.push("no Status");
  if (message !== undefined && !json?.message?.includes(message)) found.push("another message");
  if (row.warning !== undefined && !warnings.includes(row.warning)) found.push(`warnings ${warnings}`);
  if (row.unwarned !== undefined && warnings.includes(row.unwarned)) found.push(`warnings ${warnings}`);
  return found.length === 0
    ? []
    : [`${row.what}: ${found.join(", ")}: ${(json?.message ?? text).slice(0, 300)}`];
}
