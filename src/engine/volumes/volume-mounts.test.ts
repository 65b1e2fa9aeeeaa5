import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isMountPoint } from "../../kernel/index.ts";
import { openTestHome, type TestHome, until } from "../testing/test-home.ts";
import type { MountRequest } from "../types.ts";

let home: TestHome;
beforeAll(async () => {
  home = await openTestHome({ instanceId: "e57e5b" });
}, 60_000);
afterAll(() => home?.close(), 60_000);

const engine = () => home.engine;
const dataOf = (name: string) => join(home.dir, "volumes", name, "_data");
const remove = (id: string) => engine().removeContainer(id, { force: true });
const withMount = (mount: MountRequest) => ({ hostConfig: { Mounts: [mount] } });

async function bindVolume(Name: string, device: string, o = "bind"): Promise<void> {
  await engine().createVolume({ Name, DriverOpts: { type: "none", o, device } });
}

describe("options of the driver local", () => {
  it("are refused where they cannot be meant", async () => {
    const cases: [Record<string, string>, string][] = [
      [{ colour: "red" }, 'create v1: invalid option: "colour"'],
      [{ device: "/x" }, 'create v1: missing required option: "type"'],
      [{ type: "tmpfs" }, 'create v1: missing required option: "device"'],
      [{ o: "ro", type: "tmpfs" }, 'create v1: missing required option: "device"'],
      [{ size: "10m" }, "create v1: quota size requested but no quota support"],
      [{ size: "ten" }, "create v1: invalid size: 'ten'"],
      [
        { type: "cifs", device: "//host:445/x" },
        "create v1: port not allowed in CIFS device URL, include 'port' in 'o='",
      ],
    ];
    for (const [DriverOpts, message] of cases) {
      await expect(engine().createVolume({ Name: "v1", DriverOpts })).rejects.toThrow(message);
    }
    expect(await engine().listVolumes()).toEqual([]);
  });

  it("are mounted for the first user and taken away after the last", async () => {
    const DriverOpts = { type: "tmpfs", device: "tmpfs", o: "size=1m" };
    await engine().createVolume({ Name: "memory", DriverOpts });
    expect((await engine().inspectVolume("memory")).Options).toEqual(DriverOpts);
    const request = { hostConfig: { Binds: ["memory:/m"] } };
    const [one, two] = [
      await home.create(["sleep", "100"], request),
      await home.create(["sleep", "100"], request),
    ];
    expect(isMountPoint(dataOf("memory"))).toBe(false);
    await engine().startContainer(one);
    await engine().startContainer(two);
    await home.exec(one, ["sh", "-c", "echo shared > /m/file"]);
    expect((await home.exec(two, ["cat", "/m/file"])).stdout).toBe("shared\n");
    expect((await home.exec(two, ["mount"])).stdout).toMatch(/^tmpfs on \/m .*size=1024k/m);
    await remove(one);
    expect((await home.exec(two, ["cat", "/m/file"])).stdout).toBe("shared\n");
    await remove(two);
    await until(() => !isMountPoint(dataOf("memory")));
    await engine().removeVolume("memory");
  });

  it("name what could not be mounted, without its password", async () => {
    await bindVolume("lost", "/no/such/place", "bind,password=secret");
    const id = await home.create(["true"], { hostConfig: { Binds: ["lost:/m"] } });
    const data = dataOf("lost");
    await expect(engine().startContainer(id)).rejects.toThrow(
      `error while mounting volume '${data}': failed to mount local volume: ` +
        `mount /no/such/place:${data}, flags: 0x1000, data: password=********: no such file or directory`,
    );
    await remove(id);
    await expect(home.create(["true"], { hostConfig: { Binds: ["lost:/etc"] } })).rejects.toThrow(
      /^failed to populate volume: error while mounting volume/,
    );
    await engine().removeVolume("lost");
  });

  it("never delete what is mounted, nor count or prune it", async () => {
    const place = join(home.dir, "place");
    await mkdir(place);
    await writeFile(join(place, "kept"), "x");
    await bindVolume("bound", place);
    const id = await home.create(["sleep", "100"], { hostConfig: { Binds: ["bound:/m"] } });
    await engine().startContainer(id);
    await home.exec(id, ["touch", "/m/made"]);
    expect(await engine().listVolumes({}, { usage: true })).toEqual([]);
    await remove(id);
    expect((await engine().pruneVolumes({ all: ["true"] })).VolumesDeleted).toEqual([]);
    await engine().removeVolume("bound");
    expect((await readdir(place)).sort()).toEqual(["kept", "made"]);
    await rm(place, { recursive: true });
  });

  it("are filled from the image, and read and written by cp while nothing runs", async () => {
    const place = join(home.dir, "filled");
    await mkdir(place);
    await bindVolume("filled", place);
    const id = await home.create(["true"], { hostConfig: { Binds: ["filled:/etc"] } });
    expect(await readdir(place)).toContain("passwd");
    expect((await engine().statPath(id, "/etc/passwd")).size).toBeGreaterThan(0);
    expect(isMountPoint(dataOf("filled"))).toBe(false);
    await remove(id);
    await engine().removeVolume("filled");
  });

  it("hold for runs that go on while the program is started anew", async () => {
    const place = join(home.dir, "adopted");
    await mkdir(place);
    await bindVolume("adopted", place);
    await bindVolume("left", place);
    const id = await home.create(["sleep", "100"], { hostConfig: { Binds: ["adopted:/m"] } });
    await engine().startContainer(id);
    await home.reopen();
    expect(isMountPoint(dataOf("adopted"))).toBe(true);
    await remove(id);
    await until(() => !isMountPoint(dataOf("adopted")));
  });

  it("come with a mount, too", async () => {
    const id = await home.create(
      ["mount"],
      withMount({
        Type: "volume",
        Target: "/m",
        VolumeOptions: {
          DriverConfig: { Name: "local", Options: { type: "tmpfs", device: "tmpfs", o: "size=2m" } },
        },
      }),
    );
    await engine().startContainer(id);
    await engine().waitContainer(id);
    expect((await home.output(id)).stdout).toMatch(/^tmpfs on \/m .*size=2048k/m);
    await engine().removeContainer(id, { removeVolumes: true });
  });
});

describe("a subpath", () => {
  const subpath = (Subpath: string, Source = "parts"): MountRequest => ({
    Type: "volume",
    Source,
    Target: "/m",
    VolumeOptions: { Subpath },
  });
  beforeAll(async () => {
    await engine().createVolume({ Name: "parts" });
    await mkdir(join(dataOf("parts"), "a/b"), { recursive: true });
    await writeFile(join(dataOf("parts"), "a/b/file"), "deep\n");
    await symlink("/etc", join(dataOf("parts"), "out"));
  });

  it("is a part of the volume, a directory or a file", async () => {
    expect((await home.run(["cat", "/m/file"], withMount(subpath("a/b")))).stdout).toBe("deep\n");
    expect((await home.run(["cat", "/m"], withMount(subpath("a/b/file")))).stdout).toBe("deep\n");
    const written = await home.run(["sh", "-c", "echo w > /m/written"], withMount(subpath("a")));
    expect(written.exitCode).toBe(0);
    expect(await readFile(join(dataOf("parts"), "a/written"), "utf8")).toBe("w\n");
    expect(await readdir(join(home.dir, "run/mounts"))).toEqual([]);
  });

  it("is what cp sees of a container that does not run", async () => {
    const id = await home.create(["true"], withMount(subpath("a/b")));
    expect((await engine().statPath(id, "/m/file")).size).toBe(5);
    await remove(id);
  });

  it("does not lead out of the volume", async () => {
    const id = await home.create(["true"], withMount(subpath("out")));
    await expect(engine().startContainer(id)).rejects.toThrow(
      `cannot access path ${dataOf("parts")}/out: lstat ${dataOf("parts")}/out: no such file or directory`,
    );
    await remove(id);
    for (const path of ["../x", "/etc", "a/../../x"]) {
      await expect(home.create(["true"], withMount(subpath(path)))).rejects.toThrow(
        'invalid mount config for type "volume": subpath must be a relative path within the volume',
      );
    }
    await expect(home.create(["true"], withMount(subpath("a", "")))).rejects.toThrow(
      "must not set Subpath when using anonymous volumes",
    );
  });
});

describe("an image's files", () => {
  const image = (Subpath?: string): MountRequest => ({
    Type: "image",
    Source: "busybox",
    Target: "/m",
    ...(Subpath ? { ImageOptions: { Subpath } } : {}),
  });

  it("are mounted read-only, or a part of them", async () => {
    const whole = await home.run(["sh", "-c", "ls /m/etc/passwd; touch /m/x"], withMount(image()));
    expect([whole.exitCode, whole.stdout, whole.stderr]).toEqual([
      1,
      "/m/etc/passwd\n",
      expect.stringContaining("Read-only file system"),
    ]);
    expect((await home.run(["ls", "/m/passwd"], withMount(image("etc")))).stdout).toBe("/m/passwd\n");
    expect(await readdir(join(home.dir, "run/mounts"))).toEqual([]);
  });

  it("are those of an image that there is", async () => {
    await expect(home.create(["true"], withMount({ ...image(), Source: "nosuch" }))).rejects.toThrow(
      "No such image: nosuch:latest",
    );
    await expect(home.create(["true"], withMount({ ...image(), Source: "" }))).rejects.toThrow(
      'invalid mount config for type "image": field Source must not be empty',
    );
  });
});
