import {
  clampOomScoreAdj,
  clampRlimits,
  grantedCapabilities,
  type OciProcess,
  openProcessRoot,
} from "../../runtime/index.ts";
import type { Container } from "../containers/container.ts";
import type { EngineContext } from "../context.ts";
import { invalidRequest, notRunning } from "../errors.ts";
import { linkEnvironment } from "../networks/links.ts";
import { containerEnvironment } from "../spec/container-environment.ts";
import { ociRlimits } from "../spec/container-resources.ts";
import { securityOf } from "../spec/security-options.ts";
import { lookUpUser } from "../spec/user-lookup.ts";
import type { ExecConfig } from "../types.ts";

/** What `docker exec` runs: as the container's main process, but for what the request says. */
export function execProcess(context: EngineContext, container: Container, config: ExecConfig): OciProcess {
  const { config: containerConfig, hostConfig, internal } = container.record;
  const user = execUser(context, container, config.User);
  const capabilities = grantedCapabilities({
    privileged: config.Privileged || hostConfig.Privileged,
    capAdd: hostConfig.CapAdd,
    capDrop: hostConfig.CapDrop,
    held: context.heldLimits,
  });
  const effective = user.uid === 0 ? capabilities : [];
  const cwd = config.WorkingDir || containerConfig.WorkingDir || "/";
  if (!cwd.startsWith("/")) throw invalidRequest("Cwd must be an absolute path");
  return {
    terminal: config.Tty ?? false,
    args: config.Cmd,
    env: containerEnvironment({
      config: containerConfig,
      home: user.home,
      tty: config.Tty ?? false,
      links: linkEnvironment(context, container),
      extra: config.Env ?? [],
    }),
    cwd,
    user: { uid: user.uid, gid: user.gid, additionalGids: user.additionalGids },
    capabilities: { bounding: capabilities, effective, permitted: effective, inheritable: [] },
    noNewPrivileges: internal?.noNewPrivileges ?? securityOf(hostConfig.SecurityOpt ?? []).noNewPrivileges,
    rlimits: clampRlimits(ociRlimits(hostConfig), context.heldLimits),
    oomScoreAdj: clampOomScoreAdj(hostConfig.OomScoreAdj ?? 0, context.heldLimits),
  };
}

export function execUser(context: EngineContext, container: Container, user: string | undefined) {
  const { config, hostConfig, internal } = container.record;
  if (!user && internal?.uid !== undefined) {
    const gid = internal.gid ?? 0;
    return { uid: internal.uid, gid, additionalGids: [gid, ...(internal.supplementalGids ?? [])], home: "/" };
  }
  const pid = context.runtime.pidOf(container.id);
  if (pid === undefined) throw notRunning(container.id);
  const root = openProcessRoot(pid);
  try {
    const found = lookUpUser(root.path, user || config.User || "", hostConfig.GroupAdd ?? []);
    const more = internal?.supplementalGids ?? [];
    return { ...found, additionalGids: [...new Set([...found.additionalGids, ...more])] };
  } finally {
    root.close();
  }
}
