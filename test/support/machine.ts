import { existsSync, readdirSync, readFileSync } from "node:fs";
import { run } from "./run.ts";

/** What of the program could stay behind on a machine. */
export interface Traces {
  mounts: string[];
  links: string[];
  tables: string[];
  cgroups: string[];
  processes: string[];
}

/** Everything on this machine that belongs to instances of the program: names carry `gantry` or begin with `gt` and hex. */
export async function tracesOfGantry(homes: readonly string[]): Promise<Traces> {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n").map((line) => line.split(" ")[4] ?? "");
  const links = (await run("ip", ["-o", "link"])).stdout.match(/\bgt[0-9a-f]{6}\w*/g) ?? [];
  const tables = (await run("nft", ["list", "tables"])).stdout.match(/\bgantry_\w+/g) ?? [];
  return {
    mounts: mounts.filter((path) => homes.some((home) => path.startsWith(home))),
    links: [...new Set(links)],
    tables,
    cgroups: cgroupsNamed("gantry-"),
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
