import { afterEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../../base/index.ts";
import { openMemoryStore, type Store } from "../../../store/index.ts";
import {
  clusterRoleBindings,
  type FlowSchema,
  flowSchemas,
  type KubeObject,
  type PriorityLevelConfiguration,
  priorityLevelConfigurations,
} from "../../api/index.ts";
import { type RawAnswer, rawRequest } from "../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";
const FLOW_UID = "x-kubernetes-pf-flowschema-uid";
const LEVEL_UID = "x-kubernetes-pf-prioritylevel-uid";

/** A store in which writes of objects whose names begin with `slow` take until they are let go, one at a time. */
async function storeWithGate() {
  const store = await openMemoryStore({ logger: silentLogger });
  const held: (() => void)[] = [];
  const transact: Store["transact"] = async (transaction) => {
    if (JSON.stringify(transaction.success).includes("/configmaps/default/slow"))
      await new Promise<void>((resolve) => held.push(resolve));
    return store.transact(transaction);
  };
  const gated = new Proxy(store, {
    get(target, property) {
      if (property === "transact") return transact;
      const value = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const letGo = async () => {
    await expect.poll(() => held.length, { timeout: 10_000 }).toBeGreaterThan(0);
    held.shift()!();
  };
  return { store: gated, held, letGo };
}

let end = async () => {};
afterEach(() => end());

/** A server with few seats, of which one is for `tested`: the level of everybody in the group `testers`. */
async function start(limited: object = {}) {
  const { store, held, letGo } = await storeWithGate();
  const server = await startTestServer({ store, maxInFlight: { reading: 20, mutating: 10 } });
  let isOver = false;
  end = async () => {
    isOver = true;
    for (const done of held.splice(0)) done();
    await server.stop();
    await store.close();
  };
  const { client } = server;
  await client.create(clusterRoleBindings, {
    metadata: { name: "testers" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "edit" },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "testers" }],
  });
  const level = await client.create<PriorityLevelConfiguration>(priorityLevelConfigurations, {
    metadata: { name: "tested" },
    spec: {
      type: "Limited",
      limited: {
        nominalConcurrencyShares: 5,
        borrowingLimitPercent: 0,
        limitResponse: { type: "Queue", queuing: { queues: 64, handSize: 4, queueLengthLimit: 5 } },
        ...limited,
      },
    },
  });
  const schema = await client.create<FlowSchema>(flowSchemas, {
    metadata: { name: "tested" },
    spec: {
      priorityLevelConfiguration: { name: "tested" },
      matchingPrecedence: 50,
      distinguisherMethod: { type: "ByUser" },
      rules: [
        {
          subjects: [{ kind: "Group", group: { name: "testers" } }],
          resourceRules: [
            { verbs: ["*"], apiGroups: ["*"], resources: ["*"], namespaces: ["*"], clusterScope: true },
          ],
        },
      ],
    },
  });
  await expect.poll(() => rowOf(server, "tested")).toBeDefined();
  await expect.poll(async () => (await danglingOf(server, "tested"))?.status).toBe("False");
  const as = (user: string) => ({ "impersonate-user": user, "impersonate-group": "testers" });
  const read = (user: string) => rawRequest(server, `${MAPS}/kube-root-ca.crt`, { headers: as(user) });
  const writes = new Map<string, RawAnswer>();
  const write = async (user: string, name: string) => {
    const body = JSON.stringify({ metadata: { name: `slow-${name}` } });
    const headers = { ...as(user), "content-type": "application/json" };
    const answer = await rawRequest(server, MAPS, { method: "POST", headers, body });
    writes.set(name, answer);
    return answer;
  };
  /** That many of one user, all of which have come. */
  const flood = async (user: string, count: number) => {
    const answers = Array.from({ length: count }, (_, n) => write(user, `${user}-${n}`));
    for (const answer of answers) answer.catch((error) => expect(isOver, String(error)).toBe(true));
    await expect.poll(async () => came(await rowOf(server, "tested"))).toBe(count);
    return answers;
  };
  return { server, client, level, schema, read, write, flood, writes, held, letGo, as };
}

const came = (row: string[] | undefined) => Number(row?.[4]) + Number(row?.[5]) + Number(row?.[7]);

/** The level's row in the table of levels. */
async function rowOf(server: TestServer, name: string): Promise<string[] | undefined> {
  const { text } = await rawRequest(server, "/debug/api_priority_and_fairness/dump_priority_levels");
  return text
    .split("\n")
    .map((row) => row.split(/, */))
    .find((row) => row[0] === name);
}

async function danglingOf(server: TestServer, name: string) {
  const { status } = await server.client.get<FlowSchema>(flowSchemas, undefined, name);
  return status?.conditions?.find(({ type }) => type === "Dangling");
}

describe("a flood of one user", () => {
  it("leaves others their place: who asks for little waits for little", async () => {
    const { server, flood, write, writes, letGo } = await start();
    await flood("flood", 20);
    void write("ann", "ann").catch(() => {});
    await expect.poll(async () => came(await rowOf(server, "tested"))).toBe(21);
    // One seat: each that is let go lets the next one in.
    for (let gone = 0; gone < 6 && !writes.has("ann"); gone++) {
      const before = writes.size;
      await letGo();
      await expect.poll(() => writes.size).toBe(before + 1);
    }
    expect(writes.get("ann")!.status).toBe(201);
    expect(writes.size).toBeLessThanOrEqual(6);
  });

  it("is turned away beyond its queues, with upstream's words and headers", async () => {
    const { server, flood, writes, level, schema, as } = await start();
    // One is worked on, 4 queues with 5 places each.
    await flood("flood", 25);
    await expect.poll(() => writes.size).toBe(4);
    for (const { status, text, headers } of writes.values()) {
      expect(status).toBe(429);
      expect(text).toBe("Too many requests, please try again later.\n");
      expect(headers).toMatchObject({
        "content-type": "text/plain; charset=utf-8",
        "retry-after": "1",
        [FLOW_UID]: schema.metadata.uid,
        [LEVEL_UID]: level.metadata.uid,
      });
    }
    const row = await rowOf(server, "tested");
    expect(row!.slice(2, 10)).toEqual(["false", "false", "20", "1", "1", "4", "0", "0"]);
    const requests = await rawRequest(
      server,
      "/debug/api_priority_and_fairness/dump_requests?includeRequestDetails=1",
    );
    const waiting = requests.text.split("\n").filter((line) => line.startsWith("tested,"));
    expect(waiting).toHaveLength(21);
    expect(waiting[0]!.split(/, */)).toEqual(
      expect.arrayContaining(["tested", "flood", "create", MAPS, "default", "v1", "configmaps"]),
    );
    const queues = await rawRequest(server, "/debug/api_priority_and_fairness/dump_queues");
    expect(queues.text.split("\n").filter((line) => line.startsWith("tested,"))).toHaveLength(64);
    const metrics = (await rawRequest(server, "/metrics")).text;
    const labels = '{priority_level="tested",flow_schema="tested"';
    for (const line of [
      `current_inqueue_requests${labels}} 20`,
      `current_executing_requests${labels}} 1`,
      `current_executing_seats${labels}} 1`,
      `rejected_requests_total${labels},reason="queue-full"} 4`,
      'nominal_limit_seats{priority_level="tested"} 1',
    ])
      expect(metrics).toContain(`apiserver_flowcontrol_${line}\n`);
    // Administrators are never queued, and who may not see the tables does not.
    expect((await rawRequest(server, MAPS)).status).toBe(200);
    const page = "/debug/api_priority_and_fairness/dump_queues";
    expect((await rawRequest(server, page, { headers: as("ann") })).status).toBe(403);
  });
});

describe("levels that change while requests wait", () => {
  it("have more seats at once", async () => {
    const { client, flood, held } = await start();
    await flood("flood", 8);
    expect(held).toHaveLength(1);
    await client.patch(priorityLevelConfigurations, undefined, "tested", "merge", {
      spec: { limited: { nominalConcurrencyShares: 200 } },
    });
    await expect.poll(() => held.length).toBe(8);
  });

  it("have no queues any more for who comes", async () => {
    const { client, flood, write, held, letGo, writes } = await start();
    await flood("flood", 3);
    await client.patch(priorityLevelConfigurations, undefined, "tested", "merge", {
      spec: { limited: { limitResponse: { type: "Reject", queuing: null } } },
    });
    await expect.poll(async () => (await write("ann", "ann")).status, { timeout: 5000 }).toBe(429);
    expect(held).toHaveLength(1);
    for (let n = 0; n < 3; n++) await letGo();
    await expect.poll(() => writes.size).toBe(4);
  });

  it("are deleted: what waits there is done, and who comes is of another", async () => {
    const { server, client, flood, letGo, read, writes } = await start();
    await flood("flood", 4);
    await client.delete(priorityLevelConfigurations, undefined, "tested");
    await expect
      .poll(() => danglingOf(server, "tested"))
      .toMatchObject({
        status: "True",
        reason: "NotFound",
        message:
          'This FlowSchema references the PriorityLevelConfiguration object named "tested" but there is no such object',
      });
    expect((await rowOf(server, "tested"))!.slice(3, 6)).toEqual(["true", "3", "1"]);
    const { uid } = (await client.get<KubeObject>(flowSchemas, undefined, "global-default")).metadata;
    expect((await read("ann")).headers[FLOW_UID]).toBe(uid);
    for (let n = 0; n < 4; n++) await letGo();
    await expect.poll(() => [...writes.values()].map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    await expect.poll(() => rowOf(server, "tested")).toBeUndefined();
  });
});

describe("every answer", () => {
  it("tells of which FlowSchema and level the request was, refusals included; streams have none", async () => {
    const { server, level, schema, as } = await start();
    const headers = as("ann");
    const uids = { [FLOW_UID]: schema.metadata.uid, [LEVEL_UID]: level.metadata.uid };
    expect((await rawRequest(server, MAPS, { headers })).headers).toMatchObject(uids);
    const refused = await rawRequest(server, "/api/v1/nodes", { headers });
    expect(refused).toMatchObject({ status: 403, headers: uids });
    const log = await rawRequest(server, "/api/v1/namespaces/default/pods/none/log", { headers });
    expect(log.status).toBe(404);
    expect(log.headers[FLOW_UID]).toBeUndefined();
    const exempt = await server.client.get<KubeObject>(flowSchemas, undefined, "exempt");
    expect((await rawRequest(server, MAPS)).headers[FLOW_UID]).toBe(exempt.metadata.uid);
    await server.client.delete(flowSchemas, undefined, "exempt");
    await expect.poll(async () => (await rawRequest(server, MAPS)).headers[FLOW_UID]).toBe("");
    const page = await rawRequest(server, "/debug/api_priority_and_fairness/dump_requests", {});
    expect(page.text.split("\n")[1]).toMatch(/^exempt, +exempt, +-1, +-1, +,/);
  });
});

describe("watches", () => {
  it("take a seat until they have begun", async () => {
    const { server, read, as } = await start();
    const watching = Array.from({ length: 4 }, () =>
      rawRequest(server, `${MAPS}?watch=1&timeoutSeconds=2`, { headers: as("ann") }),
    );
    await expect.poll(async () => Number((await rowOf(server, "tested"))![6])).toBeGreaterThanOrEqual(4);
    await expect.poll(async () => (await rowOf(server, "tested"))![5]).toBe("0");
    expect((await read("ann")).status).toBe(404);
    for (const { status } of await Promise.all(watching)) expect(status).toBe(200);
  });
});
