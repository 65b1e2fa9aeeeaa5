import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { silentLogger } from "../../base/index.ts";
import { namespaces, networkPolicies, pods } from "../api/index.ts";
import type { InformerFactory } from "../client/index.ts";
import { ControlPlane } from "../controllers/testing/control-plane.ts";
import {
  expectSameDespiteEventFaults,
  reference,
  type Scenario,
  type World,
} from "../controllers/testing/convergence.ts";
import type { EventFault } from "../controllers/testing/faults.ts";
import { NetworkPolicies, policyTableName } from "./index.ts";
import { readSimulated } from "./testing/read-simulated.ts";

const ADDRESSES = { server: "10.244.9.1", client: "10.244.9.2", stranger: "10.244.9.3" };
const NODE = "node-1";

interface Enforcer {
  informers: InformerFactory;
  instanceId: string;
}

describe("policies under faults", () => {
  let plane: ControlPlane;
  let expected: unknown;
  let enforcers: Enforcer[] = [];

  /** One that knows the world's pods: each world has one. */
  function tableOf({ namespace }: World): string | undefined {
    const own = enforcers.filter(({ informers }) => [...informers.informer(pods).list(namespace)].length > 0);
    return own.map(({ instanceId }) => policyTableName(instanceId)).at(-1);
  }

  const scenario: Scenario = {
    worldLabel: "kubernetes.io/metadata.name",
    controllers: {
      "node-controller": ({ informers, clock }) => {
        const instanceId = randomBytes(3).toString("hex");
        const enforcer = new NetworkPolicies({
          informers,
          nodeName: NODE,
          instanceId,
          nameServers: [],
          logger: silentLogger,
          clock,
        });
        enforcers.push({ informers, instanceId });
        return {
          name: "network-policy",
          run: async (signal: AbortSignal) => {
            await enforcer.run({ signal, ready: () => {} });
            enforcer.destroy();
          },
        };
      },
    },
    async play({ client, namespace }) {
      const pod = async (name: keyof typeof ADDRESSES, role: string) => {
        const made = await client.create(pods, {
          metadata: { name, namespace, labels: { role } },
          spec: {
            nodeName: NODE,
            containers: [{ name: "c", image: "i", ports: [{ name: "web", containerPort: 80 }] }],
          },
        });
        const ip = ADDRESSES[name];
        await client.updateStatus(pods, {
          ...made,
          status: { phase: "Running", podIP: ip, podIPs: [{ ip }] },
        });
      };
      const allow = (name: string, role: string, port: number | string) =>
        client.create(networkPolicies, {
          metadata: { name, namespace },
          spec: {
            podSelector: { matchLabels: { role: "server" } },
            ingress: [
              {
                from: [
                  {
                    podSelector: { matchLabels: { role } },
                    namespaceSelector: { matchLabels: { team: "blue" } },
                  },
                ],
                ports: [{ port }],
              },
            ],
          },
        });
      await pod("server", "server");
      await allow("first", "client", "web");
      await pod("client", "other");
      await pod("stranger", "client");
      await allow("second", "stranger", 81);
      await client.patch(namespaces, undefined, namespace, "merge", {
        metadata: { labels: { team: "blue" } },
      });
      await client.patch(pods, namespace, "client", "merge", { metadata: { labels: { role: "client" } } });
      await client.patch(pods, namespace, "stranger", "merge", {
        metadata: { labels: { role: "stranger" } },
      });
      await allow("third", "stranger", 83);
      await client.delete(networkPolicies, namespace, "third");
      // Last, so that the state at the end is there at no other time.
      await client.patch(networkPolicies, namespace, "second", "merge", {
        spec: { ingress: [{ ports: [{ port: 82 }] }] },
      });
    },
    async outcome(world) {
      const table = tableOf(world);
      const kernel = table === undefined ? undefined : readSimulated(table);
      if (!kernel) return "no table";
      const to = ADDRESSES.server;
      return [ADDRESSES.client, ADDRESSES.stranger].map((from) =>
        [80, 81, 82, 83].map((port) => kernel.allows({ from, to, protocol: "tcp", port })),
      );
    },
  };

  beforeAll(async () => {
    plane = await ControlPlane.start();
    expected = await reference(plane, scenario);
  });
  afterEach(() => {
    enforcers = [];
  });
  afterAll(() => plane.stop());

  it("end as the API says without any", () => {
    expect(expected).toEqual([
      [true, false, true, false],
      [false, false, true, false],
    ]);
  });

  it.each<EventFault>(["missed", "doubled"])(
    "end so when any event is %s",
    async (mode) => {
      expect(await expectSameDespiteEventFaults(plane, scenario, expected, mode)).toBeGreaterThan(10);
    },
    60_000,
  );

  it("end so when all events are late", async () => {
    await expectSameDespiteEventFaults(plane, scenario, expected, "late");
  });
});
