import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { useDockerHouse } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";

// What `docker run` does with its options, and what it says of those that cannot be.
const house = useDockerHouse();
const dir = mkdtempSync(join(tmpdir(), "gantry-docker-run-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const runs = (...args: string[]) => house.ok("run", "--rm", ...args);
const refuses = (...args: string[]) => house.failure("run", "--rm", ...args);
/** Runs a shell's command line in a container. */
const shell = (options: string[], script: string) => runs(...options, "busybox", "sh", "-c", script);

describe("exit codes", () => {
  it("are those of the process", async () => {
    expect((await house.docker("run", "--rm", "busybox", "true")).code).toBe(0);
    expect((await house.docker("run", "--rm", "busybox", "sh", "-c", "exit 42")).code).toBe(42);
    expect(
      (await house.docker("run", "--rm", "busybox", "sh", "-c", "sleep 100 & kill -9 $!; wait $!")).code,
    ).toBe(137);
  });

  it("tell a program that is not there (127) from one that may not be executed (126)", async () => {
    const [missing, words] = await refuses("busybox", "nosuch");
    expect(missing).toBe(127);
    expect(words).toMatch(
      /^failed to create task for container: .*unable to start container process: exec: "nosuch": executable file not found in \$PATH: unknown$/,
    );
    expect((await refuses("busybox", "/no/such"))[0]).toBe(127);
    const [denied, why] = await refuses("busybox", "/etc");
    expect([denied, why]).toEqual([126, expect.stringContaining('exec: "/etc": permission denied: unknown')]);
  });

  it("are 125 for what the daemon refuses", async () => {
    expect(await refuses("--network", "nosuch", "busybox", "true")).toEqual([
      125,
      "failed to set up container networking: network nosuch not found",
    ]);
    expect(await refuses("--pull", "never", "nosuch:1", "true")).toEqual([125, "No such image: nosuch:1"]);
    expect(await refuses("--entrypoint", "", "busybox")).toEqual([125, "no command specified"]);
  });

  it("leave no container behind that was to be removed", async () => {
    await refuses("--name", "failing", "busybox", "nosuch");
    await eventually(
      "the container is gone",
      async () => (await house.lines("ps", "-aq", "--filter", "name=failing")).length === 0,
    );
  });
});

describe("process", () => {
  it("has the variables, the directory and the user that were asked for", async () => {
    writeFileSync(join(dir, "env"), "FROM_FILE=1\n# no variable\n");
    const env = await shell(
      ["-e", "A=1", "-e", "EMPTY=", "--env-file", join(dir, "env")],
      "echo $A-$EMPTY-$FROM_FILE",
    );
    expect(env).toBe("1--1");
    expect(await runs("-w", "/made/for/it", "busybox", "pwd")).toBe("/made/for/it");
    expect(await runs("-u", "1234:2000", "--group-add", "99", "busybox", "id")).toBe(
      "uid=1234 gid=2000 groups=99,2000",
    );
    expect(await refuses("-u", "nobodyknows", "busybox", "id")).toEqual([
      125,
      "unable to find user nobodyknows: no matching entries in passwd file",
    ]);
    expect(await refuses("-w", "relative", "busybox", "pwd")).toEqual([
      125,
      "the working directory 'relative' is invalid, it needs to be an absolute path",
    ]);
  });

  it("may be another entrypoint", async () => {
    expect(await runs("--entrypoint", "echo", "busybox", "hi", "there")).toBe("hi there");
    expect(await runs("--entrypoint", "", "busybox", "echo", "hi")).toBe("hi");
  });

  it("runs below an init if asked, which takes no other than its own processes", async () => {
    const { stdout, code, stderr } = await house.docker("run", "--rm", "--init", "busybox", "ps");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^\s*1 root\s.*\/docker-init -- ps$/m);
    expect(await runs("--init", "--pid", "host", "busybox", "sh", "-c", "echo $PPID")).not.toBe("1");
  });

  it("gets what is piped in, and its two outputs stay apart", async () => {
    expect((await house.sh("echo hello | docker run --rm -i busybox cat")).stdout).toBe("hello\n");
    expect((await house.sh("echo hello | docker run --rm busybox cat")).stdout).toBe("");
    const both = await house.docker("run", "--rm", "busybox", "sh", "-c", "echo out; echo err >&2");
    expect([both.stdout, both.stderr]).toEqual(["out\n", "err\n"]);
    const one = await house.docker(
      ...["run", "--rm", "-a", "stderr", "busybox"],
      ...["sh", "-c", "echo out; echo err >&2"],
    );
    expect([one.stdout, one.stderr]).toEqual(["", "err\n"]);
  });
});

describe("privileges", () => {
  const status = (...options: string[]) => runs(...options, "busybox", "cat", "/proc/self/status");

  it("are Docker's by default, and more or fewer if asked", async () => {
    expect(await status()).toMatch(/CapEff:\s+00000000a80425fb[\s\S]*Seccomp:\s+2/);
    expect(await status("--cap-drop", "ALL")).toMatch(/CapEff:\s+0000000000000000/);
    expect(await status("--cap-drop", "ALL", "--cap-add", "CHOWN")).toMatch(/CapEff:\s+0000000000000001/);
    expect(await status("--security-opt", "no-new-privileges")).toMatch(/NoNewPrivs:\s+1/);
    expect(await status("--security-opt", "seccomp=unconfined")).toMatch(/Seccomp:\s+0/);
    expect(await refuses("--cap-add", "NOSUCH", "busybox", "true")).toEqual([
      125,
      'invalid CapAdd: unknown capability: "CAP_NOSUCH"',
    ]);
    expect((await refuses("--security-opt", "foo", "busybox", "true"))[1]).toMatch(
      /^invalid --security-opt.*: "foo"$/i,
    );
  });

  it("are nearly all with --privileged", async () => {
    const seen = await shell(
      ["--privileged"],
      "grep CapEff /proc/self/status; ls /dev | wc -l; mount | grep -c 'on /sys .*ro,'; true",
    );
    const [caps, devices, readOnly] = seen.split("\n");
    expect(Number.parseInt(caps!.split(/\s+/)[1]!, 16)).toBeGreaterThan(0xa80425fb);
    expect(Number(devices)).toBeGreaterThan(20);
    expect(readOnly).toBe("0");
  });

  it("hide and protect parts of /proc and /sys", async () => {
    const seen = await shell(
      [],
      "cat /proc/keys; echo 1 > /proc/sys/kernel/domainname; ls /sys/firmware; true",
    );
    expect(seen).toBe("");
  });
});

describe("limits", () => {
  it("end a process that takes too much memory, and say so", async () => {
    await house.ok("run", "-d", "--name", "greedy", "-m", "20m", "busybox", "tail", "/dev/zero");
    expect(await house.ok("wait", "greedy")).toBe("137");
    expect(await house.inspect("greedy", "{{.State.OOMKilled}} {{.State.ExitCode}}")).toBe("true 137");
    await house.ok("rm", "greedy");
  });

  it("of processes, descriptors and time are the container's own", async () => {
    const forks = await house.docker(
      ...["run", "--rm", "--pids-limit", "5", "busybox"],
      ...["sh", "-c", "for i in 1 2 3 4 5 6 7; do sleep 1 & done; wait"],
    );
    expect(forks.stderr).toContain("can't fork: Resource temporarily unavailable");
    expect(await shell(["--ulimit", "nofile=100:200"], "ulimit -n; ulimit -Hn")).toBe("100\n200");
    const quota = await shell(
      ["--cpus", "0.5"],
      "cat /sys/fs/cgroup/cpu.max 2>/dev/null || cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us",
    );
    expect(quota).toMatch(/^50000\b/);
  });

  it("that cannot be are refused", async () => {
    const cases: [string[], string][] = [
      [["-m", "4k"], "Minimum memory limit allowed is 6MB"],
      [
        ["-m", "10m", "--memory-swap", "5m"],
        "Minimum memoryswap limit should be larger than memory limit, see usage",
      ],
      [
        ["--memory-swap", "5m"],
        "You should always set the Memory limit when using Memoryswap limit, see usage",
      ],
      [["--oom-score-adj", "2000"], "Invalid value 2000, range for oom score adj is [-1000, 1000]"],
    ];
    for (const [options, message] of cases) {
      expect(await refuses(...options, "busybox", "true")).toEqual([125, message]);
    }
    expect((await refuses("--cpus", "1000", "busybox", "true"))[1]).toMatch(
      /^range of CPUs is from 0\.01 to \d+\.00, as there are only \d+ CPUs available$/,
    );
    expect((await refuses("--cpuset-cpus", "999", "busybox", "true"))[1]).toMatch(
      /^Requested CPUs are not available - requested 999, available: 0(-\d+)?$/,
    );
  });

  it("can be changed while it runs", async () => {
    await house.ok("run", "-d", "--name", "changing", "busybox", "sleep", "100");
    expect((await house.failure("update", "-m", "50m", "changing"))[1]).toMatch(
      /^Cannot update container [0-9a-f]{64}: Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time$/,
    );
    await house.ok("update", "-m", "50m", "--memory-swap", "100m", "--pids-limit", "50", "changing");
    const limit = await house.ok(
      ...["exec", "changing", "sh", "-c"],
      "cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes",
    );
    expect(limit).toBe("52428800");
    await house.ok("rm", "-f", "changing");
  });
});

describe("names and kernel parameters", () => {
  it("are the container's own", async () => {
    const seen = await shell(
      ["--hostname", "box", "--domainname", "example.org", "--add-host", "db:1.2.3.4"],
      "hostname; cat /etc/hostname; cat /etc/hosts",
    );
    expect(seen).toMatch(
      /^box\nbox\n127\.0\.0\.1\tlocalhost\n[\s\S]*^1\.2\.3\.4\tdb$[\s\S]*\tbox\.example\.org box$/m,
    );
    expect(await shell(["--sysctl", "net.core.somaxconn=100"], "cat /proc/sys/net/core/somaxconn")).toBe(
      "100",
    );
    expect((await refuses("--sysctl", "vm.swappiness=1", "busybox", "true"))[0]).toBe(125);
  });

  it("gateway to the host and servers of names can be given", async () => {
    const conf = await shell(
      [
        ...["--dns", "1.2.3.4", "--dns-search", "x.org", "--dns-option", "ndots:3"],
        ...["--add-host", "up:host-gateway"],
      ],
      "cat /etc/resolv.conf; grep up$ /etc/hosts",
    );
    expect(conf).toMatch(/^nameserver 1\.2\.3\.4\nsearch x\.org\noptions ndots:3\n\d+\.\d+\.\d+\.1\tup$/);
  });
});

describe("mounts", () => {
  it("of host directories are made if missing with -v, and refused with --mount", async () => {
    const source = join(dir, "made/by/run");
    await shell(["-v", `${source}:/h`], "echo hi > /h/file");
    expect(readFileSync(join(source, "file"), "utf8")).toBe("hi\n");
    expect(await refuses("--mount", `type=bind,src=${dir}/missing,dst=/h`, "busybox", "true")).toEqual([
      125,
      `invalid mount config for type "bind": bind source path does not exist: ${dir}/missing`,
    ]);
    expect(existsSync(join(dir, "missing"))).toBe(false);
    const readOnly = await house.docker("run", "--rm", "-v", `${source}:/h:ro`, "busybox", "touch", "/h/x");
    expect([readOnly.code, readOnly.stderr]).toEqual([1, "touch: /h/x: Read-only file system\n"]);
  });

  it("of named volumes keep their data, and new ones begin with the image's", async () => {
    await shell(["-v", "kept:/etc"], "echo more > /etc/more");
    expect(await shell(["-v", "kept:/data"], "cat /data/more; ls /data/passwd")).toBe("more\n/data/passwd");
    expect(
      await shell(["--mount", "type=volume,src=bare,dst=/etc,volume-nocopy"], "ls /etc/passwd || true"),
    ).toBe("");
    await house.ok("volume", "rm", "kept", "bare");
  });

  it("of volumes without a name go with a container that is removed", async () => {
    const before = await house.lines("volume", "ls", "-q");
    await shell(["-v", "/data", "-v", "named:/named"], "touch /data/x /named/y");
    expect(await house.lines("volume", "ls", "-q")).toEqual([...before, "named"]);
    await house.ok("volume", "rm", "named");
  });

  it("in memory have the size that was asked for", async () => {
    const tmpfs = await shell(
      ["--tmpfs", "/t:size=64k,mode=700"],
      "mount | grep ' /t '; ls -ld /t | cut -c1-10",
    );
    expect(tmpfs).toMatch(/^tmpfs on \/t type tmpfs \(rw,nosuid,nodev,noexec,.*size=64k.*\)\ndrwx------$/);
    const full = await shell(["--tmpfs", "/t:size=64k"], "head -c 100000 /dev/zero > /t/x || echo full");
    expect(full).toBe("full");
  });

  it("come from other containers with --volumes-from", async () => {
    await house.ok("create", "--name", "giver", "-v", "/given", "busybox", "true");
    expect(await runs("--volumes-from", "giver", "busybox", "ls", "-d", "/given")).toBe("/given");
    const readOnly = await house.docker(
      "run",
      "--rm",
      "--volumes-from",
      "giver:ro",
      "busybox",
      "touch",
      "/given/x",
    );
    expect(readOnly.code).toBe(1);
    await house.ok("rm", "-v", "giver");
  });

  it("leave a root that may not be written to alone", async () => {
    expect((await house.docker("run", "--rm", "--read-only", "busybox", "touch", "/x")).stderr).toBe(
      "touch: /x: Read-only file system\n",
    );
    expect(await runs("--read-only", "--tmpfs", "/t", "busybox", "touch", "/t/x")).toBe("");
  });

  it("that cannot be are refused", async () => {
    const cases: [string[], string][] = [
      [["-v", "/a:/b:zz"], "invalid mode: zz"],
      [
        ["-v", "/tmp:/"],
        "invalid volume specification: '/tmp:/': invalid mount config for type \"bind\": invalid specification: destination can't be '/'",
      ],
      [["-v", "/a:/x", "-v", "/b:/x"], "Duplicate mount point: /x"],
    ];
    for (const [options, message] of cases) {
      expect(await refuses(...options, "busybox", "true")).toEqual([125, message]);
    }
    // The client makes 127 of every "no such file".
    expect(await refuses("--device", "/dev/nosuch", "busybox", "true")).toEqual([
      127,
      'error gathering device information while adding custom device "/dev/nosuch": no such file or directory',
    ]);
    expect((await refuses("-v", "bad/name:/b", "busybox", "true"))[1]).toContain(
      "includes invalid characters for a local volume name",
    );
  });
});

describe("other options", () => {
  it("write the id where it was asked for, and only once", async () => {
    const file = join(dir, "cid");
    await house.ok("run", "-d", "--name", "known", "--cidfile", file, "busybox", "true");
    expect(readFileSync(file, "utf8")).toBe(await house.inspect("known", "{{.Id}}"));
    expect((await house.docker("run", "--cidfile", file, "busybox", "true")).code).toBe(125);
    await house.ok("rm", "known");
  });

  it("refuse a name that is taken or cannot be", async () => {
    await house.ok("create", "--name", "taken", "busybox", "true");
    expect((await refuses("--name", "taken", "busybox", "true"))[1]).toMatch(
      /^Conflict\. The container name "\/taken" is already in use by container "[0-9a-f]{64}"\. You have to remove \(or rename\) that container to be able to reuse that name\.$/,
    );
    expect((await refuses("--name", "bad name", "busybox", "true"))[1]).toBe(
      "Invalid container name (bad name), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
    );
    await house.ok("rm", "taken");
  });

  it("choose the platform among what the image has", async () => {
    expect(await refuses("--pull", "never", "--platform", "linux/s390x", "busybox", "true")).toEqual([
      125,
      expect.stringMatching(
        /^image with reference busybox was found but its platform \(linux\/\w+\) does not match the specified platform \(linux\/s390x\)$/,
      ),
    ]);
  });

  it("of logging are checked", async () => {
    expect((await refuses("--log-opt", "nosuch=1", "busybox", "true"))[1]).toBe(
      "unknown log opt 'nosuch' for json-file log driver",
    );
    expect((await refuses("--log-driver", "nosuch", "busybox", "true"))[1]).toBe(
      'error looking up logging plugin nosuch: plugin "nosuch" not found',
    );
    await house.ok("run", "--name", "silent", "--log-driver", "none", "busybox", "echo", "hi");
    expect((await house.failure("logs", "silent"))[1]).toBe(
      "configured logging driver does not support reading",
    );
    await house.ok("rm", "silent");
  });
});
