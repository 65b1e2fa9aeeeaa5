import { createHash } from "node:crypto";
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readAll } from "../base/index.ts";
import { TAR_END, tarEntry } from "../formats/index.ts";
import { listMounts } from "../kernel/index.ts";
import { importBusybox, leftovers, openTestHome, type TestHome, until } from "./testing/test-home.ts";
import type { CreateContainerRequest } from "./types.ts";

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

const directory = (name: string) => ({ entry: tarEntry({ name, type: "directory", mode: 0o755 }) });
const fifo = (name: string) => ({ entry: tarEntry({ name, type: "fifo", mode: 0o644 }) });

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

async function runOnce(...[command, request]: Parameters<TestHome["run"]>) {
  const result = await home.run(command, request);
  await engine().removeContainer(result.id, { removeVolumes: true });
  return result;
}

describe("an image whose /etc is not as usual", () => {
  const etcOf = (owner: "docker" | "cri", Image: string) =>
    runOnce(
      [
        "sh",
        "-c",
        "stat -c %F /etc /etc/hosts; grep -c localhost /etc/hosts; grep -o ' on [^ ]*/hosts ' /proc/mounts; mount",
      ],
      {
        config: { Image },
        internal: { owner },
      },
    );
  const hosts = (text: string) => / on (\S*\/hosts) type/.exec(text)?.[1];

  it.each([
    [
      "/etc a link to a directory",
      [directory("usr"), directory("usr/etc"), link("etc", "usr/etc")],
      "/usr/etc/hosts",
    ],
    ["/etc a dangling link", [link("etc", "../../nowhere/etc")], "/nowhere/etc/hosts"],
    ["/etc/hosts a dangling link", [link("etc/hosts", "/data/hosts")], "/data/hosts"],
  ] as const)(
    "%s: Docker's containers have their own, pods follow it inside the root",
    async (_, more, followed) => {
      await importBusybox(home.images, "etc", {}, [...more]);
      const docker = await etcOf("docker", "etc");
      expect(docker.stdout).toMatch(/^directory\nregular file\n[1-9]/);
      expect(hosts(docker.stdout)).toBe("/etc/hosts");
      expect(hosts((await etcOf("cri", "etc")).stdout)).toBe(followed);
    },
  );

  it.each([
    ["a loop", link("etc/hosts", "hosts")],
    ["a link into /proc", link("etc/hosts", "/proc/self/environ")],
    ["a fifo", fifo("etc/hosts")],
  ])("/etc/hosts %s: a file of its own", async (_, entry) => {
    await importBusybox(home.images, "hosts", {}, [entry]);
    const { stdout } = await etcOf("docker", "hosts");
    expect(stdout).toMatch(/^directory\nregular file\n[1-9]/);
    expect(hosts(stdout)).toBe("/etc/hosts");
  });

  it("fifos for user tables: nobody waits for a writer", async () => {
    await importBusybox(home.images, "fifos", {}, [fifo("etc/passwd"), fifo("etc/group")]);
    const config = { Image: "fifos", User: "1000", Tty: true };
    const id = await home.create(["sleep", "100"], { config });
    await engine().startContainer(id);
    expect((await home.exec(id, ["echo", "hi"], { user: "7:8" })).stdout).toBe("hi\n");
    await expect(home.exec(id, ["true"], { user: "dave" })).rejects.toThrow("unable to find user dave");
    const { tar } = await engine().readArchive(id, "/etc/passwd");
    expect((await readAll(tar, 1e6)).toString("latin1", 0, 6)).toBe("passwd");
    await engine().writeArchive(id, "/tmp", Readable.from([TAR_END]), { copyUidGid: true });
    await readAll(await engine().exportContainer(id), 1e8);
    await engine().removeContainer(id, { force: true });
  });
});

describe("a mount over /proc", () => {
  const notProc = '"/proc" cannot be mounted because it is not of type proc';
  const inside = (path: string) => `"${path}" cannot be mounted because it is inside /proc`;

  it.each<[string, CreateContainerRequest["hostConfig"], string]>([
    ["a volume", { Binds: ["over:/proc"] }, notProc],
    ["a bind", { Binds: ["/tmp:/proc/acpi"] }, inside("/proc/acpi")],
    ["a part of another /proc", { Binds: ["/proc/1:/proc"] }, notProc],
    ["a tmpfs", { Tmpfs: { "/proc/bus": "" } }, inside("/proc/bus")],
    ["a tmpfs over all", { Mounts: [{ Type: "tmpfs", Target: "/proc/" }] }, notProc],
  ])("by %s is refused", async (_, hostConfig, message) => {
    const id = await home.create(["true"], { hostConfig });
    await expect(engine().startContainer(id)).rejects.toThrow(message);
    expect((await engine().inspectContainer(id)).State.ExitCode).toBe(128);
    await engine().removeContainer(id);
  });

  it("by the image's volumes, also through its links, and by a pod's mounts is refused", async () => {
    await importBusybox(home.images, "proc-volume", { Volumes: { "/proc": {} } });
    await importBusybox(home.images, "proc-link", { Volumes: { "/p/sys": {} } }, [link("p", "/proc")]);
    for (const [Image, message] of [
      ["proc-volume", notProc],
      ["proc-link", inside("/proc/sys")],
    ] as const) {
      const id = await home.create(["true"], { config: { Image } });
      await expect(engine().startContainer(id)).rejects.toThrow(message);
      await engine().removeContainer(id, { removeVolumes: true });
    }
    const mounts = [{ source: "/tmp", target: "/proc/self", readOnly: true }];
    const id = await home.create(["true"], { internal: { owner: "cri", mounts } });
    await expect(engine().startContainer(id)).rejects.toThrow(inside("/proc/self"));
    await engine().removeContainer(id);
  });

  it("through a link that another container has put into a common volume is refused", async () => {
    await runOnce(["ln", "-s", "/proc", "/v/p"], { hostConfig: { Binds: ["common:/v"] } });
    const id = await home.create(["true"], { hostConfig: { Binds: ["common:/v", "over:/v/p"] } });
    await expect(engine().startContainer(id)).rejects.toThrow("/proc");
    await engine().removeContainer(id);
  });

  it("by what runc allows there goes on", async () => {
    await writeFile(join(home.dir, "meminfo"), "MemTotal: 7 kB\n");
    const Binds = [`${home.dir}/meminfo:/proc/meminfo`, "/sys:/sys:ro"];
    const { stdout } = await runOnce(["sh", "-c", "cat /proc/meminfo; ls -d /sys/kernel"], {
      hostConfig: { Binds },
    });
    expect(stdout).toBe("MemTotal: 7 kB\n/sys/kernel\n");
    expect((await runOnce(["true"], { hostConfig: { Binds: ["/proc:/proc"] } })).exitCode).toBe(0);
  });
});

describe("a running container", () => {
  it("that swaps links in a volume does not make the next one's copy-up write to the host", async () => {
    const canary = join(home.dir, "canary");
    await mkdir(canary);
    await writeFile(join(canary, "f"), "the host's");
    const text = Buffer.from("the image's");
    const names = Array.from({ length: 40 }, (_, index) => `v/d${index}`);
    await importBusybox(home.images, "filled", {}, [
      directory("v"),
      ...names.map(directory),
      ...names.map((name) => ({
        entry: tarEntry({ name: `${name}/f`, type: "file", mode: 0o644, sizeBytes: text.length }),
        data: text,
      })),
    ]);
    const swapping = `cd /v; while :; do for d in d*; do
      [ -d $d ] && [ ! -L $d ] && busybox mv $d k$d && ln -s ${canary} $d; done; done`;
    let swapped = 0;
    for (let attempt = 0; attempt < 20 && (attempt < 4 || swapped < 4); attempt++) {
      const hostConfig = { Binds: [`raced${attempt}:/v`] };
      const attacker = await home.create(["sh", "-c", swapping], { hostConfig });
      await engine().startContainer(attacker);
      const victim = await home.create(["true"], { config: { Image: "filled" }, hostConfig });
      await engine().removeContainer(attacker, { force: true });
      await engine().removeContainer(victim);
      const { Mountpoint } = await engine().inspectVolume(`raced${attempt}`);
      swapped += (await readdir(Mountpoint, { withFileTypes: true })).filter((entry) =>
        entry.isSymbolicLink(),
      ).length;
      await engine().removeVolume(`raced${attempt}`);
    }
    expect(swapped).toBeGreaterThan(0);
    expect(await readdir(canary)).toEqual(["f"]);
    expect(readFileSync(join(canary, "f"), "utf8")).toBe("the host's");
  });

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

  it("has no limits that nobody asked for", async () => {
    const id = await home.create(["true"]);
    const { HostConfig } = await engine().inspectContainer(id);
    expect([HostConfig.Memory ?? 0, HostConfig.PidsLimit ?? 0]).toEqual([0, 0]);
    await engine().removeContainer(id);
  });

  it.each(["apparmor=mine", "label=type:mine"])("cannot have the profile %s", async (option) => {
    const creating = home.create(["true"], { hostConfig: { SecurityOpt: [option] } });
    await expect(creating).rejects.toThrow(/^(apparmor|label) profiles are not supported/);
  });

  it("has no secrets of the engine in its environment or mounts", async () => {
    await mkdir(join(home.dir, "containers"), { recursive: true });
    const { id, stdout } = await home.run(["sh", "-c", "env; cat /proc/1/environ | tr '\\0' '\\n'"]);
    expect(stdout).not.toMatch(/_OCI_|TMPDIR|GANTRY/);
    await engine().removeContainer(id);
  });
});

describe("whoever may use the engine", () => {
  it("is root on the machine: no users of its own, any directory, any process", async () => {
    const told = join(home.dir, "of-root");
    await writeFile(told, "the host's", { mode: 0o600 });
    const { id, stdout } = await home.run(["sh", "-c", `cat /proc/self/uid_map /host${told}; ls /proc`], {
      hostConfig: { Binds: ["/:/host"], PidMode: "host" },
    });
    expect(stdout.startsWith(`${readFileSync("/proc/self/uid_map", "utf8")}the host's`)).toBe(true);
    expect(stdout.split("\n")).toContain(`${process.pid}`);
    await engine().removeContainer(id);
    const remapped = home.create(["true"], { hostConfig: { UsernsMode: "private" } });
    await expect(remapped).rejects.toThrow("user namespaces are not implemented");
  });
});

describe("what a container was told", () => {
  it("and what it says lies in files that only root reads", async () => {
    const { id } = await home.run(["sh", "-c", "echo $TOKEN"], {
      config: { Image: "busybox", Env: ["TOKEN=s3cret"] },
    });
    const place = join(home.dir, "containers", id);
    for (const name of ["config.json", "container.log"]) {
      expect(readFileSync(join(place, name), "utf8")).toContain("s3cret");
      expect(statSync(join(place, name)).mode & 0o777).toBe(0o600);
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
