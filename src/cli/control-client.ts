import { request } from "node:http";
import { join } from "node:path";
import {
  diskError,
  type ErrorKind,
  errnoCode,
  errorMessage,
  GantryError,
  isGantryError,
  readAll,
} from "../base/index.ts";

const MAX_ANSWER_BYTES = 64 * 2 ** 20;

export interface PlatformStatus {
  version: string;
  pid: number;
  home: string;
  /** By which verb it was started. */
  role: "up" | "server" | "agent";
  state: "starting" | "ready" | "stopping";
  uptimeSeconds: number;
  dockerSocket: string;
  kubeconfig: string;
  /** Of an agent that of the server which it uses. */
  api: string;
  registry: string;
  node: string;
  containers: { running: number; total: number };
  memoryBytes: number;
  /** Errors that no part of the program had caught; each stands in the log. */
  escapedErrors: number;
  services: { name: string; readyAfterMs: number | undefined }[];
}

/** What the running program answers instead when it could not do what was asked. */
export interface ControlFailure {
  kind: ErrorKind;
  code: string;
  message: string;
  hint?: string;
}

export function controlFailure(thrown: unknown): ControlFailure {
  const error = diskError(thrown) ?? thrown;
  if (!isGantryError(error)) return { kind: "Internal", code: "Internal", message: errorMessage(error) };
  const { kind, code, message, hint } = error;
  return { kind, code, message, ...(hint === undefined ? {} : { hint }) };
}

/** Where the running program listens for its own command line. */
export function controlSocket(home: string): string {
  return join(home, "gantry.sock");
}

/** Asks the program that runs on this home. Undefined when none does. */
export async function callControl<T>(
  home: string,
  method: "GET" | "POST",
  path: string,
): Promise<T | undefined> {
  try {
    return await send<T>(home, method, path);
  } catch (error) {
    const code = errnoCode(error);
    // Reset: the program ended between taking the connection and answering.
    if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ENOTDIR" || code === "ECONNRESET")
      return undefined;
    if (code === "EACCES") {
      throw new GantryError("PermissionDenied", `no permission to talk to the program on ${home}`, {
        hint: "run as root",
      });
    }
    throw error;
  }
}

function send<T>(home: string, method: string, path: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const message = request({ socketPath: controlSocket(home), method, path, agent: false }, (response) => {
      readAll(response, MAX_ANSWER_BYTES).then((body) => {
        const value = JSON.parse(body.toString("utf8"));
        if ((response.statusCode ?? 500) < 400) resolve(value as T);
        else reject(failureOf(value as ControlFailure));
      }, reject);
    });
    message.on("error", reject);
    message.end();
  });
}

function failureOf({ kind, code, message, hint }: ControlFailure): GantryError {
  return new GantryError(kind, message, { code, ...(hint === undefined ? {} : { hint }) });
}
