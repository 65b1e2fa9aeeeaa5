import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../base/index.ts";
import type {
  ContainerEvent,
  CriContainerConfig,
  CriImageService,
  CriRuntimeService,
  LinuxSecurityContext,
  PodSandboxConfig,
} from "./types.ts";

export interface CriUnderTest {
  runtime: CriRuntimeService;
  images: CriImageService;
  /** An image with busybox as sh, sleep, cat, … */
  image: string;
  /** Ends the service as a crash would and opens it anew; absent where the service is not ours to end. */
  reopen?(): Promise<void>;
  close(): Promise<void>;
}

const NAMESPACES = { network: "POD", pid: "CONTAINER", ipc: "POD" } as const;

/** What every implementation of CRI must do, whether in process, as a server or as a client. */
export function describeCri(name: string, open: () => Promise<CriUnderTest>): void {
  describe(`CRI: ${name}`, () => {
    let cri: CriUnderTest;
    let dir: string;
    let made: string[];
    let podNumber = 0;

    beforeAll(async () => {
      cri = await open();
    });
    afterAll(() => cri?.close());
    beforeEach(() => {
      dir = mkdtempSync(join(tmpdir(), "cri-"));
      made = [];
    });
    afterEach(async () => {
      for (const id of made) await cri.runtime.removePodSandbox(id);
      rmSync(dir, { recursive: true, force: true });
    });

    function sandboxConfig(more: Partial<PodSandboxConfig> = {}): PodSandboxConfig {
      const uid = `uid-${++podNumber}`;
      return {
        metadata: { name: `pod-${podNumber}`, namespace: "default", uid, attempt: 0 },
        hostname: `pod-${podNumber}`,
        logDirectory: join(dir, uid),
        dnsConfig: { servers: ["192.0.2.53"], searches: ["example.test"], options: ["ndots:5"] },
        portMappings: [],
        labels: { uid },
        annotations: { note: "kept" },
        linux: {
          cgroupParent: `/kubepods/pod${uid}`,
          sysctls: {},
          namespaceOptions: NAMESPACES,
          privileged: false,
        },
        ...more,
      };
    }

    async function aSandbox(
      more: Partial<PodSandboxConfig> = {},
    ): Promise<{ id: string; config: PodSandboxConfig }> {
      const config = sandboxConfig(more);
      const id = await cri.runtime.runPodSandbox(config);
      made.push(id);
      return { id, config };
    }

    function containerConfig(
      command: string[],
      more: Partial<CriContainerConfig> = {},
      security: Partial<LinuxSecurityContext> = {},
    ): CriContainerConfig {
      return {
        metadata: { name: "app", attempt: 0 },
        image: cri.image,
        userSpecifiedImage: cri.image,
        command,
        args: [],
        workingDir: "",
        envs: [],
        mounts: [],
        devices: [],
        labels: { app: "yes" },
        annotations: { hash: "1" },
        logPath: "app/0.log",
        stdin: false,
        stdinOnce: false,
        tty: false,
        linux: {
          resources: {},
          securityContext: {
            privileged: false,
            readonlyRootfs: false,
            supplementalGroups: [],
            addCapabilities: [],
            dropCapabilities: [],
            noNewPrivileges: false,
            namespaceOptions: NAMESPACES,
            ...security,
          },
        },
        ...more,
      };
    }

    async function started(
      sandbox: { id: string; config: PodSandboxConfig },
      command: string[],
      more: Partial<CriContainerConfig> = {},
      security: Partial<LinuxSecurityContext> = {},
    ): Promise<string> {
      const id = await cri.runtime.createContainer(
        sandbox.id,
        containerConfig(command, more, security),
        sandbox.config,
      );
      await cri.runtime.startContainer(id);
      return id;
    }

    /** Runs to the end and returns status and output. */
    async function ran(...args: Parameters<typeof started>) {
      const id = await started(...args);
      const status = await eventually(async () => {
        const found = await cri.runtime.containerStatus(id);
        return found?.state === "EXITED" ? found : undefined;
      });
      const output = readFileSync(status.logPath, "utf8")
        .split("\n")
        .filter(Boolean)
        .map((line) => line.split(" ").slice(3).join(" "));
      return { status, output };
    }

    async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
      for (let tries = 0; tries < 500; tries++) {
        const found = await look();
        if (found !== undefined) return found;
        await systemClock.sleep(10);
      }
      throw new Error("it never came true");
    }

    const sleeper = ["sh", "-c", "trap 'exit 7' TERM; while true; do sleep 0.05; done"];

    it("tells its version and that it is ready", async () => {
      expect((await cri.runtime.version()).runtimeApiVersion).toBe("v1");
      expect(await cri.runtime.status()).toMatchObject({ runtimeReady: true, networkReady: true });
    });

    it("runs a sandbox with an address, stops and removes it, each as often as one likes", async () => {
      const { id, config } = await aSandbox();
      const status = await cri.runtime.podSandboxStatus(id);
      expect(status).toMatchObject({
        state: "READY",
        metadata: config.metadata,
        labels: config.labels,
        annotations: { note: "kept" },
      });
      expect(status!.ip).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
      expect((await cri.runtime.listPodSandboxes({ labels: config.labels })).map((one) => one.id)).toEqual([
        id,
      ]);
      await cri.runtime.stopPodSandbox(id);
      await cri.runtime.stopPodSandbox(id);
      expect((await cri.runtime.podSandboxStatus(id))!.state).toBe("NOTREADY");
      await cri.runtime.removePodSandbox(id);
      await cri.runtime.removePodSandbox(id);
      expect(await cri.runtime.podSandboxStatus(id)).toBeUndefined();
    });

    it("takes a container through its life, with its log", async () => {
      const sandbox = await aSandbox();
      const events: string[] = [];
      const off = cri.runtime.onEvent((event: ContainerEvent) => {
        if (event.podSandboxId === sandbox.id) events.push(`${event.type} ${event.podUid}`);
      });
      const id = await cri.runtime.createContainer(
        sandbox.id,
        containerConfig(["sh", "-c", "echo out; echo err >&2; exit 3"]),
        sandbox.config,
      );
      expect(await cri.runtime.containerStatus(id)).toMatchObject({
        state: "CREATED",
        startedAtNs: 0n,
        podSandboxId: sandbox.id,
      });
      await cri.runtime.startContainer(id);
      const status = await eventually(async () => {
        const found = await cri.runtime.containerStatus(id);
        return found?.state === "EXITED" ? found : undefined;
      });
      expect(status).toMatchObject({
        exitCode: 3,
        reason: "Error",
        metadata: { name: "app", attempt: 0 },
        labels: { app: "yes" },
        annotations: { hash: "1" },
        logPath: join(sandbox.config.logDirectory, "app/0.log"),
      });
      expect(status.finishedAtNs).toBeGreaterThanOrEqual(status.startedAtNs);
      expect(status.startedAtNs).toBeGreaterThan(0n);
      const lines = readFileSync(status.logPath, "utf8")
        .trim()
        .split("\n")
        .sort((a) => (a.includes("stderr") ? 1 : -1));
      expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}\S+ stdout F out$/);
      expect(lines[1]).toMatch(/ stderr F err$/);
      await cri.runtime.removeContainer(id);
      await cri.runtime.removeContainer(id);
      expect(await cri.runtime.containerStatus(id)).toBeUndefined();
      off();
      const uid = sandbox.config.metadata.uid;
      expect([...new Set(events)]).toEqual([
        `CREATED ${uid}`,
        `STARTED ${uid}`,
        `STOPPED ${uid}`,
        `DELETED ${uid}`,
      ]);
    });

    it("stops with the stop signal, and after the time-out with SIGKILL", async () => {
      const sandbox = await aSandbox();
      const polite = await started(sandbox, sleeper);
      await systemClock.sleep(200);
      await cri.runtime.stopContainer(polite, 10);
      expect(await cri.runtime.containerStatus(polite)).toMatchObject({ state: "EXITED", exitCode: 7 });
      await cri.runtime.stopContainer(polite, 10);
      const deaf = await started(sandbox, ["sh", "-c", "trap '' TERM; while true; do sleep 0.05; done"], {
        metadata: { name: "deaf", attempt: 0 },
        logPath: "deaf/0.log",
      });
      await systemClock.sleep(200);
      const patient = cri.runtime.stopContainer(deaf, 60);
      await systemClock.sleep(100);
      // A hurried call overtakes a patient one.
      await cri.runtime.stopContainer(deaf, 0);
      await patient;
      expect(await cri.runtime.containerStatus(deaf)).toMatchObject({ state: "EXITED", exitCode: 137 });
    });

    it("says why a container did not start", async () => {
      const sandbox = await aSandbox();
      const id = await cri.runtime.createContainer(
        sandbox.id,
        containerConfig(["/no/such/program"]),
        sandbox.config,
      );
      await expect(cri.runtime.startContainer(id)).rejects.toThrow(/no such file or directory/i);
      expect(await cri.runtime.containerStatus(id)).toMatchObject({
        state: "EXITED",
        exitCode: 128,
        reason: "StartError",
      });
    });

    it("makes the containers of a sandbox one host", async () => {
      const sandbox = await aSandbox();
      await started(sandbox, ["sh", "-c", "echo shared > /dev/shm/file; exec nc -ll -p 7000 -e echo hello"], {
        metadata: { name: "first", attempt: 0 },
        logPath: "first/0.log",
      });
      const { output } = await ran(sandbox, [
        "sh",
        "-c",
        "hostname; cat /etc/hostname; grep nameserver /etc/resolv.conf; for i in 1 2 3 4 5 6 7 8 9; do nc 127.0.0.1 7000 && break; sleep 0.1; done; cat /dev/shm/file",
      ]);
      const { hostname } = sandbox.config;
      expect(output).toEqual([hostname, hostname, "nameserver 192.0.2.53", "hello", "shared"]);
    });

    it("shares memory in which nothing can be run, and no device is one", async () => {
      const sandbox = await aSandbox();
      const { output } = await ran(sandbox, ["sh", "-c", "grep ' /dev/shm ' /proc/mounts"]);
      const [device, , type, options] = output[0]!.split(" ");
      expect([device, type]).toEqual(["shm", "tmpfs"]);
      expect(options!.split(",")).toEqual(expect.arrayContaining(["rw", "nosuid", "nodev", "noexec"]));
    });

    it("gives environment, arguments, user, mounts and limits", async () => {
      const sandbox = await aSandbox();
      writeFileSync(join(dir, "file"), "from the host\n");
      const { output, status } = await ran(
        sandbox,
        [
          "sh",
          "-c",
          "echo $COLOR $0; id -u; id -g; id -G; cat /mnt/file; pwd; (echo x > /mnt/file) 2>/dev/null || echo read-only",
        ],
        {
          args: ["argument"],
          envs: [{ key: "COLOR", value: "red = 1" }],
          workingDir: "/tmp",
          mounts: [
            {
              containerPath: "/mnt/file",
              hostPath: join(dir, "file"),
              readOnly: true,
              propagation: "PRIVATE",
            },
          ],
          linux: {
            resources: { memoryLimitBytes: 64 * 2 ** 20, cpuShares: 512 },
            securityContext: {
              ...containerConfig([]).linux.securityContext,
              runAsUser: 1234,
              runAsGroup: 2345,
              supplementalGroups: [77],
            },
          },
        },
      );
      expect(output).toEqual([
        "red = 1 argument",
        "1234",
        "2345",
        "2345 77",
        "from the host",
        "/tmp",
        "read-only",
      ]);
      expect(status.mounts).toHaveLength(1);
    });

    it("makes a directory of a path of the host that is not there", async () => {
      const sandbox = await aSandbox();
      const hostPath = join(dir, "not", "there");
      const { output } = await ran(sandbox, ["sh", "-c", "echo written > /mnt/new/file; ls /mnt/new"], {
        mounts: [{ containerPath: "/mnt/new", hostPath, readOnly: false, propagation: "PRIVATE" }],
      });
      expect(output).toEqual(["file"]);
      expect(readFileSync(join(hostPath, "file"), "utf8")).toBe("written\n");
    });

    it("reports a container that ran out of memory", async () => {
      const sandbox = await aSandbox();
      const { status } = await ran(sandbox, ["sh", "-c", "head -c 300m /dev/zero | tail"], {
        linux: {
          resources: { memoryLimitBytes: 16 * 2 ** 20 },
          securityContext: containerConfig([]).linux.securityContext,
        },
      });
      expect(status).toMatchObject({ exitCode: 137, reason: "OOMKilled" });
    });

    it("sets sysctls of the pod", async () => {
      const config = sandboxConfig();
      const sandbox = await aSandbox({
        ...config,
        linux: { ...config.linux, sysctls: { "net.ipv4.ip_local_port_range": "2000 3000" } },
      });
      const { output } = await ran(sandbox, ["cat", "/proc/sys/net/ipv4/ip_local_port_range"]);
      expect(output[0]!.split(/\s+/)).toEqual(["2000", "3000"]);
    });

    it("runs commands in a container", async () => {
      const sandbox = await aSandbox();
      const id = await started(sandbox, sleeper);
      expect(await cri.runtime.execSync(id, ["sh", "-c", "echo out; echo err >&2; exit 5"], 10)).toEqual({
        stdout: Buffer.from("out\n"),
        stderr: Buffer.from("err\n"),
        exitCode: 5,
      });
      await expect(cri.runtime.execSync(id, ["sleep", "60"], 0.2)).rejects.toMatchObject({
        kind: "DeadlineExceeded",
      });
      await eventually(async () => {
        const { stdout } = await cri.runtime.execSync(id, ["ps"], 5);
        return stdout.includes("sleep 60") ? undefined : true;
      });
      const stdin = new PassThrough();
      const stdout = new PassThrough();
      stdin.end("through the pipe");
      const done = cri.runtime.exec(id, ["cat"], { tty: false }, { stdin, stdout });
      const text: Buffer[] = [];
      stdout.on("data", (chunk: Buffer) => text.push(chunk));
      expect(await done).toEqual({ exitCode: 0 });
      expect(Buffer.concat(text).toString()).toBe("through the pipe");
      await expect(cri.runtime.execSync(id, ["/none"], 5)).rejects.toThrow();
    });

    it("forwards a port", async () => {
      const sandbox = await aSandbox();
      await started(sandbox, ["nc", "-ll", "-p", "7001", "-e", "cat"]);
      const stream = await eventually(() => cri.runtime.portForward(sandbox.id, 7001).catch(() => undefined));
      const echoed = new Promise<string>((resolve) =>
        stream.once("data", (chunk: Buffer) => resolve(chunk.toString())),
      );
      stream.write("ping");
      expect(await echoed).toBe("ping");
      stream.destroy();
      await expect(cri.runtime.portForward(sandbox.id, 7999)).rejects.toThrow();
    });

    it("measures a container", async () => {
      const sandbox = await aSandbox();
      const id = await started(sandbox, sleeper);
      const stats = await cri.runtime.containerStats(id);
      expect(stats!.memoryUsageBytes).toBeGreaterThan(0);
      expect(stats!.memoryRssBytes).toBeGreaterThan(0);
      expect(stats!.networks.map(({ name }) => name)).toContain("eth0");
      expect(await cri.runtime.containerStats("none")).toBeUndefined();
      const usage = await cri.runtime.containerUsage(id);
      expect(usage!.processes).toBeGreaterThan(0);
      expect(usage!.cpuUsageNs).toBeGreaterThan(0);
      expect(await cri.runtime.containerUsage("none")).toBeUndefined();
    });

    it("ends everything in a sandbox that is stopped, and takes in nothing new", async () => {
      const sandbox = await aSandbox();
      const id = await started(sandbox, sleeper);
      await cri.runtime.stopPodSandbox(sandbox.id);
      expect((await cri.runtime.containerStatus(id))!.state).toBe("EXITED");
      await expect(
        cri.runtime.createContainer(sandbox.id, containerConfig(["true"]), sandbox.config),
      ).rejects.toThrow("not ready");
      await cri.runtime.removePodSandbox(sandbox.id);
      expect(await cri.runtime.containerStatus(id)).toBeUndefined();
    });

    it("takes a missing thing for gone where something is stopped or removed, and says so elsewhere", async () => {
      await cri.runtime.stopContainer("none", 1);
      await cri.runtime.removeContainer("none");
      await cri.runtime.stopPodSandbox("none");
      await cri.runtime.removePodSandbox("none");
      await expect(cri.runtime.startContainer("none")).rejects.toMatchObject({ kind: "NotFound" });
      await expect(cri.runtime.execSync("none", ["true"], 1)).rejects.toMatchObject({ kind: "NotFound" });
    });

    it("finds everything again after a restart", async () => {
      if (!cri.reopen) return;
      const sandbox = await aSandbox();
      const id = await started(sandbox, sleeper);
      const before = await cri.runtime.containerStatus(id);
      const { ip } = (await cri.runtime.podSandboxStatus(sandbox.id))!;
      await cri.reopen();
      expect(await cri.runtime.podSandboxStatus(sandbox.id)).toMatchObject({ state: "READY", ip });
      expect(await cri.runtime.containerStatus(id)).toEqual(before);
      expect((await cri.runtime.execSync(id, ["echo", "alive"], 5)).stdout.toString()).toBe("alive\n");
      const other = await aSandbox();
      expect((await cri.runtime.podSandboxStatus(other.id))!.ip).not.toBe(ip);
    });

    it("knows its images", async () => {
      const image = await cri.images.imageStatus(cri.image);
      expect(image).toMatchObject({ id: expect.stringMatching(/^sha256:/), uid: 0 });
      expect((await cri.images.listImages()).map(({ id }) => id)).toContain(image!.id);
      expect(await cri.images.imageStatus("none.example/none")).toBeUndefined();
      await cri.images.removeImage("none.example/none");
    });
  });
}
