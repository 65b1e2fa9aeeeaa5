import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../base/index.ts";
import { collector, leftovers, openTestHome, type TestHome, until } from "./testing/test-home.ts";
import type { EngineEvent } from "./types.ts";

let home: TestHome;

beforeAll(async () => {
  home = await openTestHome();
}, 60_000);

afterAll(async () => {
  await home?.close();
}, 60_000);

const engine = () => home.engine;
const state = async (id: string) => (await engine().inspectContainer(id)).State;

describe("a container", () => {
  it("runs, says its exit code and leaves its log byte for byte", async () => {
    const result = await home.run(["sh", "-c", "echo out; echo err >&2; printf 'no newline'; exit 3"]);
    expect(result).toMatchObject({ exitCode: 3, stdout: "out\nno newline", stderr: "err\n" });
    expect(await state(result.id)).toMatchObject({
      Status: "exited",
      Running: false,
      ExitCode: 3,
      OOMKilled: false,
    });
    await engine().removeContainer(result.id);
    await expect(engine().inspectContainer(result.id)).rejects.toThrow(`No such container: ${result.id}`);
  });

  it("is found by name, id and prefix", async () => {
    const id = await home.create(["true"], { name: "lookup" });
    for (const reference of ["lookup", "/lookup", id, id.slice(0, 12)]) {
      expect((await engine().inspectContainer(reference)).Id).toBe(id);
    }
    await expect(home.create(["true"], { name: "lookup" })).rejects.toThrow(
      `Conflict. The container name "/lookup" is already in use by container "${id}". ` +
        "You have to remove (or rename) that container to be able to reuse that name.",
    );
    await engine().renameContainer("lookup", "found");
    await expect(engine().inspectContainer("lookup")).rejects.toThrow("No such container: lookup");
    await engine().removeContainer("found");
    await expect(home.create(["true"], { name: "?" })).rejects.toThrow(
      "Invalid container name (?), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
    );
  });

  it("has Docker's environment, files and user", async () => {
    const { id, stdout } = await home.run(["sh", "-c", "env; id; cat /etc/hostname /etc/hosts; pwd"], {
      config: { Image: "busybox", User: "dave", Env: ["A=1"], WorkingDir: "/made/for/it", Hostname: "box" },
    });
    expect(stdout).toContain("PATH=/bin:/usr/bin\n");
    expect(stdout).toContain("HOSTNAME=box\n");
    expect(stdout).toContain("HOME=/home/dave\n");
    expect(stdout).toContain("A=1\n");
    expect(stdout).toContain("uid=1000(dave) gid=1001(dave) groups=50(staff),1001(dave)");
    const { NetworkSettings } = await engine().inspectContainer(id);
    expect(NetworkSettings.Networks).toHaveProperty("bridge");
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\.\d+\tbox$/m);
    expect(stdout.trim().endsWith("/made/for/it")).toBe(true);
    await engine().removeContainer(id);
  });

  it("runs below a static init if asked, which takes up orphans, but not among another's processes", async () => {
    const orphan = "(sleep 0.1 &) ; sleep 0.5; tr '\\0' ' ' < /proc/1/cmdline; ls /proc | grep -c '^[0-9]'";
    const { id, stdout } = await home.run(["sh", "-c", orphan], { hostConfig: { Init: true } });
    // The init, the shell, ls and grep.
    expect(stdout).toMatch(/^\/sbin\/docker-init -- sh -c .* 4\n$/s);
    await engine().removeContainer(id);
    const hostConfig = { Init: true, PidMode: "host" };
    const beside = await home.run(["sh", "-c", "tr '\\0' ' ' < /proc/$$/cmdline; true"], { hostConfig });
    expect(beside.stdout).toMatch(/^sh -c/);
    await engine().removeContainer(beside.id);
  });

  it("that cannot be started says why, with the exit codes that the client looks for", async () => {
    const missing = await home.create(["nosuch"]);
    await expect(engine().startContainer(missing)).rejects.toThrow(
      'exec: "nosuch": executable file not found in $PATH: unknown',
    );
    expect(await state(missing)).toMatchObject({ Status: "created", ExitCode: 127 });
    const directory = await home.create(["/etc"]);
    await expect(engine().startContainer(directory)).rejects.toThrow("permission denied");
    expect((await state(directory)).ExitCode).toBe(126);
    const user = await home.create(["true"], { config: { Image: "busybox", User: "nobody-here" } });
    await expect(engine().startContainer(user)).rejects.toThrow(
      "unable to find user nobody-here: no matching entries in passwd file",
    );
    for (const id of [missing, directory, user]) await engine().removeContainer(id);
    await expect(home.create([], { config: { Image: "nosuch" } })).rejects.toThrow("No such image: nosuch");
  });

  it("stops, with the stop signal first and SIGKILL after the time-out", async () => {
    const polite = await home.create([
      "sh",
      "-c",
      "trap 'echo bye; exit 5' TERM; echo up; while true; do sleep 0.05; done",
    ]);
    await engine().startContainer(polite);
    await untilLogged(polite, "up");
    await engine().stopContainer(polite);
    expect((await state(polite)).ExitCode).toBe(5);
    expect((await home.output(polite)).stdout).toBe("up\nbye\n");
    await expect(engine().stopContainer(polite)).rejects.toMatchObject({ kind: "NotModified" });
    const stubborn = await home.create([
      "sh",
      "-c",
      "trap '' TERM; echo up; while true; do sleep 0.05; done",
    ]);
    await engine().startContainer(stubborn);
    await untilLogged(stubborn, "up");
    await engine().stopContainer(stubborn, { timeoutSeconds: 0.3 });
    expect((await state(stubborn)).ExitCode).toBe(137);
    await expect(engine().killContainer(stubborn)).rejects.toThrow(
      `cannot kill container: ${stubborn}: container ${stubborn} is not running`,
    );
    for (const id of [polite, stubborn]) await engine().removeContainer(id);
  });

  it("is paused, killed while paused, restarted and removed by force", async () => {
    const id = await home.create(["sleep", "100"]);
    await engine().startContainer(id);
    await expect(engine().startContainer(id)).rejects.toMatchObject({ kind: "NotModified" });
    await engine().pauseContainer(id);
    expect((await state(id)).Status).toBe("paused");
    await expect(engine().pauseContainer(id)).rejects.toThrow("is already paused");
    await engine().unpauseContainer(id);
    await engine().pauseContainer(id);
    await engine().killContainer(id);
    expect(await state(id)).toMatchObject({ Status: "exited", ExitCode: 137, Paused: false });
    await engine().restartContainer(id);
    expect((await state(id)).Status).toBe("running");
    await expect(engine().removeContainer(id)).rejects.toThrow(
      /^cannot remove container ".*": container is running: stop the container before removing or force remove$/,
    );
    const removed = engine().waitContainer(id, "removed");
    await engine().removeContainer(id, { force: true });
    expect(await removed).toMatchObject({ exitCode: 137 });
  });

  it("removes itself when it is told to", async () => {
    const id = await home.create(["sh", "-c", "exit 9"], { hostConfig: { AutoRemove: true } });
    const removed = engine().waitContainer(id, "removed");
    await engine().startContainer(id);
    expect(await removed).toEqual({ exitCode: 9 });
    expect(engine().containerState(id)).toBeUndefined();
  });

  it("tells its life in events", async () => {
    const controller = new AbortController();
    const seen: EngineEvent[] = [];
    const reading = (async () => {
      for await (const event of engine().events({
        signal: controller.signal,
        filters: { type: ["container"] },
      })) {
        seen.push(event);
      }
    })();
    const { id } = await home.run(["sh", "-c", "exit 2"], {
      name: "events",
      config: { Image: "busybox", Labels: { a: "b" } },
    });
    await engine().removeContainer(id);
    controller.abort();
    await reading;
    expect(seen.filter((event) => event.Actor.ID === id).map((event) => event.Action)).toEqual([
      "create",
      "start",
      "die",
      "destroy",
    ]);
    const die = seen.find((event) => event.Action === "die");
    expect(die?.Actor.Attributes).toMatchObject({ exitCode: "2", name: "events", image: "busybox", a: "b" });
    const past: EngineEvent[] = [];
    for await (const event of engine().events({ sinceMs: 0, untilMs: systemClock.nowMs() })) past.push(event);
    expect(past.some((event) => event.Actor.ID === id && event.Action === "die")).toBe(true);
  });

  it("is listed as docker ps shows it", async () => {
    const id = await home.create(["sh", "-c", "sleep 60"], {
      name: "listed",
      config: { Image: "busybox", Labels: { tier: "web" }, ExposedPorts: { "80/tcp": {} } },
    });
    expect(await engine().listContainers()).not.toContainEqual(expect.objectContaining({ Id: id }));
    const [created] = await engine().listContainers({ all: true, filters: { name: ["liste"] } });
    expect(created).toMatchObject({
      Id: id,
      Names: ["/listed"],
      Command: "sh -c 'sleep 60'",
      State: "created",
      Status: "Created",
    });
    await engine().startContainer(id);
    const [running] = await engine().listContainers({ filters: { label: ["tier=web"] } });
    expect(running?.Status).toMatch(/^Up Less than a second$/);
    expect(running?.Ports).toEqual([{ PrivatePort: 80, Type: "tcp" }]);
    await engine().killContainer(id);
    const [exited] = await engine().listContainers({ filters: { exited: ["137"], id: [id] } });
    expect(exited?.Status).toBe("Exited (137) Less than a second ago");
    await expect(engine().listContainers({ filters: { nosuch: ["1"] } })).rejects.toThrow(
      "invalid filter 'nosuch'",
    );
    await engine().removeContainer(id);
  });

  it("shows its processes and what it uses", async () => {
    const id = await home.create(["sh", "-c", "sleep 77 & sleep 78; true"]);
    await engine().startContainer(id);
    await systemClock.sleep(50);
    const top = await engine().containerTop(id);
    expect(top.Titles).toEqual(["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]);
    expect(top.Processes.map((row) => row.at(-1)).sort()).toEqual([
      "sh -c sleep 77 & sleep 78; true",
      "sleep 77",
      "sleep 78",
    ]);
    const stats = await engine().containerStats(id);
    expect(stats.pidsCurrent).toBe(3);
    expect(stats.memoryUsageBytes).toBeGreaterThan(0);
    expect(stats.cpuUsageNs).toBeGreaterThan(0);
    expect(Object.keys(stats.networks)).toEqual(["eth0"]);
    await engine().removeContainer(id, { force: true });
  });
});

describe("exec", () => {
  it("runs beside the main process, with its own streams, user and exit code", async () => {
    const id = await home.create(["sleep", "100"]);
    await engine().startContainer(id);
    expect(
      await home.exec(id, ["sh", "-c", "echo out; echo err >&2; echo more > /dev/stdout; exit 7"]),
    ).toMatchObject({
      exitCode: 7,
      stdout: "out\nmore\n",
      stderr: "err\n",
    });
    expect((await home.exec(id, ["cat"], { input: "hello" })).stdout).toBe("hello");
    expect((await home.exec(id, ["id", "-u"], { user: "dave" })).stdout).toBe("1000\n");
    await expect(home.exec(id, ["nosuch"])).rejects.toThrow(
      'OCI runtime exec failed: exec failed: unable to start container process: exec: "nosuch": executable file not found in $PATH: unknown',
    );
    const errors = collector();
    const { id: execId } = await engine().createExec(id, { Cmd: ["/nosuch"] });
    await expect(engine().startExec(execId, { stderr: errors.stream })).rejects.toThrow(
      'exec: "/nosuch": stat /nosuch: no such file or directory',
    );
    expect(errors.text()).toBe("");
    expect((await engine().inspectExec(execId)).ExitCode).toBe(127);
    await engine().removeContainer(id, { force: true });
    await expect(engine().createExec(id, { Cmd: ["true"] })).rejects.toThrow("No such container");
  });

  it("has a terminal that resizes", async () => {
    const id = await home.create(["sleep", "100"]);
    await engine().startContainer(id);
    const { id: execId } = await engine().createExec(id, {
      Cmd: ["sh", "-c", "stty size; read x; stty size; echo got $x; tty"],
      Tty: true,
      AttachStdin: true,
      ConsoleSize: [30, 100],
    });
    const output = collector();
    const { PassThrough } = await import("node:stream");
    const stdin = new PassThrough();
    const done = engine().startExec(execId, { stdin, stdout: output.stream });
    await until(() => output.text().includes("30 100"));
    await engine().resizeExec(execId, 120, 40);
    stdin.write("hello\n");
    expect(await done).toEqual({ exitCode: 0 });
    expect(output.text()).toBe("30 100\r\nhello\r\n40 120\r\ngot hello\r\n/dev/pts/0\r\n");
    expect(await engine().inspectExec(execId)).toMatchObject({
      Running: false,
      ExitCode: 0,
      ContainerID: id,
    });
    await engine().removeContainer(id, { force: true });
  });
});

describe("limits", () => {
  it("an out-of-memory kill is told as such", async () => {
    const { id, exitCode } = await home.run(["sh", "-c", "x=aaaaaaaa; while true; do x=$x$x; done"], {
      hostConfig: { Memory: 16 << 20, MemorySwap: 16 << 20 },
    });
    expect(exitCode).toBe(137);
    expect(await state(id)).toMatchObject({ OOMKilled: true, ExitCode: 137 });
    await engine().removeContainer(id);
  });

  it("capabilities, seccomp, masked and read-only paths hold", async () => {
    const check =
      "grep -E 'CapEff|Seccomp:' /proc/self/status; unshare -m true; cat /proc/kcore | head -c 1; touch /proc/sys/x; touch /x; echo $?";
    const plain = await home.run(["sh", "-c", check]);
    expect(plain.stdout).toMatch(/CapEff:\t00000000a80425fb\nSeccomp:\t2\n0\n$/);
    expect(plain.stderr).toContain("Operation not permitted");
    const strict = await home.run(["sh", "-c", check], {
      hostConfig: {
        CapDrop: ["ALL"],
        CapAdd: ["NET_BIND_SERVICE"],
        ReadonlyRootfs: true,
        SecurityOpt: ["no-new-privileges"],
      },
    });
    expect(strict.stdout).toMatch(/CapEff:\t0000000000000400\nSeccomp:\t2\n1\n$/);
    const privileged = await home.run(["sh", "-c", `${check}; ls /dev | wc -l`], {
      hostConfig: { Privileged: true },
    });
    expect(privileged.stdout).toMatch(/Seccomp:\t0/);
    for (const { id } of [plain, strict, privileged]) await engine().removeContainer(id);
  });

  it("ulimits are clamped to what is held, sysctls are the container's own", async () => {
    const { id, stdout } = await home.run(
      [
        "sh",
        "-c",
        "ulimit -n; ulimit -Hn; cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/net/core/somaxconn",
      ],
      {
        hostConfig: {
          Ulimits: [{ Name: "nofile", Soft: 1024, Hard: 1048576 }],
          Sysctls: { "net.core.somaxconn": "77" },
        },
      },
    );
    const [soft, hard, port, somaxconn] = stdout.split("\n");
    expect([soft, port, somaxconn]).toEqual(["1024", "0", "77"]);
    expect(Number(hard)).toBeGreaterThan(1024);
    await engine().removeContainer(id);
    await expect(home.create(["true"], { hostConfig: { Memory: 1 } })).rejects.toThrow(
      "Minimum memory limit allowed is 6MB",
    );
    const other = await home.create(["true"], { hostConfig: { Sysctls: { "kernel.panic": "1" } } });
    await expect(engine().startContainer(other)).rejects.toThrow("sysctl 'kernel.panic' is not allowed");
    await engine().removeContainer(other);
  });

  it("are changed while it runs", async () => {
    const id = await home.create(["sleep", "100"], { hostConfig: { Memory: 32 << 20 } });
    await engine().startContainer(id);
    await engine().updateContainer(id, { Memory: 64 << 20, PidsLimit: 33, CpuShares: 512 });
    const stats = await engine().containerStats(id);
    expect(stats.memoryLimitBytes).toBe(64 << 20);
    expect(stats.pidsLimit).toBe(33);
    expect((await engine().inspectContainer(id)).HostConfig).toMatchObject({
      Memory: 64 << 20,
      CpuShares: 512,
    });
    await engine().removeContainer(id, { force: true });
  });
});

describe("afterwards", () => {
  it("nothing is left", async () => {
    await until(async () => (await leftovers(home)).length === 0, 3000).catch(() => {});
    expect(await leftovers(home)).toEqual([]);
  });
});

async function untilLogged(id: string, text: string): Promise<void> {
  await until(async () => (await home.output(id)).stdout.includes(text));
}
