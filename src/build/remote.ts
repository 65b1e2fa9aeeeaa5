import { createWriteStream, utimesSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { errorMessage, GantryError, notImplemented } from "../base/index.ts";

export interface RemoteFile {
  /** Name that the address or the server gives to the file, empty if neither does. */
  name: string;
  /** Path of the downloaded file, in a directory of its own. */
  path: string;
  dir: string;
  dispose(): Promise<void>;
}

const MAX_NAME_BYTES = 255;

export function isUrl(source: string): boolean {
  return /^https?:\/\//i.test(source);
}

export function isGitSource(source: string): boolean {
  return /^(?:git:\/\/|git@|github\.com\/)/.test(source) || /^https?:\/\/.*\.git(?:#.*)?$/.test(source);
}

/** Fetches an http(s) address. Fails with `Build.Remote` on any status but success. */
export async function fetchRemote(url: string, signal: AbortSignal): Promise<Response> {
  if (isGitSource(url)) {
    throw notImplemented("building from a git repository is not supported", {
      code: "Build.Git",
      hint: "clone the repository and build from the directory",
    });
  }
  let response: Response;
  try {
    response = await fetch(url, { signal, redirect: "follow" });
  } catch (error) {
    signal.throwIfAborted();
    throw failed(`failed to GET ${url}: ${reasonOf(error)}`, error);
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw failed(`failed to GET ${url} with status ${response.status} ${response.statusText}`.trimEnd());
  }
  return response;
}

export function bodyOf(response: Response): Readable {
  return response.body ? Readable.fromWeb(response.body as never) : Readable.from([]);
}

/** Downloads a file for ADD: mode and owner are the caller's business, the time is the server's. */
export async function downloadRemote(
  url: string,
  parentDir: string,
  options: { signal: AbortSignal; limitBytes: number; onProgress(current: number, total?: number): void },
): Promise<RemoteFile> {
  const response = await fetchRemote(url, options.signal);
  const dir = await mkdtemp(join(parentDir, "download-"));
  const path = join(dir, "file");
  const dispose = () => rm(dir, { recursive: true, force: true });
  try {
    const total = Number(response.headers.get("content-length")) || undefined;
    await pipeline(
      counted(bodyOf(response), url, options.limitBytes, (current) => options.onProgress(current, total)),
      createWriteStream(path, { flags: "wx", mode: 0o600 }),
    );
    const modified = Date.parse(response.headers.get("last-modified") ?? "");
    const seconds = Number.isNaN(modified) ? 0 : modified / 1000;
    utimesSync(path, seconds, seconds);
    return { name: fileNameOf(url, response), path, dir, dispose };
  } catch (error) {
    await dispose();
    throw error instanceof GantryError ? error : failed(`failed to GET ${url}: ${reasonOf(error)}`, error);
  }
}

async function* counted(
  source: Readable,
  url: string,
  limitBytes: number,
  onBytes: (total: number) => void,
): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limitBytes) {
      throw new GantryError("ResourceExhausted", `${url} holds more than ${limitBytes} bytes`, {
        code: "Build.RemoteTooLarge",
      });
    }
    onBytes(size);
    yield chunk;
  }
}

function fileNameOf(url: string, response: Response): string {
  const { pathname } = new URL(url);
  const fromPath = pathname.endsWith("/") ? "" : basename(decode(pathname));
  if (isFileName(fromPath)) return fromPath;
  const disposition = response.headers.get("content-disposition") ?? "";
  const fromHeader = basename(/filename="?([^";]+)"?/i.exec(disposition)?.[1] ?? "");
  return isFileName(fromHeader) ? fromHeader : "";
}

function isFileName(name: string): boolean {
  return (
    name !== "" &&
    name !== "." &&
    name !== ".." &&
    !name.includes("\0") &&
    Buffer.byteLength(name) <= MAX_NAME_BYTES
  );
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && cause.message ? cause.message : errorMessage(error);
}

function failed(message: string, cause?: unknown): GantryError {
  return new GantryError("Unavailable", message, { code: "Build.Remote", cause });
}
