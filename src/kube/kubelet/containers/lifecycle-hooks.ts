import { type Clock, GantryError } from "../../../base/index.ts";
import type { CriRuntimeService } from "../../../cri/types.ts";
import type { Container, LifecycleHandler } from "../../api/index.ts";
import { get } from "../probes/http-probe.ts";
import { httpTargetOf } from "../probes/probe-target.ts";

export interface HookTarget {
  container: Container;
  containerId: string;
  podIp: string;
}

/** Runs a postStart or preStop hook to its end. A tcpSocket hook does nothing, as upstream has decided. */
export async function runHook(
  hook: LifecycleHandler,
  { container, containerId, podIp }: HookTarget,
  runtime: CriRuntimeService,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  if (hook.exec) await runCommand(hook.exec.command ?? [], containerId, runtime, signal);
  else if (hook.httpGet) {
    const { url, headers } = httpTargetOf(hook.httpGet, container, podIp);
    await get(url, headers, signal);
  } else if (hook.sleep) await clock.sleep(Number(hook.sleep.seconds) * 1000, signal);
}

async function runCommand(
  command: string[],
  containerId: string,
  runtime: CriRuntimeService,
  signal: AbortSignal,
): Promise<void> {
  const { exitCode } = await runtime.exec(containerId, command, { tty: false, signal }, {});
  if (exitCode === 0) return;
  throw new GantryError("Conflict", `command '${command.join(" ")}' exited with ${exitCode}`, {
    code: "Kubelet.HookFailed",
    details: { exitCode },
  });
}
