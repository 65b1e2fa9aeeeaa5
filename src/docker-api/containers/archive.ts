import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { invalidArgument } from "../../base/index.ts";
import type { PathStat } from "../../engine/types.ts";
import { bodyStream, sendEmpty } from "../../http/index.ts";
import type { ApiContext } from "../api-context.ts";
import { flag, text } from "../wire/query.ts";
import type { ContainersBackend } from "./backend.ts";

const STAT_HEADER = "x-docker-container-path-stat";

export async function headArchive(backend: ContainersBackend, context: ApiContext): Promise<void> {
  const stat = await backend.statPath(context.params.id!, pathOf(context));
  sendEmpty(context.res, 200, { [STAT_HEADER]: encodeStat(stat), "content-type": "application/json" });
}

export async function getArchive(backend: ContainersBackend, context: ApiContext): Promise<void> {
  const { stat, tar } = await backend.readArchive(context.params.id!, pathOf(context));
  await sendTar(context, tar, { [STAT_HEADER]: encodeStat(stat) });
}

export async function putArchive(backend: ContainersBackend, context: ApiContext): Promise<void> {
  await backend.writeArchive(context.params.id!, pathOf(context), bodyStream(context.req), {
    noOverwriteDirNonDir: flag(context.query, "noOverwriteDirNonDir"),
    copyUidGid: flag(context.query, "copyUIDGID"),
  });
  sendEmpty(context.res, 200);
}

/** Sends a tar stream; a failure on the way cuts the connection, so that the client does not take it for whole. */
export async function sendTar(
  context: ApiContext,
  tar: Readable,
  headers: Record<string, string> = {},
): Promise<void> {
  const { res, signal } = context;
  const stop = () => tar.destroy();
  signal.addEventListener("abort", stop, { once: true });
  try {
    res.writeHead(200, { "content-type": "application/x-tar", ...headers });
    await pipeline(tar, res);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    tar.destroy();
  }
}

function pathOf(context: ApiContext): string {
  const path = text(context.query, "path");
  if (path === undefined)
    throw invalidArgument("bad parameter: pathcannot be empty", { code: "DockerApi.Query" });
  return path;
}

function encodeStat(stat: PathStat): string {
  return Buffer.from(JSON.stringify(stat)).toString("base64");
}
