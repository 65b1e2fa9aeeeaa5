import type { Duplex } from "node:stream";
import type { ComposeContext } from "./compose-context.ts";

export interface ExecOptions {
  command: readonly string[];
  environment: readonly string[];
  user: string;
  workdir: string;
  privileged: boolean;
  tty: boolean;
  input: boolean;
  detach: boolean;
}

export interface Execution {
  id: string;
  /** None where it runs on its own. */
  socket: Duplex | undefined;
  exitCode(): Promise<number>;
  resize(rows: number, columns: number): Promise<void>;
}

/** Runs a command in a running container. */
export async function execIn(
  { client }: ComposeContext,
  container: string,
  options: ExecOptions,
): Promise<Execution> {
  const { detach, tty } = options;
  const { Id: id } = await client.post<{ Id: string }>(`/containers/${container}/exec`, {
    body: {
      User: options.user,
      Privileged: options.privileged,
      Tty: tty,
      AttachStdin: options.input && !detach,
      AttachStdout: !detach,
      AttachStderr: !detach,
      Env: options.environment,
      WorkingDir: options.workdir,
      Cmd: options.command,
    },
  });
  const body = { Detach: detach, Tty: tty };
  const socket = detach ? undefined : await client.hijack(`/exec/${id}/start`, { body });
  if (detach) await client.post(`/exec/${id}/start`, { body });
  return {
    id,
    socket,
    exitCode: async () => (await client.get<{ ExitCode: number | null }>(`/exec/${id}/json`)).ExitCode ?? 0,
    resize: (rows, columns) => client.post(`/exec/${id}/resize`, { query: { h: rows, w: columns } }),
  };
}
