import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { posix } from "node:path";
import { GantryError, invalidArgument } from "../../base/index.ts";
import { copyContent } from "../file-content.ts";
import type { SourceOp } from "../llb/index.ts";
import type { OperationResult, OperationRun } from "../operations/operation-context.ts";
import { WorkingTree } from "../operations/working-tree.ts";
import { downloadRemote } from "../remote.ts";
import { EMPTY_REF } from "../solver/ref.ts";
import { TreeWriter } from "../tree-writer.ts";

/** A file behind an address, as a tree with that file. Attributes are LLB's: `http.checksum`, `http.filename`, `http.perm`, … */
export async function runHttpSource(
  { identifier, attrs }: SourceOp,
  run: OperationRun,
): Promise<OperationResult> {
  const { workspace, limits } = run.host;
  const file = await downloadRemote(identifier, workspace.contextsDir, {
    signal: run.signal,
    limitBytes: limits.limitBytes,
    onProgress: (current, total) => run.step.status(identifier, { current, total }),
  });
  const tree = new WorkingTree(run, EMPTY_REF);
  try {
    await assertChecksum(file.path, identifier, attrs["http.checksum"]);
    const { size, mtimeMs } = statSync(file.path);
    const writer = new TreeWriter(await tree.rootFd());
    const name = nameOf(attrs["http.filename"], file.name);
    const attributes = {
      uid: Number(attrs["http.uid"] ?? 0),
      gid: Number(attrs["http.gid"] ?? 0),
      mode: attrs["http.perm"] ? Number(attrs["http.perm"]) : 0o600,
      mtimeMs,
    };
    try {
      await writer.file(name, attributes, (at) => copyContent(file.path, at, size));
    } finally {
      writer.close();
    }
    run.step.status(identifier, { current: size, total: size, done: true });
    const releases: (() => void)[] = [];
    const ref = await tree.commit(releases);
    return { outputs: [ref], release: () => releases.splice(0).forEach((release) => void release()) };
  } catch (error) {
    await tree.discard();
    throw error;
  } finally {
    await file.dispose();
  }
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
