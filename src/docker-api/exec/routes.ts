import { errorMessage, invalidArgument, type Logger } from "../../base/index.ts";
import type { ExecConfig } from "../../engine/types.ts";
import { sendEmpty, sendJson } from "../../http/index.ts";
import type { ApiContext, ApiRoute } from "../api-context.ts";
import { flushed, inputOf, outputOf } from "../containers/attach.ts";
import { terminalSize } from "../containers/routes.ts";
import { type Decoded, execOptions, execStartOptions } from "../json/index.ts";
import { plainStreamRequest, type StreamRequest, type StreamRoute } from "../stream-request.ts";
import { detachKeysOf } from "../wire/detach-keys.ts";
import { encodeFrame, isMultiplexed } from "../wire/frames.ts";
import type { Hijacked } from "../wire/hijack.ts";
import { optionalBody } from "../wire/request-body.ts";
import type { ExecBackend } from "./backend.ts";

/** Endpoints of `docker exec`. */
export function execRoutes(backend: ExecBackend, logger: Logger): ApiRoute[] {
  return [
    { method: "POST", path: "/containers/:id/exec", handle: (context) => create(backend, context) },
    { method: "GET", path: "/exec/:id/json", handle: (context) => inspect(backend, context) },
    { method: "POST", path: "/exec/:id/resize", handle: (context) => resize(backend, context) },
    {
      method: "POST",
      path: "/exec/:id/start",
      handle: (context) => start(backend, plainStreamRequest(context), logger),
    },
  ];
}

/** `POST /exec/{id}/start` with an upgrade. */
export function execStartRoute(backend: ExecBackend, logger: Logger): StreamRoute {
  return {
    method: "POST",
    path: "/exec/:id/start",
    handle: (request) => start(backend, request, logger),
  };
}

interface StartOptions {
  detach: boolean;
  tty: boolean;
  consoleSize: [rows: number, columns: number] | undefined;
}

function startOptions(body: Decoded): StartOptions {
  const tty = body.Tty === true;
  const size = body.ConsoleSize as [number, number] | null | undefined;
  return { detach: body.Detach === true, tty, consoleSize: tty && size ? size : undefined };
}

async function create(backend: ExecBackend, context: ApiContext): Promise<void> {
  const body = await optionalBody(context, execOptions);
  if (context.apiMinor < 42) delete body.ConsoleSize;
  if (!Array.isArray(body.Cmd) || body.Cmd.length === 0) {
    throw invalidArgument("No exec command specified", { code: "DockerApi.Body" });
  }
  detachKeysOf(body.DetachKeys as string | undefined, "escape");
  const { id } = await backend.createExec(context.params.id!, body as unknown as ExecConfig);
  sendJson(context.res, 201, { Id: id });
}

async function inspect(backend: ExecBackend, { params, res }: ApiContext): Promise<void> {
  sendJson(res, 200, await backend.inspectExec(params.id!));
}

async function resize(backend: ExecBackend, { params, query, res }: ApiContext): Promise<void> {
  const { columns, rows } = terminalSize(query);
  await backend.resizeExec(params.id!, columns, rows);
  sendEmpty(res, 200);
}

async function start(backend: ExecBackend, request: StreamRequest, logger: Logger): Promise<void> {
  const options = startOptions(await request.body(execStartOptions));
  if (!options.detach) return startAttached(backend, request, options, logger);
  await startDetached(backend, request.params.id!);
  request.answerEmpty();
}

/** Resolves when the process runs; its end is nobody's business here. */
function startDetached(backend: ExecBackend, id: string): Promise<void> {
  return new Promise((resolve, reject) => {
    backend.startExec(id, {}, { detach: true, onStarted: resolve }).then(() => resolve(), reject);
  });
}

async function startAttached(
  backend: ExecBackend,
  request: StreamRequest,
  options: StartOptions,
  logger: Logger,
): Promise<void> {
  const id = request.params.id!;
  const exec = await backend.inspectExec(id);
  // The client says how it reads, whatever the process has for a terminal.
  const raw = options.tty;
  const hasTerminal = exec.ProcessConfig.tty;
  const form = { raw, isMultiplexed: isMultiplexed(raw, request.apiMinor) };
  const connection = request.open();
  const detached = new AbortController();
  const stdout = exec.OpenStdout ? outputOf(connection, form, "stdout") : undefined;
  const stderr = exec.OpenStderr && !raw && !hasTerminal ? outputOf(connection, form, "stderr") : undefined;
  // Before the process runs: some clients lose output that comes in one piece with the answer.
  connection.accept(form);
  // The process outlives the client, be it detached or gone: only its input ends.
  detached.signal.addEventListener("abort", () => connection.finish());
  try {
    await backend.startExec(
      id,
      {
        stdin: exec.OpenStdin
          ? inputOf(connection, hasTerminal ? detachKeysOf(exec.DetachKeys, "escape") : [], detached)
          : undefined,
        stdout,
        stderr,
      },
      { consoleSize: request.apiMinor < 42 ? undefined : options.consoleSize },
    );
    await flushed(stdout, stderr);
  } catch (error) {
    tellFailure(connection, raw, error, logger);
  } finally {
    connection.finish();
  }
}

/** Clients expect the stream first; what went wrong is told in it, and by the exit code that they ask for afterwards. */
function tellFailure(connection: Hijacked, raw: boolean, error: unknown, logger: Logger): void {
  if (connection.signal.aborted) return;
  logger.debug("exec failed", { error });
  const message = Buffer.from(`${errorMessage(error)}\r\n`);
  connection.output.write(raw ? message : encodeFrame("stdout", message));
}
