import { afterAll, beforeAll, expect, it } from "vitest";
import { type Node, nodes } from "../../api/index.ts";
import { startTestServer, type TestServer } from "../../apiserver/testing/start-test-server.ts";
import { ensureNode, NODE_TAKEN } from "./ensure-node.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const as = (nodeName: string, machine: string | undefined) =>
  ensureNode(
    server.as({ name: `system:node:${nodeName}`, groups: ["system:nodes", "system:authenticated"] }),
    {
      nodeName,
      machine,
      labels: {},
    },
  );
const setReady = async (name: string, status: "True" | "Unknown") => {
  const node = await server.client.get<Node>(nodes, undefined, name);
  const condition = { type: "Ready", status, reason: "Test", message: "" };
  await server.client.updateStatus(nodes, {
    ...node,
    status: { ...node.status, conditions: [condition] },
  } as Node);
};

it("makes the node with its labels, and finds it again", async () => {
  const made = await as("n1", "a");
  expect(made.metadata.labels).toMatchObject({ "kubernetes.io/hostname": "n1" });
  expect((await as("n1", "a")).metadata.resourceVersion).toBe(made.metadata.resourceVersion);
});

it("is refused where another machine is that node, as long as that one is Ready", async () => {
  await as("n2", "a");
  await setReady("n2", "True");
  await expect(as("n2", "b")).rejects.toMatchObject({ code: NODE_TAKEN });
  expect(await as("n2", "a")).toBeDefined();
  await setReady("n2", "Unknown");
  expect((await as("n2", "b")).metadata.annotations).toMatchObject({ "gantry.dev/machine": "b" });
});

it("lets one of two machines that come at once be first", async () => {
  const results = await Promise.allSettled([as("n3", "a"), as("n3", "b")]);
  // Neither is Ready yet: the second one that writes takes the node, or is told that it has changed.
  const node = await server.client.get<Node>(nodes, undefined, "n3");
  await setReady("n3", "True");
  const loser = node.metadata.annotations?.["gantry.dev/machine"] === "a" ? "b" : "a";
  await expect(as("n3", loser)).rejects.toMatchObject({ code: NODE_TAKEN });
  expect(results.some(({ status }) => status === "fulfilled")).toBe(true);
});

it("gives a node that says nothing of its machine to whoever comes", async () => {
  await server.client.create(nodes, { metadata: { name: "n4" }, spec: {} });
  await setReady("n4", "True");
  expect((await as("n4", "a")).metadata.annotations).toMatchObject({ "gantry.dev/machine": "a" });
  expect(await as("n5", undefined)).toBeDefined();
});
