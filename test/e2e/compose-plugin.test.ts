import { afterEach, describe, expect, it } from "vitest";
import { FULL, SHOP } from "../compose/projects.ts";
import { ComposeProject } from "../support/compose-project.ts";
import { useDockerHouse } from "../support/docker.ts";
import { findPlugin } from "../support/plugins.ts";

// `gantry compose` and the plugin on the same projects, where set-up could fetch the plugin.
const house = useDockerHouse();
let current: ComposeProject | undefined;
afterEach(async () => {
  await current?.end();
  current = undefined;
});

const project = (compose: string, files: Record<string, string> = {}): ComposeProject => {
  current = new ComposeProject(house, { "compose.yaml": compose, ...files });
  return current;
};

const WITHOUT_SECRET = SHOP.replace("secrets: [token]", "").replace(
  "secrets: {token: {environment: TOKEN}}",
  "",
);
const ids = (name: string) =>
  house.lines("ps", "-aq", "--no-trunc", "--filter", `label=com.docker.compose.project=${name}`);

/** Lists of a container's settings have no order of their own. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value))
    return value.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, sorted(one)]));
};
describe.skipIf(!findPlugin("docker-compose"))("beside the plugin", () => {
  it("each takes over what the other has made", async () => {
    const shop = project(WITHOUT_SECRET);
    const made = await shop.plugin("up", "--detach");
    expect(made.code, made.stderr).toBe(0);
    const before = await ids("shop");
    const up = await shop.gantry("up", "--detach");
    expect(up.stderr).toContain("Container shop-web-1  Running");
    expect(up.stderr).not.toContain("Recreate");
    expect(await ids("shop")).toEqual(before);

    await shop.ok("up", "--detach", "--force-recreate");
    const renewed = await ids("shop");
    const plugin = await shop.plugin("up", "--detach");
    expect(plugin.stderr).toContain("Container shop-db-1  Running");
    expect(await ids("shop")).toEqual(renewed);
    expect((await shop.plugin("down", "--volumes")).code).toBe(0);
    expect(await ids("shop")).toEqual([]);
  });

  it("they say the same of a project", async () => {
    const shop = project(WITHOUT_SECRET);
    await shop.ok("up", "--detach");
    for (const args of [
      ["ps", "-q"],
      ["ls"],
      ["images"],
      ["volumes"],
      ["config"],
      ["config", "--hash", "*"],
      ["logs", "init"],
    ]) {
      const [ours, theirs] = [await shop.gantry(...args), await shop.plugin(...args)];
      // One is asked after the other.
      const ageless = (text: string) =>
        text.replace(/(?:\d+|About a|Less than a) (?:second|minute)s? ago/g, "a while ago");
      expect([args.join(" "), ageless(ours.stdout)]).toEqual([args.join(" "), ageless(theirs.stdout)]);
    }
  });

  it("containers, networks and volumes are the same", async () => {
    const full = project(FULL, { "src/file": "" });
    const theirs = await full.plugin("up", "--detach");
    expect(theirs.code, theirs.stderr).toBe(0);
    const plugins = await describeProject();
    await full.plugin("down", "--volumes");
    await full.ok("up", "--detach");
    expect(await describeProject()).toEqual(plugins);
  });

  /** What was asked for, without what is each container's own. */
  async function describeProject(): Promise<unknown> {
    const json = async (...args: string[]) => JSON.parse(await house.ok(...args));
    const [all, side] = await json("inspect", "full-all-1", "full-side-1");
    const labels = all.Config.Labels;
    labels["com.docker.compose.depends_on"] = labels["com.docker.compose.depends_on"]
      .split(",")
      .sort()
      .join();
    const endpoints = Object.entries(
      all.NetworkSettings.Networks as Record<string, Record<string, unknown>>,
    ).map(([name, { Aliases: aliases, IPAMConfig: ipam }]) => [name, aliases, ipam]);
    const { Hostname: _, ...config } = all.Config;
    const { Labels: __, ...sideConfig } = side.Config;
    const networks = await json("network", "inspect", "full_n1", "full_n2");
    const volumes = await json("volume", "inspect", "full_data", "full_kept");
    return {
      config: sorted(config),
      host: sorted(all.HostConfig),
      endpoints: sorted(endpoints.map((one) => JSON.stringify(one).replace(/"[0-9a-f]{12}"/, '"id"'))),
      side: [sideConfig.Cmd, side.HostConfig.PidMode.slice(0, 10), side.HostConfig.NetworkMode.slice(0, 10)],
      networks: networks.map(({ Name, Labels, IPAM, Internal }: Record<string, unknown>) => ({
        Name,
        Labels,
        IPAM,
        Internal,
      })),
      volumes: volumes.map(({ Name, Labels }: Record<string, unknown>) => ({ Name, Labels })),
    };
  }
});
