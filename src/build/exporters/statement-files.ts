import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { statementOf } from "./attestation-manifest.ts";
import { readTreeFile, treeEntries } from "./tree-entries.ts";
import type { ExportedOutput } from "./types.ts";

/** A file beside a result's files that says something of them. */
export interface StatementFile {
  name: string;
  bytes: Buffer;
}

/** What was asked to be said of a result, about each of its files (moby/buildkit, exporter/local). In the order of their names. */
export async function statementFiles(
  { attestations = [] }: Pick<ExportedOutput, "attestations">,
  rootFd: number,
): Promise<StatementFile[]> {
  const wanted = attestations.filter(({ isInlineOnly }) => !isInlineOnly);
  if (wanted.length === 0) return [];
  const subjects = await subjectsOf(rootFd);
  const files: StatementFile[] = [];
  for (const attestation of wanted) {
    const text = JSON.stringify(await statementOf(attestation, subjects), null, 2);
    // A name is a name: it leads nowhere else.
    files.push({ name: attestation.fileName.replaceAll("/", "_"), bytes: Buffer.from(text) });
  }
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function subjectsOf(rootFd: number) {
  const subjects: { name: string; digest: Record<string, string> }[] = [];
  for await (const { path, mode } of treeEntries(rootFd)) {
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) continue;
    const hash = createHash("sha256");
    for await (const part of readTreeFile(rootFd, path)) hash.update(part);
    subjects.push({ name: path, digest: { sha256: hash.digest("hex") } });
  }
  return subjects;
}
