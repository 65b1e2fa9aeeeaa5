import type { Logger } from "../base/index.ts";
import type { ListenAddress } from "../http/index.ts";
import { localGroup } from "../kernel/index.ts";

const GROUP = "docker";
const MODE = 0o660;

/** Where Docker's API listens: for root, and for the members of the group `docker` where the machine has one, as dockerd has it. */
export async function dockerSocket(
  socketPath: string,
  logger: Logger,
  groupFile?: string,
): Promise<ListenAddress> {
  const group = await localGroup(GROUP, groupFile);
  if (group) return { socketPath, mode: MODE, gid: group.gid };
  logger.info("there is no group docker: the engine's socket is root's alone", { socketPath });
  return { socketPath, mode: MODE };
}
