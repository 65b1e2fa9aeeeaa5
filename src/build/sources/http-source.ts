import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, statSync, utimesSync } from "node:fs";
import { join, posix } from "node:path";
import { pipeline } from "node:stream/promises";
import { GantryError, invalidArgument, isGantryError, notFound, shortHash } from "../../base/index.ts";
import type { ResultCache } from "../cache/result-cache.ts";
import { copyContent } from "../file-content.ts";
import type { SourceOp } from "../llb/index.ts";
import type { OperationResult, OperationRun } from "../operations/operation-context.ts";
import { WorkingTree } from "../operations/working-tree.ts";
import { downloadRemote, type RemoteFile } from "../remote.ts";
import { EMPTY_REF } from "../solver/ref.ts";
import { TreeWriter } from "../tree-writer.ts";
import { redacted } from "./git/git-identifier.ts";

/** Stands for the client in addresses (moby/buildkit, session/upload). */
const UPLOAD_HOST = "buildkit-session";

/**
 * A file behind an address, as a tree with that file. Attributes are LLB's: `http.checksum`, `http.filename`, `http.perm`, … One that was
 * fetched before is not fetched again when its checksum is given, or when the server says that it is the same.
 */
export async function runHttpSource(
  { identifier, attrs }: SourceOp,
  run: OperationRun,
): Promise<OperationResult & { isCached: boolean }> {
  if (!URL.canParse(identifier))
    throw invalidArgument(`invalid URL ${identifier.slice(0, 200)}`, { code: "Build.Url" });
  if (new URL(identifier).host === UPLOAD_HOST) return takeUpload(identifier, attrs, run);
  // An address may hold a password.
  const key = `http ${shortHash(JSON.stringify([identifier, Object.entries(attrs).sort()]), 64)}`;
  const known = run.forgetsResults ? undefined : run.host.results.find([key]);
  if (known && attrs["http.checksum"]) return resultOf(known);
  try {
    const result = await download({ identifier, attrs, key, etag: known?.record.etag }, run);
    known?.release();
    return { ...result, isCached: false };
  } catch (error) {
    if (known && isGantryError(error, "NotModified")) return resultOf(known);
    known?.release();
    throw error;
  }
}

function resultOf({ record, release }: NonNullable<ReturnType<ResultCache["find"]>>) {
  return { outputs: record.outputs.map((layers) => ({ layers })), release, isCached: true };
}

interface Download {
  identifier: string;
  attrs: Readonly<Record<string, string>>;
  key: string;
  etag: string | undefined;
}

async function download(
  { identifier, attrs, key, etag }: Download,
  run: OperationRun,
): Promise<OperationResult> {
  const { workspace, limits, results } = run.host;
  const file = await downloadRemote(identifier, workspace.contextsDir, {
    signal: run.signal,
    limitBytes: limits.limitBytes,
    headers: await headersOf(attrs, etag, run),
    onProgress: (current, total) => run.step.status(identifier, { current, total }),
  });
  const made = await treeOf(file, identifier, attrs, run);
  if (run.forgetsResults) return made;
  try {
    const layers = [...made.outputs[0]!.layers];
    const { release } = await results.put({
      keys: [key],
      outputs: [layers],
      ownLayers: layers.map(({ diffId }) => diffId),
      description: `http url ${redacted(identifier)}`,
      recordType: "regular",
      ...(file.etag === undefined ? {} : { etag: file.etag }),
    });
    return { outputs: made.outputs, release };
  } finally {
    made.release();
  }
}

/** Content that the client itself offers, once (`docker build - < context.tar`). */
async function takeUpload(
  identifier: string,
  attrs: Readonly<Record<string, string>>,
  run: OperationRun,
): Promise<OperationResult & { isCached: boolean }> {
  const { pathname } = new URL(identifier);
  const content = run.session?.upload?.(pathname.replace(/^\//, ""), run.signal);
  if (!content) throw notFound(`the client offers no ${identifier}`, { code: "Build.NoUpload" });
  const { dir, dispose } = await run.host.workspace.scratchDirectory();
  const path = join(dir, "file");
  try {
    await pipeline(
      limited(content, run.host.limits.limitBytes, (current) => run.step.status(identifier, { current })),
      createWriteStream(path, { flags: "wx", mode: 0o600 }),
      { signal: run.signal },
    );
  } catch (error) {
    await dispose();
    throw error;
  }
  utimesSync(path, 0, 0);
  const file = { name: posix.basename(pathname), path, dir, etag: undefined, dispose };
  return { ...(await treeOf(file, identifier, attrs, run)), isCached: false };
}

async function* limited(
  content: AsyncIterable<Uint8Array>,
  limitBytes: number,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of content) {
    bytes += chunk.length;
    if (bytes > limitBytes)
      throw new GantryError("ResourceExhausted", `the client sent more than ${limitBytes} bytes`, {
        code: "Build.RemoteTooLarge",
      });
    onBytes(bytes);
    yield chunk;
  }
}

/** The file as the only one of a tree; the file goes. */
async function treeOf(
  file: RemoteFile,
  identifier: string,
  attrs: Readonly<Record<string, string>>,
  run: OperationRun,
): Promise<OperationResult> {
  const tree = new WorkingTree(run, EMPTY_REF);
  const releases: (() => void)[] = [];
  try {
    await assertChecksum(file.path, identifier, attrs["http.checksum"]);
    const size = await writeInto(await tree.rootFd(), file, attrs);
    run.step.status(identifier, { current: size, total: size, done: true });
    const { layers } = await tree.commit(releases);
    return { outputs: [{ layers }], release: () => releases.splice(0).forEach((release) => void release()) };
  } catch (error) {
    await tree.discard();
    throw error;
  } finally {
    await file.dispose();
  }
}

async function headersOf(
  attrs: Readonly<Record<string, string>>,
  etag: string | undefined,
  { session, signal }: OperationRun,
): Promise<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const name of ["accept", "user-agent"]) {
    const value = attrs[`http.header.${name}`];
    if (value) headers[name] = value;
  }
  if (etag) headers["if-none-match"] = etag;
  const secret = attrs["http.authheadersecret"];
  const value = secret ? await session?.secret(secret, signal) : undefined;
  if (value) headers.authorization = value.toString("utf8");
  return headers;
}

async function writeInto(
  rootFd: number,
  file: RemoteFile,
  attrs: Readonly<Record<string, string>>,
): Promise<number> {
  const { size, mtimeMs } = statSync(file.path);
  const writer = new TreeWriter(rootFd);
  const attributes = {
    uid: Number(attrs["http.uid"] ?? 0),
    gid: Number(attrs["http.gid"] ?? 0),
    mode: attrs["http.perm"] ? Number(attrs["http.perm"]) : 0o600,
    mtimeMs,
  };
  try {
    const name = nameOf(attrs["http.filename"], file.name);
    await writer.file(name, attributes, (at) => copyContent(file.path, at, size));
  } finally {
    writer.close();
  }
  return size;
}

function nameOf(given: string | undefined, found: string): string {
  const name = posix.basename(given || found || "download");
  if (name === "" || name === "." || name === "..") throw invalidArgument(`invalid http.filename ${given}`);
  return name;
}

async function assertChecksum(path: string, url: string, expected: string | undefined): Promise<void> {
  if (!expected) return;
  const [algorithm = "", hex] = expected.split(":");
  if (!["sha256", "sha384", "sha512"].includes(algorithm))
    throw invalidArgument(`invalid checksum ${expected}`);
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  const found = hash.digest("hex");
  if (found === hex) return;
  throw new GantryError("InvalidArgument", `digest mismatch ${algorithm}:${found}: ${expected}`, {
    code: "Build.Checksum",
    details: { url },
  });
}
