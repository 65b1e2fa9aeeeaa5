// What tests could leave on the machine: links, nftables tables, cgroups, mounts, loop devices and processes.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

const lines = (command, args) => (spawnSync(command, args, { encoding: "utf8" }).stdout ?? "").split("\n");

function listDirectory(path) {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function cgroups() {
  const root = "/sys/fs/cgroup";
  const hierarchies = [root, ...listDirectory(root).map((name) => `${root}/${name}`)];
  return hierarchies.flatMap((dir) => listDirectory(dir).filter((name) => name.startsWith("gantry-")));
}

function processes() {
  return listDirectory("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      const ours =
        /^\S*(conmon|crun)\b.*gantry|gantry(\.mjs)? up|src\/main\.ts up|^etcd .*\/gantry-|test\/robustness\//.test(
          command,
        );
      return ours ? [`${pid} ${command.slice(0, 120)}`] : [];
    } catch {
      return [];
    }
  });
}

function mounts() {
  const points = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "");
  return points.filter((path) => /\/gantry-/.test(path));
}

function loopDevices() {
  return listDirectory("/sys/block").filter((name) => {
    try {
      return readFileSync(`/sys/block/${name}/loop/backing_file`, "utf8").includes("/gantry-");
    } catch {
      return false;
    }
  });
}

/** Everything that is there now, as a set of texts. */
export function leftovers() {
  const links = existsSync("/sys/class/net")
    ? listDirectory("/sys/class/net").filter((name) => /^gt[0-9a-f]{6}/.test(name))
    : [];
  const tables = lines("nft", ["list", "tables"]).filter((line) => /\bgantry_/.test(line));
  const all = {
    link: links,
    table: tables,
    cgroup: cgroups(),
    mount: mounts(),
    "loop device": loopDevices(),
    process: processes(),
  };
  return new Set(Object.entries(all).flatMap(([kind, names]) => names.map((name) => `${kind} ${name}`)));
}
