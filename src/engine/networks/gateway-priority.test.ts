import { afterAll, beforeAll, expect, it } from "vitest";
import { openTestHome, type TestHome } from "../testing/test-home.ts";

let home: TestHome;
beforeAll(async () => {
  home = await openTestHome({ instanceId: "e57e5e" });
  await home.network.create({ name: "low", subnet: "10.203.1.0/24" });
  await home.network.create({ name: "high", subnet: "10.203.2.0/24", auxAddresses: { host: "10.203.2.2" } });
  await home.network.create({ name: "inside", subnet: "10.203.3.0/24", internal: true });
}, 60_000);
afterAll(() => home?.close(), 60_000);

it.each([
  ["that of the highest priority", "low", { low: {}, high: { GwPriority: 7 } }, "10.203.2.1"],
  ["the first of equal ones", "low", { low: {}, high: {} }, "10.203.1.1"],
  ["one that leads out", "inside", { inside: { GwPriority: 9 }, low: {} }, "10.203.1.1"],
])("the way out is %s", async (_, NetworkMode, EndpointsConfig, gateway) => {
  const { id, stdout } = await home.run(["ip", "route"], {
    hostConfig: { NetworkMode },
    networkingConfig: { EndpointsConfig },
  });
  expect(stdout).toContain(`default via ${gateway} `);
  expect(stdout.match(/^default/gm)).toHaveLength(1);
  await home.engine.removeContainer(id);
});

it("an address that is somebody else's is given to nobody", async () => {
  const { id, stdout } = await home.run(["ip", "-4", "addr"], { hostConfig: { NetworkMode: "high" } });
  expect(stdout).toContain("10.203.2.3/24");
  await home.engine.removeContainer(id);
});
