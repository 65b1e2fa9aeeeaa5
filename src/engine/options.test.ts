import type { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readTar } from "../formats/index.ts";
import { leftovers, openTestHome, type TestHome, until } from "./testing/test-home.ts";
import type { CreateContainerRequest, HostConfig } from "./types.ts";

let home: TestHome;

beforeAll(async () => {
  home = await openTestHome({ instanceId: "e57e5b" });
}, 60_000);

afterAll(async () => {
  await home?.close();
}, 60_000);

const engine = () => home.engine;

async function runOnce(command: string, request: Partial<CreateContainerRequest>): Promise<string> {
  const { id, stdout } = await home.run(["sh", "-c", command], request);
  await engine().removeContainer(id);
  return stdout;
}

describe("options that are refused at creation", () => {
  it.each<[string, HostConfig, string, string]>([
    ["--volumes-from nosuch", { VolumesFrom: ["nosuch"] }, "InvalidArgument", "No such container: nosuch"],
    ["--volumes-from of a mode", { VolumesFrom: ["x:rslave"] }, "InvalidArgument", "invalid mode: rslave"],
    [
      "--volumes-from ''",
      { VolumesFrom: [""] },
      "InvalidArgument",
      "volumes-from specification cannot be an empty string",
    ],
    [
      "--pid container:nosuch",
      { PidMode: "container:nosuch" },
      "InvalidArgument",
      "No such container: nosuch",
    ],
    [
      "--ipc container:nosuch",
      { IpcMode: "container:nosuch" },
      "InvalidArgument",
      "No such container: nosuch",
    ],
    [
      "--tmpfs /",
      { Tmpfs: { "/": "" } },
      "InvalidArgument",
      "invalid specification: destination can't be '/'",
    ],
    [
      "--tmpfs x",
      { Tmpfs: { x: "" } },
      "InvalidArgument",
      "invalid mount path: 'x' mount path must be absolute",
    ],
    [
      "-v of a volume with propagation",
      { Binds: ["vol:/x:rshared"] },
      "InvalidArgument",
      "invalid volume specification: 'vol:/x:rshared': invalid mount config for type \"volume\": field BindOptions must not be specified",
    ],
    [
      "-v of a bind with nocopy",
      { Binds: ["/tmp:/x:nocopy"] },
      "InvalidArgument",
      "invalid volume specification: '/tmp:/x:nocopy': invalid mount config for type \"bind\": field VolumeOptions must not be specified",
    ],
    [
      "--cpu-shares -2",
      { CpuShares: -2 },
      "InvalidArgument",
      "invalid CPU shares (-2): value must be a positive integer",
    ],
    [
      "--storage-opt",
      { StorageOpt: { size: "10G" } },
      "Internal",
      "--storage-opt is supported only for overlay over xfs with 'pquota' mount option",
    ],
    ["an unknown --storage-opt", { StorageOpt: { nope: "1" } }, "Internal", "Unknown option nope"],
    [
      "--link to nobody",
      { Links: ["nosuch:b"] },
      "InvalidArgument",
      "could not get container for nosuch: No such container: nosuch",
    ],
  ])("%s", async (_, hostConfig, kind, message) => {
    await expect(home.create(["true"], { hostConfig })).rejects.toMatchObject({
      kind,
      message: expect.stringContaining(message),
    });
  });
});

describe("limits", () => {
  const CPU = "cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null || cut -d' ' -f1 /sys/fs/cgroup/cpu.max";
  const PIDS = "cat /sys/fs/cgroup/pids/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids.max";

  it("--cpu-quota -1 and --pids-limit -1 mean none", async () => {
    expect(await runOnce(CPU, { hostConfig: { CpuQuota: -1 } })).toMatch(/^(-1|max)\n$/);
    expect(await runOnce(PIDS, { hostConfig: { PidsLimit: -1 } })).toBe("max\n");
    expect(await runOnce(PIDS, { hostConfig: { PidsLimit: 0 } })).toBe("max\n");
  });

  it("an update takes the limit of processes away", async () => {
    const id = await home.create(["sleep", "100"], { hostConfig: { PidsLimit: 50 } });
    await engine().startContainer(id);
    const pids = async () => (await home.exec(id, ["sh", "-c", PIDS])).stdout;
    expect(await pids()).toBe("50\n");
    await engine().updateContainer(id, { CpuShares: 512 });
    expect(await pids()).toBe("50\n");
    await engine().updateContainer(id, { PidsLimit: -1 });
    expect(await pids()).toBe("max\n");
    await engine().updateContainer(id, { CpuQuota: 20_000 });
    const quota = async () => (await home.exec(id, ["sh", "-c", CPU])).stdout;
    expect(await quota()).toBe("20000\n");
    await engine().updateContainer(id, { CpuQuota: -1 });
    expect(await quota()).toMatch(/^(-1|max)\n$/);
    await expect(engine().updateContainer(id, { CpuShares: -1 })).rejects.toThrow(
      "invalid CPU shares (-1): value must be a positive integer",
    );
    await engine().removeContainer(id, { force: true });
  });
});

describe("--ipc", () => {
  const SHM = "grep -c ' /dev/shm ' /proc/mounts; readlink /proc/self/ns/ipc";

  it("none: a namespace of its own and no shared memory", async () => {
    const [mounts, namespace] = (await runOnce(SHM, { hostConfig: { IpcMode: "none" } })).split("\n");
    expect(mounts).toBe("0");
    expect(namespace).not.toBe((await runOnce(SHM, { hostConfig: { IpcMode: "host" } })).split("\n")[1]);
    const id = await home.create(["sleep", "100"], { hostConfig: { IpcMode: "none" } });
    await engine().startContainer(id);
    const joining = await home.create(["true"], { hostConfig: { IpcMode: `container:${id}` } });
    await expect(engine().startContainer(joining)).rejects.toThrow("non-shareable IPC");
    for (const each of [joining, id]) await engine().removeContainer(each, { force: true });
  });

  it("private unless something else is asked", async () => {
    const id = await home.create(["true"]);
    expect((await engine().inspectContainer(id)).HostConfig.IpcMode).toBe("private");
    await engine().removeContainer(id);
  });
});

describe("links of an endpoint", () => {
  it("are names that only their container knows", async () => {
    await home.network.create({ name: "linked" });
    const request = (name: string, Links?: string[]): Partial<CreateContainerRequest> => ({
      name,
      hostConfig: { NetworkMode: "linked", Links },
      networkingConfig: { EndpointsConfig: { linked: { Links } } },
    });
    const ids = [
      await home.create(["sleep", "100"], request("target")),
      await home.create(["sleep", "100"], request("knows", ["target:db", "/target:/knows/other", "target"])),
      await home.create(["sleep", "100"], request("knows-not")),
    ];
    for (const id of ids) await engine().startContainer(id);
    const address = (await engine().inspectContainer("target")).NetworkSettings.Networks.linked!.IPAddress;
    const ask = async (who: string, name: string) =>
      (await home.exec(who, ["nslookup", "-type=a", name])).stdout.includes(`Address: ${address}`);
    for (const name of ["db", "db.linked", "other", "target"])
      expect([name, await ask("knows", name)]).toEqual([name, true]);
    expect(await ask("knows-not", "db")).toBe(false);
    expect(await ask("knows-not", "target")).toBe(true);
    await expect(home.create(["true"], request("wrong", ["a:b:c"]))).rejects.toThrow(
      "bad format for links: a:b:c",
    );
    for (const id of ids) await engine().removeContainer(id, { force: true });
    await home.network.remove("linked");
  });
});

describe("a container that does not run", () => {
  it("has no terminal to resize", async () => {
    const id = await home.create(["true"], { config: { Image: "busybox", Tty: true } });
    await expect(engine().resizeContainer(id, 80, 24)).rejects.toMatchObject({
      kind: "Conflict",
      message: `container ${id} is not running`,
    });
    await engine().removeContainer(id);
  });
});

describe("docker cp's paths", () => {
  const namesOf = async (tar: Readable) => {
    const names: string[] = [];
    for await (const { entry } of readTar(tar)) names.push(entry.name);
    return names;
  };

  it("`./` is the content of the root, and a dot at the end that of the directory", async () => {
    const id = await home.create(["true"]);
    for (const [path, name, first] of [
      ["./", ".", "./"],
      [".", ".", "./"],
      ["/", "/", "/"],
      ["/etc/./", ".", "./"],
      ["etc/.", ".", "./"],
      ["/etc/", "etc", "etc/"],
    ] as const) {
      const { stat, tar } = await engine().readArchive(id, path);
      expect([path, stat.name, (await namesOf(tar))[0]]).toEqual([path, name, first]);
    }
    await engine().removeContainer(id);
  });
});

describe("afterwards", () => {
  it("nothing is left", async () => {
    await until(async () => (await leftovers(home)).length === 0, 3000).catch(() => {});
    expect(await leftovers(home)).toEqual([]);
  });
});
