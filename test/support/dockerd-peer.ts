import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { mustRun, run } from "../support/run.ts";

export interface DockerdPeer {
  env: NodeJS.ProcessEnv;
  version: string;
  stop(): Promise<void>;
}

/** Debian's dockerd with a data directory, socket and bridge of its own; undefined where it is not installed. */
export async function startDockerdPeer(): Promise<DockerdPeer | undefined> {
  if (!existsSync("/usr/sbin/dockerd")) return undefined;
  const dir = mkdtempSync(join(tmpdir(), "gantry-peer-"));
  const host = `unix://${dir}/docker.sock`;
  const bridge = "gtpeer0";
  await mustRun("ip", ["link", "add", bridge, "type", "bridge"]);
  await mustRun("ip", ["address", "add", "172.30.99.1/24", "dev", bridge]);
  await mustRun("ip", ["link", "set", bridge, "up"]);
  const child: ChildProcess = spawn(
    "/usr/sbin/dockerd",
    [
      "-H",
      host,
      "--data-root",
      `${dir}/data`,
      "--exec-root",
      `${dir}/exec`,
      "-p",
      `${dir}/pid`,
      "--bridge",
      bridge,
      "--storage-driver",
      "overlay2",
    ],
    { stdio: "ignore" },
  );
  const env: NodeJS.ProcessEnv = { ...process.env, DOCKER_HOST: host, DOCKER_BUILDKIT: "0" };
  const stop = async () => {
    child.kill("SIGTERM");
    await new Promise((resolve) => child.on("exit", resolve));
    await run("ip", ["link", "delete", bridge]);
    for (const line of readFileSync("/proc/self/mountinfo", "utf8").split("\n").reverse()) {
      const path = line.split(" ")[4] ?? "";
      if (path.startsWith(dir)) await run("umount", ["-l", path]);
    }
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await eventually(
      "dockerd answers",
      async () => (await run("docker", ["version"], { env })).code === 0,
      30_000,
      200,
    );
    const version = (
      await mustRun("docker", ["version", "-f", "{{.Server.Version}}"], { env })
    ).stdout.trim();
    return { env, version, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
