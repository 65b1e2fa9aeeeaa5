import { type ErrorKind, GantryError } from "../base/index.ts";

/** Codes of this module's errors. */
export type RuntimeErrorCode =
  | "Runtime.CommandNotFound"
  | "Runtime.CommandNotExecutable"
  | "Runtime.NotADirectory"
  | "Runtime.Failed";

/** What the runtime wrote, whether as text (`time="…" level=error msg="…"`) or as JSON lines, as one sentence. */
export function runtimeMessage(output: string): string {
  const messages: string[] = [];
  for (const line of output.split("\n").map((text) => text.trim())) {
    if (line === "") continue;
    messages.push(jsonMessage(line) ?? textMessage(line) ?? line);
  }
  return messages.join("; ");
}

function jsonMessage(line: string): string | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const parsed = JSON.parse(line) as { msg?: unknown };
    return typeof parsed.msg === "string" ? parsed.msg : undefined;
  } catch {
    return undefined;
  }
}

function textMessage(line: string): string | undefined {
  const quoted = /\bmsg=("(?:[^"\\]|\\.)*")/.exec(line)?.[1];
  if (!quoted) return undefined;
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return quoted.slice(1, -1);
  }
}

/**
 * The error of a runtime that refused to make a process, in the words by which Docker's client tells "not found" (its exit
 * code 127) and "may not be executed" (126) from the rest.
 */
export function explainFailure(output: string, command: string): { code: RuntimeErrorCode; reason: string } {
  const message = runtimeMessage(output);
  const quoted = JSON.stringify(command);
  const missing =
    /executable file [`"']?.*?[`"']? ?not found in \$PATH|executable file not found in \$PATH/.test(message);
  if (
    missing ||
    /exec:.*no such file or directory/i.test(message) ||
    /^open executable: No such file/i.test(message)
  ) {
    const reason = command.includes("/")
      ? `exec: ${quoted}: stat ${command}: no such file or directory`
      : `exec: ${quoted}: executable file not found in $PATH`;
    return { code: "Runtime.CommandNotFound", reason };
  }
  if (/^(open executable|exec(ve)?)\b.*(permission denied|operation not permitted)/i.test(message)) {
    return { code: "Runtime.CommandNotExecutable", reason: `exec: ${quoted}: permission denied` };
  }
  if (/exec: .*permission denied|exec: .*is a directory/i.test(message)) {
    return { code: "Runtime.CommandNotExecutable", reason: `exec: ${quoted}: permission denied` };
  }
  const directory =
    /chdir(?: to cwd)?[ (]*[`"']([^`"']*)[`"']\)?.*: (no such file or directory|permission denied|not a directory)/i.exec(
      message,
    );
  if (directory) return workingDirectoryFailure(directory[1]!, directory[2]!.toLowerCase());
  if (/not a directory/i.test(message)) return { code: "Runtime.NotADirectory", reason: lowerErrno(message) };
  return { code: "Runtime.Failed", reason: lowerErrno(message) || "the runtime failed without a message" };
}

function workingDirectoryFailure(path: string, why: string): { code: RuntimeErrorCode; reason: string } {
  const code = why === "permission denied" ? "Runtime.CommandNotExecutable" : "Runtime.CommandNotFound";
  return { code, reason: `chdir to cwd (${JSON.stringify(path)}) set in config.json failed: ${why}` };
}

/** crun ends its messages with strerror's capitalised text; everybody else writes it small. */
function lowerErrno(message: string): string {
  return message.replace(/: (No|Not|Permission|Operation|Invalid|Is|File|Device) /g, (text) =>
    text.toLowerCase(),
  );
}

const KIND: Record<RuntimeErrorCode, ErrorKind> = {
  "Runtime.CommandNotFound": "InvalidArgument",
  "Runtime.CommandNotExecutable": "InvalidArgument",
  "Runtime.NotADirectory": "InvalidArgument",
  "Runtime.Failed": "Internal",
};

export function createFailure(runtime: string, output: string, command: string): GantryError {
  const { code, reason } = explainFailure(output, command);
  return new GantryError(
    KIND[code],
    `failed to create task for container: failed to create shim task: OCI runtime create failed: ${runtime} create failed: ` +
      `unable to start container process: ${reason}: unknown`,
    { code, details: { output: output.slice(0, 4096) } },
  );
}

export function execFailure(output: string, command: string): GantryError {
  const { code, reason } = explainFailure(output, command);
  return new GantryError(
    KIND[code],
    `OCI runtime exec failed: exec failed: unable to start container process: ${reason}: unknown`,
    { code, details: { output: output.slice(0, 4096) } },
  );
}
