import { describe, expect, it } from "vitest";
import { silentLogger } from "../../../base/index.ts";
import { openMemoryStore } from "../../../store/index.ts";
import {
  AUTO_UPDATE_ANNOTATION,
  flowSchemas,
  type KubeObject,
  PRIORITY_LEVELS,
  priorityLevelConfigurations,
} from "../../api/index.ts";
import type { KubeClient } from "../../client/types.ts";
import { startTestServer } from "../testing/start-test-server.ts";
import { keepFlowControl, revised } from "./flow-control.ts";

const SYSTEM = PRIORITY_LEVELS.suggested.find(({ metadata }) => metadata.name === "system")!;
const other = { ...SYSTEM.spec, limited: { ...SYSTEM.spec.limited, nominalConcurrencyShares: 7 } };

function stored(annotation: string | undefined, generation: number, spec: object = other): KubeObject {
  const annotations: Record<string, string> = {};
  if (annotation !== undefined) annotations[AUTO_UPDATE_ANNOTATION] = annotation;
  const metadata = { ...SYSTEM.metadata, uid: "u", resourceVersion: "1", creationTimestamp: null };
  return { ...SYSTEM, metadata: { ...metadata, generation, annotations }, spec };
}

const markAndShares = (object: KubeObject | undefined) =>
  object && [
    object.metadata.annotations?.[AUTO_UPDATE_ANNOTATION],
    object.spec.limited.nominalConcurrencyShares,
  ];

describe("what becomes of a changed object at the start", () => {
  it.each([
    ["suggested", "true", 2, ["true", 30]],
    ["suggested", "false", 2, undefined],
    ["suggested", undefined, 1, ["true", 30]],
    ["suggested", undefined, 2, ["false", 7]],
    ["suggested", "perhaps", 2, ["false", 7]],
    ["mandatory", "false", 2, ["true", 30]],
  ] as const)("%s, marked %s, of generation %i", (upkeep, annotation, generation, expected) => {
    expect(markAndShares(revised(stored(annotation, generation), SYSTEM, upkeep))).toEqual(expected);
  });

  it("nothing where it is as it should be", () => {
    expect(revised(stored("true", 1, SYSTEM.spec), SYSTEM, "suggested")).toBeUndefined();
  });
});

describe("a server that starts again", () => {
  const levelNames = async (client: KubeClient) =>
    (await client.list(priorityLevelConfigurations)).items.map(({ metadata }) => metadata.name);

  it("makes what is missing, renews what was changed, and takes away what is no longer made", async () => {
    const store = await openMemoryStore({ logger: silentLogger });
    const first = await startTestServer({ store });
    const { client } = first;
    const before = await levelNames(client);
    expect(before).toContain("catch-all");
    await client.delete(priorityLevelConfigurations, undefined, "system");
    const low = await client.get<KubeObject>(priorityLevelConfigurations, undefined, "workload-low");
    await client.update(priorityLevelConfigurations, { ...low, spec: other });
    const leftOver = { metadata: { ...SYSTEM.metadata, name: "of-old" }, spec: other };
    await client.create(priorityLevelConfigurations, leftOver);
    await client.create(priorityLevelConfigurations, { metadata: { name: "mine" }, spec: other });
    await first.stop();

    const second = await startTestServer({ store });
    expect((await levelNames(second.client)).sort()).toEqual([...before, "mine"].sort());
    const renewed = await second.client.get<KubeObject>(
      priorityLevelConfigurations,
      undefined,
      "workload-low",
    );
    expect(renewed.spec).toEqual(low.spec);
    expect(renewed.metadata.generation).toBe(3);
    expect((await second.client.list(flowSchemas)).items).toHaveLength(13);
    await second.stop();
    await store.close();
  });
});

describe("a server that runs", () => {
  it("makes again what was deleted", async () => {
    const { client, stop } = await startTestServer();
    const names = async () =>
      (await client.list(flowSchemas)).items.map(({ metadata }) => metadata.name).sort();
    const before = await names();
    const { spec } = await client.get<KubeObject>(flowSchemas, undefined, "catch-all");
    for (const name of ["catch-all", "exempt", "service-accounts"])
      await client.delete(flowSchemas, undefined, name);
    await keepFlowControl(client);
    expect(await names()).toEqual(before);
    const made = await client.get<KubeObject>(flowSchemas, undefined, "catch-all");
    expect(made.spec).toEqual(spec);
    expect(made.metadata.annotations).toEqual({ [AUTO_UPDATE_ANNOTATION]: "true" });
    const conditionOf = async () =>
      (await client.get<KubeObject>(flowSchemas, undefined, "catch-all")).status.conditions?.[0];
    await expect.poll(conditionOf).toMatchObject({
      type: "Dangling",
      status: "False",
      reason: "Found",
      message:
        'This FlowSchema references the PriorityLevelConfiguration object named "catch-all" and it exists',
    });
    await stop();
  });
});
