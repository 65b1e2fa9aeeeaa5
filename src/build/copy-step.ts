import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join, posix } from "node:path";
import { errorMessage, GantryError, invalidArgument, isGantryError } from "../base/index.ts";
import type { InlineFile, InstructionOf } from "../formats/index.ts";
import { expandWord } from "../formats/index.ts";
import { O_PATH } from "../kernel/index.ts";
import { copyItems } from "./copy-items.ts";
import { contentDigest } from "./file-content.ts";
import { fileStepHistory } from "./image-config.ts";
import { findStage } from "./plan.ts";
import { downloadRemote, isGitSource, isUrl } from "./remote.ts";
import { requiresBuildKit } from "./requires-buildkit.ts";
import { digestItem, resolveSources, type SourceItem, type SourceTree } from "./source-tree.ts";
import type { StageBuilder } from "./stage-builder.ts";
import { lookUpOwner } from "./user-lookup.ts";

type CopyInstruction = InstructionOf<"COPY"> | InstructionOf<"ADD">;

/** A source with what is to be released after the step. */
interface OpenSources {
  tree: SourceTree;
  items: SourceItem[];
  releases: (() => void | Promise<void>)[];
}

interface CopyParameters {
  kind: "COPY" | "ADD";
  sources: string[];
  inlineFiles: InlineFile[];
  destination: string;
  chown: string;
  mode: number | undefined;
  keepOwner: boolean;
  from: string;
  checksum: string;
}

/** COPY and ADD: finds and digests the sources, and copies them into a layer unless the step is known. */
export async function runCopyStep(stage: StageBuilder, instruction: CopyInstruction): Promise<void> {
  refuseUnsupported(instruction);
  const parameters = parametersOf(stage, instruction);
  const sources: OpenSources = { tree: stage.scope.context.tree, items: [], releases: [] };
  try {
    await openSources(stage, parameters, sources);
    assertDestination(parameters, sources.items.length);
    const digest = await digestAll(stage, sources, parameters.keepOwner);
    const chown = parameters.chown === "" ? "" : `--chown=${parameters.chown} `;
    const chmod = parameters.mode === undefined ? "" : `--chmod=${parameters.mode.toString(8)} `;
    await stage.commit({
      key: stage.key(
        parameters.kind,
        digest,
        parameters.destination,
        parameters.chown,
        parameters.mode ?? null,
      ),
      config: stage.config,
      createdBy: fileStepHistory(
        stage.config,
        `${parameters.kind} ${chown}${chmod}${digest} in ${parameters.destination} `,
      ),
      layer: () => copyLayer(stage, parameters, sources.items),
    });
  } finally {
    for (const item of sources.items) item.close();
    for (const release of sources.releases.reverse()) await release();
  }
}

function refuseUnsupported(instruction: CopyInstruction): void {
  if (instruction.copy.excludes.length > 0) throw requiresBuildKit("exclude");
  if (instruction.kind === "COPY" && instruction.parents) throw requiresBuildKit("parents");
  if (instruction.kind === "ADD" && instruction.unpack !== undefined) throw requiresBuildKit("unpack");
}

function parametersOf(stage: StageBuilder, instruction: CopyInstruction): CopyParameters {
  const { copy, kind } = instruction;
  const expand = (text: string) => stage.expand(text);
  const chown = expand(copy.chown);
  const from = kind === "COPY" ? instruction.from : "";
  const requested = expand(copy.destination);
  const destination = posix.resolve("/", stage.config.WorkingDir || "/", requested);
  const isDirectory = requested.endsWith("/") || requested === "." || requested.endsWith("/.");
  return {
    kind,
    sources: copy.sources.map(expand),
    inlineFiles: copy.inlineFiles.map((file) => ({ ...file, content: expandInline(stage, file) })),
    destination: isDirectory && destination !== "/" ? `${destination}/` : destination,
    chown,
    mode: parseMode(expand(copy.chmod)),
    keepOwner: from !== "" && chown === "",
    from,
    checksum: kind === "ADD" ? expand(instruction.checksum) : "",
  };
}

function expandInline(stage: StageBuilder, file: InlineFile): string {
  if (!file.expand) return file.content;
  const variables = stage.args.variables(stage.config.Env ?? []);
  return expandWord(file.content, variables, {
    escape: stage.scope.dockerfile.escapeChar,
    ignoreQuotes: true,
  }).text;
}

function parseMode(text: string): number | undefined {
  if (text === "") return undefined;
  if (!/^[0-7]{1,5}$/.test(text) || Number.parseInt(text, 8) > 0o7777) {
    throw invalidArgument(
      `invalid chmod parameter: '${text}'. it should be octal string and between 0 and 07777`,
      {
        code: "Build.Chmod",
      },
    );
  }
  return Number.parseInt(text, 8);
}

function assertDestination(parameters: CopyParameters, count: number): void {
  if (count <= 1 || parameters.destination.endsWith("/")) return;
  throw invalidArgument(
    `When using ${parameters.kind} with more than one source file, the destination must be a directory and end with a /`,
    { code: "Build.Destination" },
  );
}

async function openSources(
  stage: StageBuilder,
  parameters: CopyParameters,
  into: OpenSources,
): Promise<void> {
  if (parameters.from !== "") into.tree = await openFrom(stage, parameters.from, into);
  for (const source of parameters.sources) {
    if (isUrl(source) || isGitSource(source))
      into.items.push(await openDownload(stage, source, parameters, into));
    else into.items.push(...resolveSources(into.tree, [source], parameters.kind));
  }
  if (parameters.inlineFiles.length > 0) await openInlineFiles(stage, parameters, into);
  if (into.items.length === 0)
    throw invalidArgument(`${parameters.kind} failed: no source files were specified`);
}

/** Root of another stage or image, read only in effect: its snapshot is thrown away. */
async function openFrom(stage: StageBuilder, from: string, into: OpenSources): Promise<SourceTree> {
  const { scope, planned, output } = stage;
  const index = findStage(scope.dockerfile.stages, from, planned.index);
  const image =
    index === undefined ? await scope.findImage(from, undefined, output) : (await scope.stage(index)).image;
  const step = await scope.workspace.stepRoot(image?.id);
  into.releases.push(() => step.dispose());
  return { rootFd: step.root.fd, isContext: false };
}

async function openDownload(
  stage: StageBuilder,
  url: string,
  parameters: CopyParameters,
  into: OpenSources,
): Promise<SourceItem> {
  if (parameters.kind === "COPY") throw invalidArgument("COPY failed: source can't be a URL for COPY");
  const { scope, output } = stage;
  const file = await explained(parameters.kind, () =>
    downloadRemote(url, scope.workspace.contextsDir, {
      signal: scope.signal,
      limitBytes: scope.limits.limitBytes,
      onProgress: (current, total) => output.progress({ status: "Downloading", current, total }),
    }),
  );
  into.releases.push(() => file.dispose());
  output.text("\n");
  if (file.name === "" && parameters.destination.endsWith("/")) {
    throw invalidArgument(`ADD failed: cannot determine filename for source ${url}`);
  }
  await assertChecksum(url, file.path, parameters.checksum);
  return { ...openFile(file.path), name: file.name || "__unnamed__", isDownload: true };
}

async function assertChecksum(url: string, path: string, checksum: string): Promise<void> {
  if (checksum === "") return;
  if (!/^sha256:[0-9a-f]{64}$/.test(checksum))
    throw invalidArgument(`invalid checksum digest format: ${checksum}`);
  const found = `sha256:${await contentDigest(path, Number.POSITIVE_INFINITY)}`;
  if (found === checksum) return;
  throw new GantryError("InvalidArgument", `digest mismatch for ${url}: ${found} (expected: ${checksum})`, {
    code: "Build.Checksum",
    details: { expected: checksum, found },
  });
}

async function openInlineFiles(
  stage: StageBuilder,
  parameters: CopyParameters,
  into: OpenSources,
): Promise<void> {
  const dir = await mkdtemp(join(stage.scope.workspace.contextsDir, "inline-"));
  into.releases.push(() => rm(dir, { recursive: true, force: true }));
  for (const [index, file] of parameters.inlineFiles.entries()) {
    const path = join(dir, String(index));
    writeFileSync(path, file.content, { flag: "wx", mode: 0o644 });
    into.items.push({ ...openFile(path), name: posix.basename(file.path) });
  }
}

function openFile(path: string): SourceItem {
  const fd = openSync(path, O_PATH | constants.O_NOFOLLOW);
  return { name: "", path, fd, stat: fstatSync(fd), close: () => closeSync(fd) };
}

async function digestAll(stage: StageBuilder, sources: OpenSources, withOwner: boolean): Promise<string> {
  const digests: string[] = [];
  for (const item of sources.items) {
    digests.push(await digestItem(sources.tree, item, { withOwner, signal: stage.scope.signal }));
  }
  if (digests.length === 1) return digests[0]!;
  return `multi:${createHash("sha256").update(digests.join(",")).digest("hex")}`;
}

async function copyLayer(stage: StageBuilder, parameters: CopyParameters, items: readonly SourceItem[]) {
  const step = await stage.scope.workspace.stepRoot(stage.image?.id);
  try {
    const owner = parameters.chown === "" ? { uid: 0, gid: 0 } : lookUpOwner(step.root.fd, parameters.chown);
    await explained(parameters.kind, () =>
      copyItems(step.root.fd, items, {
        destination: parameters.destination,
        owner: parameters.keepOwner ? undefined : owner,
        archiveOwner: parameters.chown === "" ? undefined : owner,
        mode: parameters.mode,
        unpackArchives: parameters.kind === "ADD",
        limits: stage.scope.limits,
        signal: stage.scope.signal,
      }),
    );
    step.unmount();
    return { snapshotKey: step.key, dispose: () => step.dispose() };
  } catch (error) {
    await step.dispose();
    throw error;
  }
}

/** Says of an error which instruction met it. */
async function explained<T>(kind: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isGantryError(error, "InvalidArgument") && !isGantryError(error, "Unavailable")) throw error;
    throw new GantryError(error.kind, `${kind} failed: ${errorMessage(error)}`, {
      code: error.code,
      details: error.details,
      cause: error,
    });
  }
}
