import { describe, expect, it } from "vitest";
import { useDockerHouse } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { Terminal } from "../support/terminal.ts";

// A container's life as users of docker see it: states, signals, restarts, health, output, exec, attach.
const house = useDockerHouse();
const state = (name: string) => house.inspect(name, "{{.State.Status}} {{.State.ExitCode}}");
const background = (name: string, ...rest: string[]) =>
  house.ok("run", "-d", "--name", name, ...rest.slice(0, -1), "busybox", "sh", "-c", rest.at(-1)!);
const TERM_LOOP = "while :; do sleep 0.1; done";

describe("states", () => {
  it("follow create, start, pause, unpause, stop, restart and rm", async () => {
    await house.ok("create", "--name", "cc", "busybox", "sleep", "100");
    expect(await state("cc")).toBe("created 0");
    expect(await house.ok("start", "cc")).toBe("cc");
    expect(await house.ok("start", "cc")).toBe("cc");
    await house.ok("pause", "cc");
    expect(await state("cc")).toBe("paused 0");
    const id = await house.inspect("cc", "{{.Id}}");
    expect((await house.failure("pause", "cc"))[1]).toBe(`Container ${id} is already paused`);
    expect((await house.failure("exec", "cc", "true"))[1]).toBe(
      "Container cc is paused, unpause the container before exec",
    );
    await house.ok("unpause", "cc");
    expect((await house.failure("unpause", "cc"))[1]).toBe(`Container ${id} is not paused`);
    expect((await house.failure("rm", "cc"))[1]).toBe(
      'cannot remove container "cc": container is running: stop the container before removing or force remove',
    );
    await house.ok("stop", "-t", "0", "cc");
    await house.ok("stop", "cc");
    expect(await state("cc")).toBe("exited 137");
    expect((await house.failure("pause", "cc"))[1]).toBe(`container ${id} is not running`);
    await house.ok("restart", "-t", "0", "cc");
    expect(await state("cc")).toBe("running 0");
    await house.ok("rm", "-f", "cc");
    expect((await house.failure("start", "cc"))[1]).toContain("No such container: cc");
  });

  it("are waited for", async () => {
    await background("ww", "sleep 0.3; exit 9");
    expect(await house.ok("wait", "ww")).toBe("9");
    expect(await house.ok("wait", "ww")).toBe("9");
    await house.ok("rm", "ww");
  });

  it("say nothing of a container that is not there", async () => {
    for (const verb of [
      "start",
      "stop",
      "pause",
      "wait",
      "logs",
      "top",
      "export",
      "diff",
      "commit",
      "port",
    ]) {
      expect((await house.failure(verb, "nosuch"))[1]).toContain("No such container: nosuch");
    }
    expect((await house.failure("kill", "nosuch"))[1]).toBe(
      "cannot kill container: nosuch: No such container: nosuch",
    );
    expect((await house.failure("inspect", "nosuch"))[1]).toBe("Error: No such object: nosuch");
    expect((await house.docker("rm", "-f", "nosuch")).stderr).toContain("No such container: nosuch");
  });

  it("names can be changed", async () => {
    await house.ok("create", "--name", "one", "busybox", "true");
    await house.ok("create", "--name", "two", "busybox", "true");
    await house.ok("rename", "one", "three");
    expect((await house.failure("rename", "three", "two"))[1]).toMatch(
      /^Error when allocating new name: Conflict\. The container name "\/two" is already in use by container/,
    );
    expect((await house.failure("rename", "three", "b d"))[1]).toContain(
      "Error when allocating new name: Invalid container name (/b d), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
    );
    expect((await house.failure("rename", "three", "three"))[1]).toContain(
      "Renaming a container with the same name as its current name",
    );
    await house.ok("rm", "two", "three");
  });
});

describe("signals", () => {
  it("of stop and kill reach the process, the last one is SIGKILL", async () => {
    await background("polite", "--stop-signal", "USR1", `trap 'echo usr1; exit 3' USR1; ${TERM_LOOP}`);
    await house.ok("stop", "polite");
    expect([await state("polite"), await house.ok("logs", "polite")]).toEqual(["exited 3", "usr1"]);
    await background("deaf", "--stop-timeout", "1", `trap '' TERM; ${TERM_LOOP}`);
    await house.ok("stop", "deaf");
    expect(await state("deaf")).toBe("exited 137");
    await house.ok("start", "deaf");
    await house.ok("kill", "-s", "KILL", "deaf");
    expect(await state("deaf")).toBe("exited 137");
    const id = await house.inspect("deaf", "{{.Id}}");
    expect((await house.failure("kill", "deaf"))[1]).toBe(
      `cannot kill container: deaf: container ${id} is not running`,
    );
    expect((await house.failure("kill", "-s", "FOO", "deaf"))[1]).toBe(
      "cannot kill container: deaf: invalid signal: FOO",
    );
    await house.ok("rm", "polite", "deaf");
  });

  it("that docker run gets go on to the process", async () => {
    const script = `docker run --rm --name proxied busybox sh -c "trap 'echo got; exit 6' INT; ${TERM_LOOP}" & pid=$!
      until docker exec proxied true 2>/dev/null; do :; done; sleep 0.3; kill -INT $pid; wait $pid; echo $?`;
    expect((await house.sh(script)).stdout).toBe("got\n6\n");
  });
});

describe("restarts", () => {
  it("follow the policy", async () => {
    await background("failing", "--restart", "on-failure:2", "exit 4");
    await eventually("it has given up", async () => (await state("failing")) === "exited 4");
    expect(await house.inspect("failing", "{{.RestartCount}}")).toBe("2");
    await background("steady", "--restart", "always", "sleep 0.1");
    await eventually(
      "it was restarted",
      async () => Number(await house.inspect("steady", "{{.RestartCount}}")) >= 2,
    );
    await house.ok("stop", "-t", "0", "steady");
    const count = await house.inspect("steady", "{{.RestartCount}}");
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await house.inspect("steady", "{{.State.Status}} {{.RestartCount}}")).toBe(`exited ${count}`);
    await house.ok("rm", "failing", "steady");
    expect((await house.failure("run", "--restart", "sometimes", "busybox", "true"))[1]).toBe(
      "invalid restart policy: unknown policy 'sometimes'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'",
    );
  });
});

describe("health", () => {
  it("is probed, shown and filtered by", async () => {
    await background(
      ...(["checked", "--health-cmd", "test -f /ok", "--health-interval", "200ms"] as const),
      ...(["--health-retries", "2", "sleep 100"] as const),
    );
    expect(await house.ok("ps", "--filter", "name=checked", "--format", "{{.Status}}")).toMatch(
      /\(health: starting\)$/,
    );
    const health = () => house.inspect("checked", "{{.State.Health.Status}}");
    await eventually("it is unhealthy", async () => (await health()) === "unhealthy");
    await house.ok("exec", "checked", "touch", "/ok");
    await eventually("it is healthy", async () => (await health()) === "healthy");
    expect(await house.ok("ps", "--filter", "health=healthy", "--format", "{{.Names}} {{.Status}}")).toMatch(
      /^checked Up .* \(healthy\)$/,
    );
    await house.ok("rm", "-f", "checked");
  });
});

describe("logs", () => {
  it("are told whole, from the end, from a time on and with times", async () => {
    await background("talker", "for i in 1 2 3 4 5; do echo line $i; done; echo err >&2; printf part");
    await house.ok("wait", "talker");
    const both = await house.docker("logs", "talker");
    expect(both.stdout).toBe("line 1\nline 2\nline 3\nline 4\nline 5\npart");
    expect(both.stderr).toBe("err\n");
    expect((await house.docker("logs", "--tail", "0", "talker")).stdout).toBe("");
    expect((await house.sh("docker logs --tail 2 talker 2>&1 | wc -l")).stdout.trim()).toMatch(/^[12]$/);
    expect((await house.docker("logs", "-t", "talker")).stdout).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z line 1$/m,
    );
    expect((await house.docker("logs", "--since", "1h", "talker")).stdout).toContain("line 1");
    expect((await house.docker("logs", "--until", "1h", "talker")).stdout).toBe("");
    expect((await house.failure("logs", "--since", "foo", "talker"))[0]).toBe(1);
    await house.ok("rm", "talker");
  });

  it("are followed until the end, also when they are rotated", async () => {
    await background("slow", "for i in 1 2 3; do echo $i; sleep 0.1; done");
    expect(await house.ok("logs", "-f", "slow")).toBe("1\n2\n3");
    await background(
      ...(["big", "--log-opt", "max-size=100k", "--log-opt", "max-file=2"] as const),
      "i=0; while [ $i -lt 20000 ]; do echo number $i; i=$((i+1)); done",
    );
    await house.ok("wait", "big");
    expect((await house.lines("logs", "big")).at(-1)).toBe("number 19999");
    await house.ok("rm", "slow", "big");
  });

  it("keep every byte of long lines", async () => {
    const bytes = "head -c 100000 /dev/zero | tr '\\0' x; echo; head -c 20000 /dev/zero | tr '\\0' y";
    await background("long", bytes);
    await house.ok("wait", "long");
    const { stdout } = await house.docker("logs", "long");
    expect(stdout).toBe(`${"x".repeat(100000)}\n${"y".repeat(20000)}`);
    await house.ok("rm", "long");
  });
});

describe("exec", () => {
  it("runs with the container's or its own settings, and has its own exit code", async () => {
    await background("host", "-e", "A=1", "-w", "/tmp", "sleep 1000");
    const exec = (...args: string[]) => house.ok("exec", ...args);
    expect(await exec("host", "sh", "-c", "pwd; echo $A; id -u")).toBe("/tmp\n1\n0");
    expect(await exec("-w", "/etc", "-u", "99:98", "-e", "A=2", "host", "sh", "-c", "pwd; echo $A; id")).toBe(
      "/etc\n2\nuid=99 gid=98 groups=98",
    );
    expect((await house.docker("exec", "host", "sh", "-c", "exit 7")).code).toBe(7);
    expect((await house.sh("echo in | docker exec -i host cat")).stdout).toBe("in\n");
    await exec("-d", "host", "sh", "-c", "echo later > /tmp/later");
    await eventually("it has run", async () => (await exec("host", "cat", "/tmp/later")) === "later");
  });

  it("says what went wrong in Docker's words, and only once", async () => {
    const missing = await house.docker("exec", "host", "nosuch");
    expect([missing.code, missing.stdout + missing.stderr]).toEqual([
      127,
      'OCI runtime exec failed: exec failed: unable to start container process: exec: "nosuch": executable file not found in $PATH: unknown\r\n',
    ]);
    expect((await house.docker("exec", "host", "/etc")).code).toBe(126);
    const place = await house.docker("exec", "-w", "/no/such", "host", "true");
    expect([place.code, place.stdout + place.stderr]).toEqual([
      127,
      expect.stringContaining(
        'chdir to cwd ("/no/such") set in config.json failed: no such file or directory: unknown',
      ),
    ]);
    // Missed when the exec is made, before there is anything to start.
    expect(await house.failure("exec", "-u", "nobodyknows", "host", "true")).toEqual([
      1,
      "unable to find user nobodyknows: no matching entries in passwd file",
    ]);
  });

  it("has a terminal that resizes, with -t", async () => {
    const terminal = new Terminal("docker", ["exec", "-it", "host", "sh"], house.platform.env, {
      columns: 91,
      rows: 33,
    });
    terminal.write("tty; stty size\n");
    await terminal.waitFor(/\/dev\/pts\/\d+\s+33 91/);
    terminal.resize(70, 20);
    await eventually("the new size is known", async () => {
      terminal.write("stty size\n");
      return /20 70/.test(terminal.output);
    });
    terminal.write("exit 5\n");
    expect(await terminal.exit()).toBe(5);
    await house.ok("rm", "-f", "host");
  });
});

describe("attach", () => {
  it("joins output and input, and the detach keys leave the container running", async () => {
    await house.ok("run", "-dit", "--name", "shell", "busybox", "sh");
    const terminal = new Terminal("docker", ["attach", "shell"], house.platform.env);
    terminal.write("echo $((6*7))\n");
    await terminal.waitFor(/42/);
    terminal.write("\u0010\u0011");
    // The client's way of saying that somebody left.
    expect(await terminal.exit()).toBe(1);
    expect(await state("shell")).toBe("running 0");
    const other = new Terminal("docker", ["attach", "--detach-keys", "a,b", "shell"], house.platform.env);
    other.write("echo $((7*8))\n");
    await other.waitFor(/56/);
    other.write("ab");
    expect(await other.exit()).toBe(1);
    const last = new Terminal("docker", ["attach", "shell"], house.platform.env);
    last.write("exit 4\n");
    expect(await last.exit()).toBe(4);
    expect(await state("shell")).toBe("exited 4");
    await house.ok("rm", "shell");
  });

  it("needs a running container, and gives its exit code", async () => {
    await house.ok("create", "-i", "--name", "reader", "busybox", "sh", "-c", "cat; exit 3");
    expect((await house.failure("attach", "reader"))[1]).toContain(
      "You cannot attach to a stopped container, start it first",
    );
    const started = await house.sh("echo data | docker start -ai reader");
    expect([started.code, started.stdout]).toEqual([3, "data\n"]);
    await house.ok("rm", "reader");
  });
});

describe("top, stats, inspect", () => {
  it("tell what a container does", async () => {
    await background("busy", "--label", "a=b", "sleep 1000");
    expect(await house.ok("top", "busy", "-o", "pid,args")).toMatch(/^PID\s+COMMAND\n\d+\s+sleep 1000$/);
    expect((await house.failure("top", "busy", "-o", "foo"))[1]).toBe(
      'ps: error: unknown user-defined format specifier "foo"',
    );
    const stats = await house.ok(
      "stats",
      "--no-stream",
      "--format",
      "{{.Name}} {{.PIDs}} {{.MemUsage}}",
      "busy",
    );
    expect(stats).toMatch(/^busy 1 [1-9][\d.]*[kKM]iB \/ [\d.]+GiB$/);
    expect(
      await house.inspect(
        "busy",
        "{{.Config.Labels.a}} {{.HostConfig.NetworkMode}} {{.Path}} {{json .Args}}",
      ),
    ).toBe('b bridge sh ["-c","sleep 1000"]');
    await house.ok("rm", "-f", "busy");
    await house.ok("create", "--name", "idle", "busybox", "true");
    expect(await house.ok("stats", "--no-stream", "--format", "{{.MemUsage}} {{.PIDs}}", "idle")).toBe(
      "0B / 0B 0",
    );
    await house.ok("rm", "idle");
  });
});

describe("ps", () => {
  it("filters and formats", async () => {
    await background("up", "--label", "tier=web", "--label", "x", "sleep 1000");
    await background("down", "exit 3");
    await house.ok("wait", "down");
    const names = (...filters: string[]) =>
      house.lines("ps", "--format", "{{.Names}}", ...filters.flatMap((filter) => ["--filter", filter]));
    expect(await names()).toEqual(["up"]);
    expect(await house.lines("ps", "-a", "--format", "{{.Names}}")).toEqual(["down", "up"]);
    expect(await names("label=tier=web", "label=x")).toEqual(["up"]);
    expect(await names("label=tier=db")).toEqual([]);
    expect(await names("status=exited")).toEqual(["down"]);
    expect(await names("exited=3")).toEqual(["down"]);
    expect(await names("name=^/do")).toEqual([]);
    expect(await names("name=up", "ancestor=busybox", "network=bridge")).toEqual(["up"]);
    expect(await names("since=up", "status=exited")).toEqual(["down"]);
    expect(await house.ok("ps", "-a", "-n", "1", "--format", "{{.Names}}")).toBe("down");
    expect(await house.ok("ps", "-as", "--format", "{{.Size}}", "--filter", "name=down")).toMatch(
      /^0B \(virtual 1\.\d+MB\)$/,
    );
    expect(await house.ok("ps", "-a", "--filter", "name=down", "--format", "{{.Status}}")).toMatch(
      /^Exited \(3\) .* ago$/,
    );
    const row = JSON.parse(await house.ok("ps", "--filter", "name=up", "--format", "json")) as Record<
      string,
      string
    >;
    expect(row).toMatchObject({ Names: "up", State: "running", Image: "busybox", Labels: "tier=web,x=" });
    expect((await house.failure("ps", "--filter", "foo=bar"))[1]).toBe("invalid filter 'foo'");
    expect((await house.failure("ps", "--filter", "status=foo"))[1]).toBe(
      "invalid filter 'status=foo': invalid value for state (foo): must be one of created, running, paused, restarting, removing, exited, dead",
    );
    expect((await house.failure("ps", "--filter", "since=nosuch"))[1]).toBe("No such container: nosuch");
    await house.ok("rm", "-f", "up", "down");
  });
});
