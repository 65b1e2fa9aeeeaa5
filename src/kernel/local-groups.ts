import { readFile } from "node:fs/promises";
import { errnoCode } from "../base/index.ts";

export interface LocalGroup {
  gid: number;
  /** Names of users. Those whose primary group it is are not among them. */
  members: readonly string[];
}

/** A group of the machine's own file (group(5)); one that only a directory server knows is not found. */
export async function localGroup(name: string, file = "/etc/group"): Promise<LocalGroup | undefined> {
  for (const line of (await tableText(file)).split("\n")) {
    const [own, , gid = "", members = ""] = line.trim().split(":");
    if (own === name && /^\d+$/.test(gid))
      return { gid: Number(gid), members: members.split(",").filter((member) => member !== "") };
  }
  return undefined;
}

/** A machine without the file has no groups. */
async function tableText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return "";
    throw error;
  }
}
