import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run.ts";

/** What of the program could stay behind on a machine. */
export interface Traces {
  mounts: string[];
  links: string[];
  tables: string[];
  cgroups: string[];
  processes: string[];
}

export interface Instance {
  home: string;
  /** Part of the names of its links, tables and cgroups; undefined where it never got so far. */
  instanceId: string | undefined;
}

/** An instance by its home, as long as that is there. */
export function instanceAt(home: string): Instance {
  const config = join(home, "config.yaml");
  const instanceId = existsSync(config)
    ? /^instanceId: '?([0-9a-f]{6})/m.exec(readFileSync(config, "utf8"))?.[1]
    : undefined;
  return { home, instanceId };
}

/** Everything on this machine that belongs to these instances. */
export async function tracesOf(instances: readonly Instance[]): Promise<Traces> {
  const homes = instances.map((instance) => instance.home);
  const ids = instances.map((instance) => instance.instanceId).filter((id) => id !== undefined);
  const ours = (name: string) => ids.some((id) => name.includes(id));
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "");
  const links = (await run("ip", ["-o", "link"])).stdout.match(/\bgt[0-9a-f]{6}\w*/g) ?? [];
  const tables = (await run("nft", ["list", "tables"])).stdout.match(/\bgantry_\w+/g) ?? [];
  return {
    mounts: mounts.filter((path) => homes.some((home) => path.startsWith(home))),
    links: [...new Set(links)].filter(ours),
    tables: tables.filter(ours),
    cgroups: cgroupsNamed("gantry-").filter(ours),
    processes: processesNaming(homes),
  };
}

function cgroupsNamed(prefix: string): string[] {
  const root = "/sys/fs/cgroup";
  if (!existsSync(root)) return [];
  const hierarchies = [root, ...readdirSync(root).map((name) => `${root}/${name}`)];
  const found = new Set<string>();
  for (const dir of hierarchies) {
    try {
      for (const name of readdirSync(dir)) if (name.startsWith(prefix)) found.add(name);
    } catch {
      // Not a directory.
    }
  }
  return [...found];
}

function processesNaming(homes: readonly string[]): string[] {
  const found: string[] = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    if (Number(pid) === process.pid) continue;
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      if (homes.some((home) => command.includes(home))) found.push(`${pid} ${command.slice(0, 100)}`);
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}
