import { createHash } from "node:crypto";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tarEntry } from "../formats/index.ts";
import { listMounts } from "../kernel/index.ts";
import { importBusybox, leftovers, openTestHome, type TestHome, until } from "./testing/test-home.ts";

let home: TestHome;

beforeAll(async () => {
  home = await openTestHome({ instanceId: "e57e56" });
}, 60_000);

afterAll(async () => {
  await home?.close();
}, 60_000);

const engine = () => home.engine;
const mountsOfHome = () =>
  listMounts()
    .map((mount) => mount.mountPoint)
    .filter((path) => path.startsWith(home.dir));
const link = (name: string, linkName: string) => ({ entry: tarEntry({ name, type: "symlink", linkName }) });

describe("a hostile image", () => {
  it.each([["proc"], ["sys"], ["dev"]])(
    "with a link at /%s is refused, and nothing is mounted on the host",
    async (name) => {
      const before = mountsOfHome();
      await importBusybox(home.images, `link-${name}`, {}, [link(name, "/tmp")]);
      const id = await home.create(["true"], { config: { Image: `link-${name}` } });
      await expect(engine().startContainer(id)).rejects.toThrow(`the image has a symbolic link at /${name}`);
      await engine().removeContainer(id);
      expect(mountsOfHome()).toEqual(before);
    },
  );

  it("with a working directory that leads through a descriptor is refused", async () => {
    for (const directory of ["/proc/self/fd/7", "/proc/1/cwd", "/x/../proc/self/root/etc"]) {
      const id = await home.create(["pwd"], { config: { Image: "busybox", WorkingDir: directory } });
      await expect(engine().startContainer(id)).rejects.toThrow(/^the working directory .* is not allowed$/);
      await engine().removeContainer(id, { force: true });
    }
  });

  it("with a user beyond the range of ids does not become root", async () => {
    for (const user of ["4294967296", "-1", "2147483648"]) {
      const id = await home.create(["id"], { config: { Image: "busybox", User: user } });
      await expect(engine().startContainer(id)).rejects.toThrow(
        "uids and gids must be in range 0-2147483647",
      );
      await engine().removeContainer(id);
    }
  });

  it("with a volume outside of its root gets one inside", async () => {
    await importBusybox(home.images, "outside", { Volumes: { "/../../etc": {} } });
    const { id, stdout } = await home.run(["sh", "-c", "mount | grep -c ' /etc '; ls /etc/passwd"], {
      config: { Image: "outside" },
    });
    expect(stdout).toBe("1\n/etc/passwd\n");
    const [mount] = (await engine().inspectContainer(id)).Mounts;
    // Filled from the image's own /etc, never from the host's.
    expect(await readdir(mount!.Source)).not.toContain("shadow");
    await engine().removeContainer(id, { removeVolumes: true });
  });
});

describe("a running container", () => {
  it("holds no descriptor but its own, and neither does an execution", async () => {
    const id = await home.create(["sleep", "100"]);
    await engine().startContainer(id);
    const { Pid } = engine().containerState(id)!;
    // Before that it is still the runtime, on its way to become the program.
    await until(() => readFileSync(`/proc/${Pid}/comm`, "utf8") === "sleep\n");
    const targets = readdirSync(`/proc/${Pid}/fd`).map(
      (fd) => `${fd} ${readlinkSync(`/proc/${Pid}/fd/${fd}`)}`,
    );
    expect(targets.map((target) => target.split(" ")[0]).sort()).toEqual(["0", "1", "2"]);
    const { id: execId } = await engine().createExec(id, { Cmd: ["sleep", "50"] });
    const running = engine().startExec(execId, { stdout: new PassThrough(), stderr: new PassThrough() });
    running.catch(() => {});
    await until(async () => (await engine().inspectExec(execId)).Pid > 0);
    const { Pid: execPid } = await engine().inspectExec(execId);
    await until(() => readFileSync(`/proc/${execPid}/comm`, "utf8") === "sleep\n");
    expect(readdirSync(`/proc/${execPid}/fd`).sort()).toEqual(["0", "1", "2"]);
    await engine().removeContainer(id, { force: true });
  });

  it("cannot change the host's runtime through /proc/self/exe", async () => {
    const digest = () => createHash("sha256").update(readFileSync("/usr/bin/crun")).digest("hex");
    const before = digest();
    const id = await home.create(["sleep", "100"]);
    await engine().startContainer(id);
    await engine()
      .createExec(id, { Cmd: ["/proc/self/exe"] })
      .then(({ id: execId }) => engine().startExec(execId, {}))
      .catch(() => {});
    expect(digest()).toBe(before);
    await engine().removeContainer(id, { force: true });
  });

  it("that forks without end is held by its limit of processes", async () => {
    const id = await home.create(["sh", "-c", "f() { f | f & }; f; sleep 100"], {
      hostConfig: { PidsLimit: 30 },
    });
    await engine().startContainer(id);
    await until(async () => (await engine().containerStats(id)).pidsCurrent >= 25);
    expect((await engine().containerStats(id)).pidsCurrent).toBeLessThanOrEqual(30);
    await engine().removeContainer(id, { force: true });
  });

  it("has no secrets of the engine in its environment or mounts", async () => {
    await mkdir(join(home.dir, "containers"), { recursive: true });
    const { id, stdout } = await home.run(["sh", "-c", "env; cat /proc/1/environ | tr '\\0' '\\n'"]);
    expect(stdout).not.toMatch(/_OCI_|TMPDIR|GANTRY/);
    await engine().removeContainer(id);
  });
});

describe("afterwards", () => {
  it("nothing is left", async () => {
    await until(async () => (await leftovers(home)).length === 0, 3000).catch(() => {});
    expect(await leftovers(home)).toEqual([]);
  });
});
