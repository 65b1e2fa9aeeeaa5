import { createHash } from "node:crypto";
import { posix } from "node:path";
import { errorMessage, GantryError, invalidArgument, isGantryError } from "../../base/index.ts";
import { expandWord, type InlineFile, type InstructionOf } from "../../formats/index.ts";
import { fileStepHistory } from "../image-config.ts";
import { digestSelected } from "../operations/content-digest.ts";
import type { Ownership } from "../tree-writer.ts";
import { copyOperation } from "./copy-operation.ts";
import { type CopyItem, CopySources } from "./copy-sources.ts";
import { requiresBuildKit } from "./requires-buildkit.ts";
import type { StageBuilder, StepLayer } from "./stage-builder.ts";
import { lookUpOwner } from "./user-lookup.ts";

type CopyInstruction = InstructionOf<"COPY"> | InstructionOf<"ADD">;

/** A COPY or ADD, its variables expanded. */
export interface CopyParameters {
  kind: "COPY" | "ADD";
  sources: string[];
  inlineFiles: InlineFile[];
  /** Absolute; a slash at the end says that it is a directory. */
  destination: string;
  chown: string;
  mode: number | undefined;
  from: string;
  checksum: string;
}

/** COPY and ADD: finds and digests the sources, and copies them into a layer unless the step is known. */
export async function runCopyStep(stage: StageBuilder, instruction: CopyInstruction): Promise<void> {
  refuseUnsupported(instruction);
  const parameters = parametersOf(stage, instruction);
  const sources = new CopySources(stage, parameters);
  try {
    const items = await explained(parameters.kind, () => sources.open());
    assertDestination(parameters, items.length);
    const digest = await digestAll(stage, items);
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
      layer: () => copyLayer(stage, parameters, items),
    });
  } finally {
    sources.close();
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
  const requested = expand(copy.destination);
  const destination = posix.resolve("/", stage.config.WorkingDir || "/", requested);
  const isDirectory = requested.endsWith("/") || requested === "." || requested.endsWith("/.");
  return {
    kind,
    sources: copy.sources.map(expand),
    inlineFiles: copy.inlineFiles.map((file) => ({ ...file, content: expandInline(stage, file) })),
    destination: isDirectory && destination !== "/" ? `${destination}/` : destination,
    chown: expand(copy.chown),
    mode: parseMode(expand(copy.chmod)),
    from: kind === "COPY" ? instruction.from : "",
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

async function digestAll(stage: StageBuilder, items: readonly CopyItem[]): Promise<string> {
  const digests: string[] = [];
  for (const { selected, local } of items) {
    const digest = await digestSelected([selected], undefined, local, stage.scope.signal);
    digests.push(`${selected.stat.isDirectory() ? "dir" : "file"}:${digest}`);
  }
  if (digests.length === 1) return digests[0]!;
  return `multi:${createHash("sha256").update(digests.join(",")).digest("hex")}`;
}

async function copyLayer(
  stage: StageBuilder,
  parameters: CopyParameters,
  items: readonly CopyItem[],
): Promise<StepLayer> {
  const { job, image } = stage;
  const owner = parameters.chown === "" ? undefined : await ownerOf(stage, parameters.chown);
  const copy = job.add(copyOperation(job.image(image), items, parameters, owner));
  return { diffId: await explained(parameters.kind, () => job.layerOn(image, copy)) };
}

async function ownerOf({ job, image }: StageBuilder, chown: string): Promise<Ownership> {
  const tree = await (await job.solve(job.image(image))).open();
  try {
    return lookUpOwner(tree.rootFd, chown);
  } finally {
    tree.close();
  }
}

/** Says of an error which instruction met it. */
async function explained<T>(kind: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isTold = isGantryError(error) && error.message.startsWith(`${kind} failed: `);
    if (isTold || (!isGantryError(error, "InvalidArgument") && !isGantryError(error, "Unavailable")))
      throw error;
    throw new GantryError(error.kind, `${kind} failed: ${errorMessage(error)}`, {
      code: error.code,
      details: error.details,
      cause: error,
    });
  }
}
