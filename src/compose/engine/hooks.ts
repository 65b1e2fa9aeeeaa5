import { GantryError } from "../../base/index.ts";
import { type ContainerSummary, readLines } from "../docker/index.ts";
import type { Hook, Service } from "../model/index.ts";
import type { ComposeContext } from "./compose-context.ts";
import { shortName } from "./containers.ts";
import { environmentList } from "./environment-list.ts";

/** Told what a hook says, line by line. */
export type HookOutput = (source: string, line: string) => void;

const POLL_MS = 50;

/** Runs a command of `post_start` or `pre_stop` in a container, and waits until it has ended. */
export async function runHook(
  context: ComposeContext,
  service: Service,
  container: ContainerSummary,
  hook: Hook,
  output: HookOutput | undefined,
): Promise<void> {
  const { client } = context;
  const { Id: id } = await client.post<{ Id: string }>(`/containers/${container.Id}/exec`, {
    body: {
      User: hook.user,
      Privileged: hook.privileged ?? false,
      Env: environmentList(hook.environment),
      WorkingDir: hook.working_dir,
      Cmd: hook.command,
      AttachStdout: output !== undefined,
      AttachStderr: output !== undefined,
    },
  });
  if (output) {
    const tty = service.tty ?? false;
    const stream = await client.hijack(`/exec/${id}/start`, { body: { Detach: false, Tty: tty } });
    const source = `${shortName(container, context.separator)} ->`;
    await readLines(stream, tty, (line) => output(source, line));
  } else await client.post(`/exec/${id}/start`, { body: { Detach: true, Tty: service.tty ?? false } });
  for (;;) {
    const state = await client.get<{ Running: boolean; ExitCode: number | null }>(`/exec/${id}/json`);
    if (!state.Running) {
      if (state.ExitCode) {
        throw new GantryError("Internal", `${service.name} hook exited with status ${state.ExitCode}`, {
          code: "Compose.Hook",
        });
      }
      return;
    }
    await context.clock.sleep(POLL_MS);
  }
}
