import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readAll } from "../base/index.ts";
import { encodeTarHeader, readTar, TAR_END, tarEntry, tarPadding } from "../formats/index.ts";
import { importBusybox, leftovers, openTestHome, type TestHome, until } from "./testing/test-home.ts";

let home: TestHome;

beforeAll(async () => {
  home = await openTestHome({ instanceId: "e57e52" });
  const data = Buffer.from("from the image\n");
  await importBusybox(home.images, "withdata", { Volumes: { "/data": {} } }, [
    { entry: tarEntry({ name: "data", type: "directory", mode: 0o770, uid: 1000, gid: 1001 }) },
    { entry: tarEntry({ name: "data/file", type: "file", uid: 1000, sizeBytes: data.length }), data },
    { entry: tarEntry({ name: "data/link", type: "symlink", linkName: "file" }) },
    { entry: tarEntry({ name: "outside", type: "symlink", linkName: "/../../../../etc" }) },
  ]);
}, 60_000);

afterAll(async () => {
  await home?.close();
}, 60_000);

const engine = () => home.engine;

describe("mounts", () => {
  it("-v makes a missing directory, --mount refuses it; read-only holds", async () => {
    const source = join(home.dir, "host/made");
    const { id, stdout, stderr } = await home.run(["sh", "-c", "touch /rw/x; touch /ro/y; ls /ro"], {
      hostConfig: { Binds: [`${source}:/rw`, `${source}:/ro:ro`] },
    });
    expect(stdout).toBe("x\n");
    expect(stderr).toContain("Read-only file system");
    expect(await readdir(source)).toEqual(["x"]);
    await engine().removeContainer(id);
    await expect(
      home.create(["true"], {
        hostConfig: { Mounts: [{ Type: "bind", Source: "/no/such/place", Target: "/x" }] },
      }),
    ).rejects.toThrow(
      'invalid mount config for type "bind": bind source path does not exist: /no/such/place',
    );
    await expect(home.create(["true"], { hostConfig: { Binds: ["a b:/x"] } })).rejects.toThrow(
      'includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed',
    );
    await expect(home.create(["true"], { hostConfig: { Binds: ["/a:/x", "/b:/x"] } })).rejects.toThrow(
      "Duplicate mount point: /x",
    );
  });

  it("a named volume is filled from the image once, keeps its data and is protected while used", async () => {
    const config = { Image: "withdata" };
    const hostConfig = { Binds: ["shared:/data"] };
    const first = await home.run(
      ["sh", "-c", "cat /data/link; stat -c '%u:%g %a' /data; echo mine > /data/file"],
      {
        config,
        hostConfig,
      },
    );
    expect(first.stdout).toBe("from the image\n1000:1001 770\n");
    const second = await home.run(["cat", "/data/file"], { config, hostConfig });
    expect(second.stdout).toBe("mine\n");
    await expect(engine().removeVolume("shared")).rejects.toThrow("remove shared: volume is in use - [");
    await engine().removeContainer(first.id);
    await engine().removeContainer(second.id);
    expect((await engine().listVolumes({ dangling: ["true"] })).map((volume) => volume.Name)).toEqual([
      "shared",
    ]);
    await engine().removeVolume("shared");
    await expect(engine().inspectVolume("shared")).rejects.toThrow("get shared: no such volume");
  });

  it("an anonymous volume goes with its container when that is asked", async () => {
    const { id } = await home.run(["true"], { config: { Image: "withdata" } });
    const [mount] = (await engine().inspectContainer(id)).Mounts;
    expect(mount).toMatchObject({ Type: "volume", Destination: "/data", RW: true });
    expect(await readFile(join(mount!.Source, "file"), "utf8")).toBe("from the image\n");
    await engine().removeContainer(id, { removeVolumes: true });
    expect(await engine().listVolumes()).toEqual([]);
  });

  it("tmpfs, shm and a read-only root", async () => {
    const { id, stdout } = await home.run(
      [
        "sh",
        "-c",
        "mount | grep -E ' /(tmp|dev/shm|t) ' | sort; touch /x 2>/dev/null || echo ro; touch /t/x && echo ok",
      ],
      { hostConfig: { ReadonlyRootfs: true, Tmpfs: { "/t": "size=1m,exec" }, ShmSize: 1 << 20 } },
    );
    expect(stdout).toMatch(
      /^shm on \/dev\/shm type tmpfs \(.*size=1024k.*\)\ntmpfs on \/t type tmpfs \((?!.*noexec).*size=1024k.*\)\nro\nok\n$/,
    );
    await engine().removeContainer(id);
  });

  it("of another container are taken over", async () => {
    const first = await home.create(["true"], { hostConfig: { Binds: ["both:/v"] }, name: "giver" });
    const { id, stdout } = await home.run(["sh", "-c", "mount | grep -c ' /v '; touch /v/x 2>&1"], {
      hostConfig: { VolumesFrom: ["giver:ro"] },
    });
    expect(stdout).toContain("1\ntouch: /v/x: Read-only file system");
    for (const name of [first, id]) await engine().removeContainer(name);
    await engine().removeVolume("both");
  });
});

describe("docker cp", () => {
  async function membersOf(tar: Readable): Promise<Record<string, string>> {
    const members: Record<string, string> = {};
    for await (const { entry, body } of readTar(tar))
      members[entry.name] = (await readAll(body, 1e7)).toString();
    return members;
  }
  const archive = (name: string, text: string) => {
    const data = Buffer.from(text);
    return Readable.from([
      encodeTarHeader(tarEntry({ name, type: "file", sizeBytes: data.length, uid: 7 })),
      data,
      tarPadding(data.length),
      TAR_END,
    ]);
  };

  it.each(["stopped", "running"])("reads and writes in a %s container, never outside of it", async (kind) => {
    const id = await home.create(["sleep", "100"], {
      config: { Image: "withdata" },
      hostConfig: { Binds: [`${home.dir}/host/cp:/bound`] },
    });
    await mkdir(join(home.dir, "host/cp"), { recursive: true });
    await writeFile(join(home.dir, "host/cp/note"), "on the host");
    if (kind === "running") await engine().startContainer(id);
    const { stat: found, tar } = await engine().readArchive(id, "/etc/passwd");
    expect(found).toMatchObject({ name: "passwd", mode: 0o644, linkTarget: "" });
    expect((await membersOf(tar)).passwd).toContain("root:x:0:0");
    expect(await membersOf((await engine().readArchive(id, "/data/.")).tar)).toEqual({
      "./": "",
      "./file": "from the image\n",
      "./link": "",
    });
    expect(Object.keys(await membersOf((await engine().readArchive(id, "/data")).tar))).toContain(
      "data/file",
    );
    expect((await membersOf((await engine().readArchive(id, "/bound/note")).tar)).note).toBe("on the host");
    expect(await engine().statPath(id, "/data/link")).toMatchObject({
      name: "link",
      linkTarget: "/data/file",
    });
    // A link that points far above the root leads to the root's own /etc.
    await engine().writeArchive(id, "/outside", archive("cp-was-here", "hello"));
    await expect(stat("/etc/cp-was-here")).rejects.toThrow("ENOENT");
    expect((await membersOf((await engine().readArchive(id, "/etc/cp-was-here")).tar))["cp-was-here"]).toBe(
      "hello",
    );
    await engine().writeArchive(id, "/bound", archive("../../escaped", "into the volume"));
    await expect(engine().readArchive(id, "/nosuch")).rejects.toThrow(
      `Could not find the file /nosuch in container ${id}`,
    );
    await expect(engine().writeArchive(id, "/etc/passwd", archive("x", ""))).rejects.toThrow(
      "extraction point is not a directory",
    );
    await engine().removeContainer(id, { force: true, removeVolumes: true });
    await rm(join(home.dir, "host/cp"), { recursive: true });
  });

  it("export is the root without what is mounted in it; diff says what changed", async () => {
    const id = await home.create(["sh", "-c", "echo new > /new; rm /etc/group; sleep 100"], {
      hostConfig: { Binds: ["exported:/vol"] },
    });
    await engine().startContainer(id);
    await until(async () =>
      (await engine().containerChanges(id)).some((change) => change.Path === "/etc/group"),
    );
    const members = await membersOf(await engine().exportContainer(id));
    expect(members.new).toBe("new\n");
    expect(members["bin/busybox"]).toBeDefined();
    expect(members["etc/group"]).toBeUndefined();
    expect(Object.keys(members).filter((name) => /^(proc|sys)\/./.test(name))).toEqual([]);
    expect(members[".dockerenv"]).toBe("");
    const changes = await engine().containerChanges(id);
    // Mount points of the runtime's own are no changes of the container's.
    expect(changes.map((change) => change.Path).sort()).toEqual(["/etc", "/etc/group", "/new", "/vol"]);
    expect(changes).toContainEqual({ Path: "/new", Kind: 1 });
    expect(changes).toContainEqual({ Path: "/etc/group", Kind: 2 });
    await engine().removeContainer(id, { force: true });
    await engine().removeVolume("exported");
  });

  it("commit makes an image of it", async () => {
    const { id } = await home.run(["sh", "-c", "echo committed > /made"]);
    const image = await engine().commitContainer(id, {
      reference: "made:1",
      comment: "by a test",
      config: { Cmd: ["cat", "/made"] },
    });
    const result = await home.run([], { config: { Image: "made:1" } });
    expect(result.stdout).toBe("committed\n");
    expect((await engine().inspectContainer(result.id)).Image).toBe(image.id);
    for (const container of [id, result.id]) await engine().removeContainer(container);
  });
});

describe("afterwards", () => {
  it("nothing is left", async () => {
    await until(async () => (await leftovers(home)).length === 0, 3000).catch(() => {});
    expect(await leftovers(home)).toEqual([]);
    expect(await readdir(join(home.dir, "volumes"))).toEqual([]);
  });
});
