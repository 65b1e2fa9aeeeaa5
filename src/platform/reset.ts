import { statSync } from "node:fs";
import { join } from "node:path";
import { GantryError, presentOrUndefined, readRecordSync } from "../base/index.ts";
import type { ResetResult } from "../cli/index.ts";
import {
  cgroupDirs,
  cgroupExists,
  cgroupProcesses,
  deleteLink,
  killCgroup,
  listLinks,
  nft,
  removeCgroup,
  unmountOwn,
} from "../kernel/index.ts";
import { closeForwardGate } from "../network/index.ts";
import { type HomeLayout, homeLayout } from "./home.ts";
import { removeHome } from "./remove-home.ts";

/**
 * Removes what an instance has left on the machine, also after a kill: its containers' processes (all are in its cgroup),
 * links and with them routes, nftables tables, cgroups, mounts and the home.
 */
export async function resetPlatform(home: string): Promise<ResetResult> {
  if (process.getuid?.() !== 0)
    throw new GantryError("PermissionDenied", "gantry reset needs root", { hint: "run it with sudo" });
  const removed: string[] = [];
  if (!statSync(home, { throwIfNoEntry: false })) return { removed, kept: [] };
  const instanceId = instanceIdOf(home);
  if (instanceId) removed.push(...(await removeKernelState(instanceId)));
  const mounted = unmountHome(homeLayout(home));
  const isGone = removeHome(home, mounted);
  if (isGone) return { removed: [...removed, `the home ${home}`], kept: [] };
  const kept = mounted.map((dir) =>
    dir === home
      ? `${home} itself, on which something is mounted`
      : `${dir} with all in it, on which something is mounted`,
  );
  return { removed: [...removed, `all else in ${home}`], kept };
}

/** Detaches what an instance has mounted in its home. Returns where others have mounted something: that stays. */
export function unmountHome({ home, run, kubelet, containers, cri, build }: HomeLayout): string[] {
  return unmountOwn(home, [run, kubelet, containers, cri, build]);
}

/** Whether anything of the instance runs. */
export function hasRunningProcesses(instanceId: string): boolean {
  return cgroupProcesses(`/gantry-${instanceId}`).length > 0;
}

/** What an instance has in the kernel: processes and cgroups, links (and with them routes), nftables tables. */
export async function removeKernelState(instanceId: string): Promise<string[]> {
  return [
    ...(await removeCgroups(`/gantry-${instanceId}`)),
    ...removeLinks(`gt${instanceId}`),
    ...removeTables(`gantry_${instanceId}`),
    ...removeForwardRules(instanceId),
  ];
}

/** Read leniently: whatever else is wrong with the configuration, its instance can be removed. */
function instanceIdOf(home: string): string | undefined {
  const config = presentOrUndefined(readRecordSync(join(home, "config.yaml"), (text) => text));
  return /^instanceId: *['"]?([0-9a-f]{6})\b/m.exec(config ?? "")?.[1];
}

async function removeCgroups(path: string): Promise<string[]> {
  if (!cgroupExists(path) && cgroupDirs(path).length === 0) return [];
  const killed = killCgroup(path);
  await removeCgroup(path, { waitMs: 5_000 });
  const processes = killed > 0 ? [`${killed} process${killed === 1 ? "" : "es"}`] : [];
  return [...processes, `the cgroup ${path}`];
}

function removeLinks(prefix: string): string[] {
  const links = listLinks().filter((link) => link.name.startsWith(prefix));
  let count = 0;
  for (const link of links) if (deleteLink(link.name)) count++;
  return count > 0 ? [`${count} network link${count === 1 ? "" : "s"}`] : [];
}

function removeForwardRules(instanceId: string): string[] {
  return closeForwardGate(instanceId) ? ["its rules in the host's firewall"] : [];
}

function removeTables(name: string): string[] {
  const tables = nft("list tables")
    .split("\n")
    .map((line) => /^table (\S+) (\S+)/.exec(line))
    .filter((match) => match !== null && (match[2] === name || match[2]!.startsWith(`${name}_`)));
  for (const match of tables) nft(`delete table ${match![1]} ${match![2]}`);
  return tables.length > 0 ? [`${tables.length} nftables table${tables.length === 1 ? "" : "s"}`] : [];
}
