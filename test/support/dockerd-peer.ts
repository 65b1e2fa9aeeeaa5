import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "./eventually.ts";
import { mustRun, run } from "./run.ts";

export interface DockerdPeer {
  /** Where all of it lies. */
  readonly directory: string;
  readonly dataRoot: string;
  readonly socketPath: string;
  readonly env: NodeJS.ProcessEnv;
  /** `20.10.24+dfsg1`. */
  readonly version: string;
  /** The newest that it speaks: `1.41`. */
  readonly apiVersion: string;
  stop(): Promise<void>;
}

/** After it the whole namespace of processes is killed. */
const STOP_MS = 30_000;

/** Where set-up unpacks Debian's packages: nothing of them is installed, so that its client and services do not get in the way. */
const UNPACKED = fileURLToPath(new URL("../../node_modules/.gantry-dockerd", import.meta.url));

/** `$DOCKERD` names another one to compare with. */
export function findDockerd(): string | undefined {
  const places = [process.env.DOCKERD, join(UNPACKED, "usr/sbin/dockerd"), "/usr/sbin/dockerd"];
  return places.find((path) => path !== undefined && existsSync(path));
}

/**
 * Whether there is one whose answers the differential suite knows: Debian 12's, or whatever `$DOCKERD` names. A daemon for
 * which a library is missing is none.
 */
export function canRunDockerd(): boolean {
  const dockerd = findDockerd();
  if (dockerd === undefined || process.getuid?.() !== 0) return false;
  const { status, stdout } = spawnSync(dockerd, ["--version"], { encoding: "utf8" });
  return status === 0 && (process.env.DOCKERD !== undefined || /version 20\.10/.test(stdout));
}

/**
 * The original's daemon in a directory and in namespaces (network, mounts, processes) of its own: its bridges, rules, mounts
 * and processes end with it. Undefined where it is not there.
 */
export async function startDockerdPeer(): Promise<DockerdPeer | undefined> {
  const dockerd = findDockerd();
  if (dockerd === undefined) return undefined;
  const dir = mkdtempSync(join(tmpdir(), "gantry-peer-"));
  const socketPath = join(dir, "docker.sock");
  const dataRoot = join(dir, "data");
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    DOCKER_HOST: `unix://${socketPath}`,
    DOCKER_BUILDKIT: "0",
  };
  const child = spawnDaemon(dockerd, dir, dataRoot, socketPath);
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const stop = async () => {
    child.stdin!.end();
    const impatient = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await ended;
    clearTimeout(impatient);
    await removeCgroups(cgroupParent(dir));
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const answers = async () => (await run("docker", ["version"], { env })).code === 0;
    await eventually("dockerd answers", answers, 60_000, 200);
    const format = ["version", "-f", "{{.Server.Version}} {{.Server.APIVersion}}"];
    const [version = "", apiVersion = ""] = (await mustRun("docker", format, { env })).stdout
      .trim()
      .split(" ");
    return { directory: dir, dataRoot, socketPath, env, version, apiVersion, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function spawnDaemon(dockerd: string, dir: string, dataRoot: string, socketPath: string): ChildProcess {
  const options = [
    ["--host", `unix://${socketPath}`],
    ["--data-root", dataRoot],
    ["--exec-root", join(dir, "exec")],
    ["--pidfile", join(dir, "pid")],
    ["--cgroup-parent", cgroupParent(dir)],
    ["--storage-driver", "overlay2"],
    // Nobody reaches its containers, and the program may not be there.
    ["--iptables=false"],
  ].flat();
  // It ends with its input, so also when the test does, and with it its namespace of processes and all that runs in there.
  const script = 'ip link set lo up; "$@" </dev/null & daemon=$!; cat; kill $daemon; wait $daemon';
  const path = [dirname(dockerd), join(UNPACKED, "usr/sbin"), join(UNPACKED, "usr/bin"), process.env.PATH];
  return spawn(
    "unshare",
    [
      "--mount",
      "--net",
      "--pid",
      "--fork",
      "--kill-child",
      "--mount-proc",
      "sh",
      "-c",
      script,
      "sh",
      dockerd,
      ...options,
    ],
    { stdio: ["pipe", "ignore", "ignore"], env: { ...process.env, PATH: path.join(delimiter) } },
  );
}

const cgroupParent = (dir: string) => `/${dir.split("/").at(-1)}`;

/** The groups that the containers' common parent leaves in each hierarchy. */
async function removeCgroups(name: string): Promise<void> {
  const root = "/sys/fs/cgroup";
  for (const dir of [root, ...readdirSync(root).map((hierarchy) => join(root, hierarchy))]) {
    const group = join(dir, name);
    if (!existsSync(group)) continue;
    for (const child of readdirSync(group, { withFileTypes: true })) {
      if (child.isDirectory()) rmdirSync(join(group, child.name));
    }
    rmdirSync(group);
  }
}
