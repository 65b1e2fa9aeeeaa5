import { createWriteStream, utimesSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { basename, join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { getCACertificates } from "node:tls";
import { errorMessage, GantryError, notImplemented } from "../base/index.ts";

export interface RemoteFile {
  /** Name that the address or the server gives to the file, empty if neither does. */
  name: string;
  /** Path of the downloaded file, in a directory of its own. */
  path: string;
  dir: string;
  /** What the server calls this state of it. */
  etag: string | undefined;
  dispose(): Promise<void>;
}

export interface RemoteResponse {
  headers: IncomingHttpHeaders;
  /** Has to be read or destroyed. */
  body: Readable;
}

const MAX_NAME_BYTES = 255;
/** As Go's client. */
const MAX_REDIRECTS = 10;
/** Nothing may move for this long. */
const IDLE_TIMEOUT_MS = 60_000;
const REDIRECTS = [301, 302, 303, 307, 308];

export function isUrl(source: string): boolean {
  return /^https?:\/\//i.test(source);
}

export function isGitSource(source: string): boolean {
  return /^(?:git:\/\/|git@|github\.com\/)/.test(source) || /^https?:\/\/.*\.git(?:#.*)?$/.test(source);
}

export function refuseGit(url: string): void {
  if (!isGitSource(url)) return;
  throw notImplemented("building from a git repository is not supported", {
    code: "Build.Git",
    hint: "clone the repository and build from the directory",
  });
}

/**
 * Fetches an http(s) address, whatever its port. Fails with `Build.Remote` on any status but success, and with NotModified where
 * the server says so.
 */
export async function fetchRemote(
  url: string,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<RemoteResponse> {
  refuseGit(url);
  let answer: IncomingMessage;
  try {
    answer = await follow(url, signal, headers);
  } catch (error) {
    signal.throwIfAborted();
    throw failed(`failed to GET ${url}: ${errorMessage(error)}`, error);
  }
  const { statusCode = 0, statusMessage = "" } = answer;
  if (statusCode >= 200 && statusCode < 300) return { headers: answer.headers, body: answer };
  answer.destroy();
  if (statusCode === 304)
    throw new GantryError("NotModified", `${url} is as it was`, { code: "Build.NotModified" });
  throw failed(`failed to GET ${url} with status ${statusCode} ${statusMessage}`.trimEnd());
}

async function follow(
  address: string,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>>,
): Promise<IncomingMessage> {
  let url = new URL(address);
  const { origin } = url;
  for (let redirects = 0; ; redirects++) {
    // What is for one server only (credentials) is not for those that it sends to.
    const answer = await get(url, signal, url.origin === origin ? headers : withoutCredentials(headers));
    const { location } = answer.headers;
    if (!REDIRECTS.includes(answer.statusCode ?? 0) || location === undefined) return answer;
    answer.destroy();
    if (redirects === MAX_REDIRECTS) throw new Error(`stopped after ${MAX_REDIRECTS} redirects`);
    url = new URL(location, url);
  }
}

function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.toLowerCase() !== "authorization"),
  );
}

function get(
  url: URL,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>>,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    if (!isUrl(url.href))
      throw new Error(`unsupported protocol scheme ${JSON.stringify(url.protocol.slice(0, -1))}`);
    const isPlain = url.protocol === "http:";
    // The machine's own trust store counts, as it does for registries.
    const ca = isPlain ? undefined : [...getCACertificates("default"), ...getCACertificates("system")];
    const options = { signal, agent: false, timeout: IDLE_TIMEOUT_MS, ca, headers };
    const request = (isPlain ? httpRequest : httpsRequest)(url, options);
    request.once("timeout", () => request.destroy(new Error("i/o timeout")));
    request.once("error", reject);
    request.once("response", resolve);
    request.end();
  });
}

/** Downloads a file for ADD: mode and owner are the caller's business, the time is the server's. */
export async function downloadRemote(
  url: string,
  parentDir: string,
  options: {
    signal: AbortSignal;
    limitBytes: number;
    headers?: Readonly<Record<string, string>>;
    onProgress(current: number, total?: number): void;
  },
): Promise<RemoteFile> {
  const { headers, body } = await fetchRemote(url, options.signal, options.headers);
  const dir = await mkdtemp(join(parentDir, "download-"));
  const path = join(dir, "file");
  const dispose = () => rm(dir, { recursive: true, force: true });
  try {
    const total = Number(headers["content-length"]) || undefined;
    await pipeline(
      counted(body, url, options.limitBytes, (current) => options.onProgress(current, total)),
      createWriteStream(path, { flags: "wx", mode: 0o600 }),
    );
    const modified = Date.parse(headers["last-modified"] ?? "");
    const seconds = Number.isNaN(modified) ? 0 : modified / 1000;
    utimesSync(path, seconds, seconds);
    return { name: fileNameOf(url, headers), path, dir, etag: headers.etag, dispose };
  } catch (error) {
    await dispose();
    if (error instanceof GantryError) throw error;
    options.signal.throwIfAborted();
    throw failed(`failed to GET ${url}: ${errorMessage(error)}`, error);
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

function fileNameOf(url: string, headers: IncomingHttpHeaders): string {
  const { pathname } = new URL(url);
  const fromPath = pathname.endsWith("/") ? "" : basename(decode(pathname));
  if (isFileName(fromPath)) return fromPath;
  const disposition = headers["content-disposition"] ?? "";
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

function failed(message: string, cause?: unknown): GantryError {
  return new GantryError("Unavailable", message, { code: "Build.Remote", cause });
}
