import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { silentLogger, systemClock } from "../../../base/index.ts";
import type { Pod } from "../../api/index.ts";
import type { ExtenderConfig } from "../config/index.ts";
import { NodeSelector } from "../select-node.ts";
import { clusterOf, node, pod } from "../testing/objects.ts";
import { defaultPlugins } from "../testing/plugins.ts";
import { ExtenderCalls } from "./ask-extenders.ts";
import { Extender } from "./extender.ts";

// biome-ignore lint/suspicious/noExplicitAny: whatever an extender is sent
type Json = any;
type Answer = (body: Json) => { code?: number; body: unknown } | undefined;

describe("extenders", () => {
  const servers: http.Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  /** An extender that answers each verb with what the function gives for its body; never, where that is nothing. */
  async function extender(
    answers: Record<string, Answer>,
    config: ExtenderConfig = {},
  ): Promise<{ config: ExtenderConfig; asked: [verb: string, body: Json][] }> {
    const asked: [string, Json][] = [];
    const server = http.createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const verb = request.url!.split("/").pop()!;
      const body = JSON.parse(Buffer.concat(chunks).toString());
      asked.push([verb, body]);
      const answer = answers[verb]!(body);
      if (!answer) return;
      response.writeHead(answer.code ?? 200, { "Content-Type": "application/json" });
      response.end(JSON.stringify(answer.body));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return { config: { urlPrefix: `http://127.0.0.1:${port}/scheduler/`, ...config }, asked };
  }

  const callsOf = (...configs: ExtenderConfig[]) =>
    new ExtenderCalls(
      configs.map((config) => new Extender(config, systemClock)),
      silentLogger,
    );
  const select = (one: Pod, cluster: ReturnType<typeof clusterOf>, ...configs: ExtenderConfig[]) =>
    new NodeSelector(defaultPlugins, { random: () => 0, extenders: callsOf(...configs) }).selectAsking(
      one,
      cluster,
    );
  const two = () => clusterOf([node("a"), node("b")]);
  const keeping =
    (...names: string[]): Answer =>
    () => ({
      body: { Nodes: { items: names.map((name) => ({ metadata: { name } })) }, FailedNodes: {} },
    });

  it("leave the nodes that they want, and are sent pod and nodes", async () => {
    const { config, asked } = await extender({ filter: keeping("b") }, { filterVerb: "filter" });
    expect(await select(pod({ name: "p" }), two(), config)).toEqual({ node: "b" });
    const [[verb, body]] = asked as [[string, Json]];
    expect([verb, body.Pod.metadata.name, body.NodeNames]).toEqual(["filter", "p", null]);
    expect(body.Nodes.items.map((one: Json) => one.metadata.name)).toEqual(["a", "b"]);
  });

  it("that keep nodes in mind get names and give names, in whatever letters", async () => {
    const { config, asked } = await extender(
      { filter: () => ({ body: { nodenames: ["a"] } }) },
      { filterVerb: "filter", nodeCacheCapable: true },
    );
    expect(await select(pod(), two(), config)).toEqual({ node: "a" });
    expect(asked[0]![1]).toMatchObject({ Nodes: null, NodeNames: ["a", "b"] });
  });

  it("are heard in why a pod waits; what is for good helps no preemption", async () => {
    const { config } = await extender(
      {
        filter: () => ({
          body: { FailedNodes: { a: "too cold", b: "x" }, FailedAndUnresolvableNodes: { b: "too hot" } },
        }),
      },
      { filterVerb: "filter" },
    );
    const selection = await select(pod(), two(), config);
    expect(selection).toMatchObject({
      node: undefined,
      message:
        "0/2 nodes are available: 1 too cold, 1 too hot. preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.",
    });
    const names = "refusedBy" in selection ? [...selection.refusedBy].map(({ name }) => name) : [];
    expect(names).toContain("Extender");
  });

  it("rate nodes with their weight; one that gives no answer rates nothing", async () => {
    const rating =
      (a: number, b: number): Answer =>
      () => ({
        body: [
          { Host: "a", Score: a },
          { Host: "b", Score: b },
        ],
      });
    const light = await extender({ rate: rating(10, 0) }, { prioritizeVerb: "rate", weight: 1 });
    const heavy = await extender({ rate: rating(0, 6) }, { prioritizeVerb: "rate", weight: 2 });
    const broken = await extender(
      { rate: () => ({ code: 500, body: {} }) },
      { prioritizeVerb: "rate", weight: 9 },
    );
    expect(await select(pod(), two(), light.config, heavy.config, broken.config)).toEqual({ node: "b" });
    expect(await select(pod(), two(), light.config, broken.config)).toEqual({ node: "a" });
  });

  it.each<[string, ExtenderConfig, Answer, RegExp]>([
    ["answers with an error", {}, () => ({ body: { Error: "no luck" } }), /^no luck$/],
    [
      "answers with another code",
      {},
      () => ({ code: 503, body: {} }),
      /^failed filter with extender at URL http:\/\/127\.0\.0\.1:\d+\/scheduler\/filter, code 503$/,
    ],
    ["does not answer in time", { httpTimeout: "50ms" }, () => undefined, /context deadline exceeded/],
    [
      "names another node",
      { nodeCacheCapable: true },
      () => ({ body: { NodeNames: ["c"] } }),
      /^extender ".*" claims a filtered node "c" which is not found in the input node list$/,
    ],
  ])("one that %s fails the attempt, or is ignored", async (_, more, answer, message) => {
    const { config } = await extender({ filter: answer }, { filterVerb: "filter", ...more });
    await expect(select(pod(), two(), config)).rejects.toThrow(message);
    expect(await select(pod(), two(), { ...config, ignorable: true })).toHaveProperty("node");
  });

  it("that manage resources are asked about pods only that want some", async () => {
    const { config, asked } = await extender(
      { filter: keeping("a") },
      { filterVerb: "filter", managedResources: [{ name: "example.com/gpu" }] },
    );
    const calls = callsOf(config);
    const limits = { "example.com/gpu": "1" };
    expect(calls.isInterestedIn(pod({ cpu: "1" }))).toBe(false);
    expect(calls.isInterestedIn(pod({ spec: { containers: [{ resources: { limits } }] } }))).toBe(true);
    expect(asked).toEqual([]);
  });

  it("have a say about victims", async () => {
    const full = clusterOf(
      [node("a", { cpu: "1" }), node("b", { cpu: "1" })],
      [
        pod({ name: "x", node: "a", cpu: "1", priority: 1 }),
        pod({ name: "y", node: "b", cpu: "1", priority: 2 }),
      ],
    );
    const important = () => pod({ name: "p", cpu: "1", priority: 10 });
    const { config, asked } = await extender(
      {
        preempt: (body) => ({
          body: {
            NodeNameToMetaVictims: { b: { Pods: [{ UID: body.NodeNameToVictims.b.Pods[0].metadata.uid }] } },
          },
        }),
      },
      { preemptVerb: "preempt" },
    );
    expect(await select(important(), full, config)).toMatchObject({
      preemption: { nominate: "b", victims: [{ metadata: { name: "y" } }] },
    });
    expect(Object.keys(asked[0]![1].NodeNameToVictims).sort()).toEqual(["a", "b"]);
    const nobody = await extender({ preempt: () => ({ body: {} }) }, { preemptVerb: "preempt" });
    expect(await select(important(), full, nobody.config)).toMatchObject({
      message: expect.stringMatching(/preemption: no candidate node for preemption$/),
    });
  });

  it("bind pods in the scheduler's place", async () => {
    const { config, asked } = await extender({ bind: () => ({ body: {} }) }, { bindVerb: "bind" });
    expect(await callsOf(config).bind(pod({ name: "p" }), "a")).toBe(true);
    expect(asked).toEqual([["bind", { PodName: "p", PodNamespace: "default", PodUID: "p", Node: "a" }]]);
    const failing = await extender({ bind: () => ({ body: { Error: "taken" } }) }, { bindVerb: "bind" });
    await expect(callsOf(failing.config).bind(pod(), "a")).rejects.toThrow("taken");
    expect(await callsOf({ ...failing.config, ignorable: true }).bind(pod(), "a")).toBe(false);
  });
});
