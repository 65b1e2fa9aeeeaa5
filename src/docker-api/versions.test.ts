import { describe, expect, it } from "vitest";
import { ApiClient } from "./testing/api-client.ts";
import { useEngineHouse } from "./testing/engine-house.ts";

const house = useEngineHouse();
const client = new ApiClient(house);

type Body = Record<string, unknown>;

/** What inspect shows of a container that a request of this version made, and the warnings. */
async function made(minor: number, body: Body, shownIn = minor) {
  const created = await client.call("POST", `/v1.${minor}/containers/create`, {
    body: { Image: "busybox", ...body },
  });
  if (created.status !== 201) return { refused: `${created.status} ${created.json.message}` };
  const inspect = await client.call("GET", `/v1.${shownIn}/containers/${created.json.Id}/json`);
  await client.remove(created.json.Id);
  return { ...inspect.json, Warnings: created.json.Warnings };
}

const bind = (BindOptions: Body) => ({ Type: "bind", Source: "/opt", Target: "/t", BindOptions });

describe("a container made in an older version", () => {
  it.each<[number, Body, Body]>([
    [24, { AutoRemove: true }, { AutoRemove: false }],
    [25, { AutoRemove: true }, { AutoRemove: true }],
    [39, {}, { IpcMode: "shareable" }],
    [40, {}, { IpcMode: "private" }],
    [40, { CgroupnsMode: "private" }, { CgroupnsMode: "private" }],
    [41, { ConsoleSize: [1, 2] }, { ConsoleSize: [0, 0] }],
    [42, { ConsoleSize: [1, 2] }, { ConsoleSize: [1, 2] }],
    [43, { Annotations: { a: "b" } }, { Annotations: { a: "b" } }],
    [39, { Mounts: [bind({ NonRecursive: true })] }, { Mounts: [bind({})] }],
    [51, { PidsLimit: -5 }, { PidsLimit: null }],
    [51, { PidsLimit: 5 }, { PidsLimit: 5 }],
  ])("1.%i: %j", async (minor, hostConfig, shown) => {
    expect((await made(minor, { HostConfig: hostConfig })).HostConfig).toMatchObject(shown);
  });

  it.each<[number, Body, string]>([
    [
      43,
      { NetworkingConfig: { EndpointsConfig: { bridge: {}, x: {} } } },
      "Container cannot be created with multiple network endpoints: bridge, x",
    ],
    [
      43,
      { HostConfig: { Mounts: [bind({ ReadOnlyForceRecursive: true })] } },
      "BindOptions.ReadOnlyForceRecursive needs API v1.44 or newer",
    ],
    [
      44,
      { HostConfig: { Mounts: [{ Type: "volume", Target: "/t", VolumeOptions: { Subpath: "a" } }] } },
      "VolumeOptions.Subpath needs API v1.45 or newer",
    ],
    [
      47,
      { HostConfig: { Mounts: [{ Type: "image", Source: "busybox", Target: "/t" }] } },
      'Mount type "Image" needs API v1.48 or newer',
    ],
    [
      42,
      { HostConfig: { Mounts: [{ Type: "volume", Target: "/t", BindOptions: {} }] } },
      'BindOptions must not be specified on mount type "volume"',
    ],
    [
      48,
      { HostConfig: { Sysctls: { "net.ipv4.conf.eth0.forwarding": "1" } } },
      "interface specific sysctl setting \"net.ipv4.conf.eth0.forwarding\" must be supplied using driver option 'com.docker.network.endpoint.sysctls'",
    ],
  ])("1.%i: %j is refused", async (minor, body, message) => {
    expect((await made(minor, body)).refused).toBe(`400 ${message}`);
  });

  it("has no annotations before 1.43", async () => {
    const { HostConfig } = await made(42, { HostConfig: { Annotations: { a: "b" } } });
    expect(HostConfig).not.toHaveProperty("Annotations");
  });

  it("does not look whose options a mount has before 1.42", async () => {
    const mount = { Type: "bind", Source: "/opt", Target: "/t", VolumeOptions: { NoCopy: true } };
    expect((await made(41, { HostConfig: { Mounts: [mount] } })).Mounts).toMatchObject([
      { Destination: "/t" },
    ]);
  });

  it("has a hardware address of its own until 1.44, then its endpoint has", async () => {
    const MacAddress = "02:42:ac:11:00:99";
    for (const [minor, warnings] of [
      [43, []],
      [
        44,
        [
          "The container-wide MacAddress field is now deprecated. It should be specified in EndpointsConfig instead.",
        ],
      ],
    ] as const) {
      const { Config, NetworkSettings, Warnings } = await made(minor, { MacAddress });
      expect([Config.MacAddress, NetworkSettings.Networks.bridge.MacAddress, Warnings]).toEqual([
        MacAddress,
        MacAddress,
        warnings,
      ]);
    }
    const shared = { MacAddress, HostConfig: { NetworkMode: "host" } };
    expect((await made(43, shared)).refused).toBe(
      "400 conflicting options: mac-address and the network mode",
    );
    expect((await made(44, shared)).Config.MacAddress).toBeUndefined();
    const settings = {
      NetworkingConfig: { EndpointsConfig: { bridge: { MacAddress: "02:42:ac:11:00:98" } } },
    };
    expect((await made(44, { MacAddress, ...settings })).refused).toBe(
      "400 the container-wide MAC address must match the endpoint-specific MAC address for the main network, or be left empty",
    );
  });
});

describe("inspect", () => {
  it("shows every field, nil where nothing was set", async () => {
    const { HostConfig, Config, LogPath, HostsPath } = await made(51, { Cmd: ["true"] });
    expect(HostConfig).toMatchObject({
      Binds: null,
      ContainerIDFile: "",
      ConsoleSize: [0, 0],
      CapAdd: null,
      Devices: null,
      PidsLimit: null,
      Ulimits: null,
      MemorySwappiness: null,
      IOMaximumIOps: 0,
      VolumesFrom: null,
    });
    expect(HostConfig.Runtime).not.toBe("");
    for (const absent of ["Mounts", "Tmpfs", "Init", "Annotations"])
      expect(HostConfig).not.toHaveProperty(absent);
    expect(Config).toMatchObject({ Env: [], Entrypoint: null, OnBuild: null, Labels: {}, Tty: false });
    expect(Config).not.toHaveProperty("ExposedPorts");
    expect([LogPath, HostsPath]).toEqual(["", ""]);
  });

  it("keeps empty and nil apart", async () => {
    const { HostConfig } = await made(51, { HostConfig: { CapAdd: [], Dns: [], Ulimits: [], Binds: null } });
    expect(HostConfig).toMatchObject({ CapAdd: [], Dns: [], Ulimits: [], Binds: null });
  });

  it("tells of --tmpfs in the host's configuration only", async () => {
    const { HostConfig, Mounts } = await made(51, {
      HostConfig: { Tmpfs: { "/t/": "size=1m" }, Mounts: [{ Type: "tmpfs", Target: "/m" }] },
    });
    expect(HostConfig.Tmpfs).toEqual({ "/t/": "size=1m" });
    expect(Mounts).toMatchObject([{ Type: "tmpfs", Destination: "/m" }]);
  });

  it("notes what a privileged container is spared", async () => {
    const { HostConfig } = await made(51, { HostConfig: { Privileged: true } });
    expect(HostConfig).toMatchObject({
      MaskedPaths: null,
      ReadonlyPaths: null,
      SecurityOpt: ["label=disable"],
    });
  });
});

describe("pruning volumes", () => {
  it.each([41, 51])("keeps those with a name, in 1.%i too", async (minor) => {
    await client.call("POST", "/volumes/create", { body: { Name: "kept" } });
    const anonymous = (await client.call("POST", "/volumes/create", { body: {} })).json.Name;
    const pruned = await client.call("POST", `/v1.${minor}/volumes/prune`);
    expect(pruned.json.VolumesDeleted).toEqual([anonymous]);
    const filters = encodeURIComponent('{"all":["true"]}');
    const all = await client.call("POST", `/v1.${minor}/volumes/prune?filters=${filters}`);
    expect(all.json.VolumesDeleted).toEqual(["kept"]);
  });
});

describe("lists and images", () => {
  it("show annotations since 1.46", async () => {
    const id = await client.create({ HostConfig: { Annotations: { a: "b" } } });
    const row = async (minor: number) =>
      (await client.call("GET", `/v1.${minor}/containers/json?all=1`)).json[0];
    expect((await row(46)).HostConfig.Annotations).toEqual({ a: "b" });
    expect((await row(45)).HostConfig).not.toHaveProperty("Annotations");
    await client.remove(id);
  });

  it("show an image's configuration as a container's until 1.50", async () => {
    const config = async (minor: number) =>
      (await client.call("GET", `/v1.${minor}/images/busybox/json`)).json.Config;
    expect(await config(49)).toMatchObject({ Cmd: ["sh"], Hostname: "", Env: null });
    expect(await config(50)).toEqual({ Cmd: ["sh"] });
    expect((await client.call("GET", "/v1.44/images/busybox/json")).json.ContainerConfig).toBeDefined();
    expect((await client.call("GET", "/v1.45/images/busybox/json")).json.ContainerConfig).toBeUndefined();
  });

  it("find images by the name in full", async () => {
    const found = async (reference: string) => {
      const filters = encodeURIComponent(JSON.stringify({ reference: [reference] }));
      return (await client.call("GET", `/images/json?filters=${filters}`)).json.length;
    };
    for (const name of [
      "busybox",
      "docker.io/library/busybox",
      "docker.io/library/busybox:latest",
      "docker.io/*/*",
    ]) {
      expect([name, await found(name)]).toEqual([name, 1]);
    }
    expect(await found("docker.io/library/other")).toBe(0);
    const old = await client.call("GET", "/v1.40/images/json?filter=other");
    expect(old.json).toEqual([]);
  });

  it("tell of networks' containers in lists until 1.28", async () => {
    const id = await client.run({ Cmd: ["sleep", "60"] });
    const containers = async (minor: number) => {
      const networks = (await client.call("GET", `/v1.${minor}/networks`)).json;
      return Object.keys(networks.find(({ Name }: { Name: string }) => Name === "bridge").Containers);
    };
    expect([await containers(27), await containers(28)]).toEqual([[id], []]);
    await client.remove(id);
  });

  it("tell of the machine what was told at the time", async () => {
    const info = async (minor: number) => (await client.call("GET", `/v1.${minor}/info`)).json;
    expect(await info(24)).toMatchObject({ SecurityOptions: ["seccomp"], BridgeNfIptables: false });
    const [old, now] = [await info(46), await info(50)];
    expect(old.RegistryConfig).toHaveProperty("AllowNondistributableArtifactsCIDRs", null);
    expect(old.RuncCommit.Expected).toBe(old.RuncCommit.ID);
    expect(now.RegistryConfig).not.toHaveProperty("AllowNondistributableArtifactsCIDRs");
    expect([now.RuncCommit.Expected, now.BridgeNfIptables]).toEqual([undefined, undefined]);
  });

  it("say that a client is too old in plain text", async () => {
    const answer = await client.call("GET", "/v1.23/_ping");
    expect([answer.status, answer.text]).toEqual([
      400,
      "client version 1.23 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version\n",
    ]);
  });
});
