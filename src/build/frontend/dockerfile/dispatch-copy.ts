import { posix } from "node:path";
import { GantryError, invalidArgument } from "../../../base/index.ts";
import {
  type GitReference,
  hasWildcards,
  type InstructionOf,
  parseGitReference,
  tryParseDigest,
} from "../../../formats/index.ts";
import { parseChmod } from "./chmod.ts";
import { type CopyItem, copyNode, inlineFileNode } from "./file-nodes.ts";
import type { GraphNode } from "./graph.ts";
import { addHistory } from "./image-config.ts";
import { cleanAbsolute, withTrailingSlash } from "./paths.ts";
import { gitSource, httpSource } from "./source-ops.ts";
import type { Step } from "./step.ts";
import { nextVertexName, shownCommand, vertexName } from "./vertex-name.ts";

type CopyInstruction = InstructionOf<"COPY"> | InstructionOf<"ADD">;

/** COPY or ADD with its variables put in. */
interface Expanded {
  sources: string[];
  destination: string;
  chown: string;
  chmod: string;
  checksum: string;
  inlineFiles: { path: string; content: string }[];
}

export function dispatchCopy(step: Step, instruction: CopyInstruction): void {
  const { conversion, stage, command } = step;
  const expanded = expandCopy(step, instruction);
  const mode = expanded.chmod === "" ? { mode: -1 } : parseChmod(expanded.chmod);
  assertChecksumFits(instruction, expanded);
  const source = sourceNode(step, instruction);
  const shown = shownCommand(instruction.original, stage.env, { escape: conversion.escapeChar });
  const named = { env: stage.env, isOnBuild: command.isOnBuild };
  const name = nextVertexName(conversion, stage, shown, named);
  const destination = withTrailingSlash(expanded.destination, stage.directory);
  const items = [
    ...expanded.sources.map(
      (path) => remoteItem(step, instruction, expanded, path, name) ?? localItem(instruction, path, source),
    ),
    ...expanded.inlineFiles.map(({ path, content }): CopyItem => {
      const file = inlineFileNode(path, content, 0o644);
      return { node: file, copy: { src: cleanAbsolute(path) } };
    }),
  ].map(
    ({ node, copy }): CopyItem => ({
      node,
      copy: {
        ...copy,
        ...mode,
        dest: destination,
        createDestPath: true,
        timestamp: -1,
        ...(instruction.copy.excludes.length > 0 ? { excludePatterns: instruction.copy.excludes } : {}),
      },
    }),
  );
  const metadata = {
    description: { "llb.customname": name },
    ...(stage.ignoresCache ? { ignoreCache: true } : {}),
  };
  const isLinked = instruction.copy.link && expanded.chmod === "";
  stage.node = copyNode(items, {
    base: stage.node,
    owner: expanded.chown,
    lines: command.lines,
    metadata,
    ...(isLinked
      ? {
          link: {
            name: vertexName(conversion, stage, `LINK ${shown}`, named),
            id: `${name}@${command.lines.start}`,
          },
        }
      : {}),
  });
  for (const path of expanded.sources) noteUse(step, path);
  addHistory(stage.image, historyText(instruction, expanded), {
    hasLayer: true,
    epochSeconds: conversion.epochSeconds,
  });
}

function expandCopy({ expand }: Step, instruction: CopyInstruction): Expanded {
  const { copy } = instruction;
  const chown = expand(copy.chown);
  const chmod = expand(copy.chmod);
  const checksum = instruction.kind === "ADD" ? expand(instruction.checksum) : "";
  const sources = copy.sources.map((path) => expand(path));
  const destination = expand(copy.destination);
  const inlineFiles = copy.inlineFiles.map(({ path, content, expand: isExpanded }) => ({
    path,
    content: isExpanded ? expand.raw(content) : content,
  }));
  return { sources, destination, chown, chmod, checksum, inlineFiles };
}

/** What files are taken of: the context, or another stage or image. Undefined: nothing is in it. */
function sourceNode(
  { conversion, stage, command }: Step,
  instruction: CopyInstruction,
): GraphNode | undefined {
  const [from] = command.sources;
  if (!from) return conversion.contextNode;
  if (from.isDispatched) return from.node;
  const name = instruction.kind === "COPY" ? instruction.from : "";
  throw invalidArgument(
    `cannot copy from stage ${JSON.stringify(name)}, it needs to be defined before current stage ${JSON.stringify(stage.shownName)}`,
  );
}

function remoteItem(
  step: Step,
  instruction: CopyInstruction,
  { checksum }: Expanded,
  path: string,
  name: string,
): CopyItem | undefined {
  const git = parseGitReference(path);
  const { original: written } = instruction;
  if (git && !git.looksLikePath) {
    if (instruction.kind === "COPY") throw invalidArgument("source can't be a git ref for COPY");
    return { node: gitNode(instruction, git, checksum, name), copy: { src: "/" } };
  }
  if (!/^https?:\/\//.test(path)) return undefined;
  if (instruction.kind === "COPY") throw invalidArgument("source can't be a URL for COPY");
  if (checksum !== "" && !tryParseDigest(checksum)) throw invalidArgument("invalid checksum digest format");
  const filename = downloadName(path);
  const node = httpSource(path, { name, filename, checksum, command: written, lines: step.command.lines });
  return {
    node,
    copy: { src: `/${filename}`, ...(instruction.unpack ? { attemptUnpackDockerCompatibility: true } : {}) },
  };
}

function gitNode(
  { keepGitDir: flag }: InstructionOf<"ADD">,
  git: GitReference,
  checksum: string,
  name: string,
): GraphNode {
  if (flag !== undefined && git.keepGitDir !== undefined && flag !== git.keepGitDir)
    throw invalidArgument("inconsistent keep-git-dir configuration");
  if (checksum !== "" && git.checksum !== "" && checksum !== git.checksum)
    throw invalidArgument(`checksum mismatch ${JSON.stringify(checksum)} != ${JSON.stringify(git.checksum)}`);
  return gitSource(git, { name, keepGitDir: git.keepGitDir ?? flag, checksum });
}

/** Last part of the URL's path. */
function downloadName(url: string): string {
  const path = /^https?:\/\/[^/?#]*([^?#]*)/.exec(url)![1]!;
  let decoded = path;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    // Not an escape: taken as it stands.
  }
  const base = posix.basename(decoded);
  return base === "" || base === "." || base === ".." ? "__unnamed__" : base;
}

function localItem(instruction: CopyInstruction, path: string, node: GraphNode | undefined): CopyItem {
  const unpack = instruction.kind === "ADD" && (instruction.unpack ?? true);
  const parents = instruction.kind === "COPY" && instruction.parents ? parentsOf(path) : undefined;
  return {
    node,
    copy: {
      src: parents?.source ?? cleanAbsolute(path),
      ...(parents ? { includePatterns: [parents.pattern], requiredPaths: parents.required } : {}),
      followSymlink: true,
      dirCopyContents: true,
      attemptUnpackDockerCompatibility: unpack,
      allowWildcard: true,
      allowEmptyWildcard: true,
    },
  };
}

/** COPY --parents: what is behind `/./`, or the whole path, is made anew below the destination. */
function parentsOf(path: string): { source: string; pattern: string; required: string[] } {
  const pivot = path.indexOf("/./");
  const source = pivot < 0 ? "/" : path.slice(0, pivot);
  const pattern = cleanAbsolute(pivot < 0 ? path : path.slice(pivot + 3));
  const isPlain = !hasWildcards(source) && !hasWildcards(pattern);
  return {
    source: cleanAbsolute(source),
    pattern: pattern.replace(/^\//, ""),
    // Where no pattern is, something is meant to be there.
    required: isPlain ? [cleanAbsolute(posix.join(source, pattern))] : [],
  };
}

function assertChecksumFits(instruction: CopyInstruction, { checksum, sources }: Expanded): void {
  if (checksum === "" || instruction.kind === "COPY") return;
  if (sources.length !== 1) throw invalidArgument("checksum can't be specified for multiple sources");
  if (!/^https?:\/\//.test(sources[0]!) && !parseGitReference(sources[0]!))
    throw invalidArgument("checksum requires HTTP(S) or Git sources");
}

/** Remembers which files of the source are needed, and tells of those that .dockerignore leaves out. */
function noteUse({ conversion, stage, command, linter }: Step, path: string): void {
  const [from] = command.sources;
  if (from) {
    from.paths.add(posix.join("/", path));
    return;
  }
  if (/^https?:\/\//.test(path) || isRemoteGit(path)) return;
  stage.contextPaths.add(posix.join("/", path));
  const { ignore } = conversion;
  // With exceptions nothing can be said before the files are seen.
  if (!ignore || ignore.matcher.hasExceptions) return;
  const clean = posix.normalize(path).replace(/(?<=.)\/$/, "");
  const isRoot = clean === "." || clean === "/";
  if (isRoot && !ignore.patterns.some((pattern) => ["*", "**", "**/*"].includes(pattern))) return;
  if (ignore.matcher.ignores(clean))
    linter.run("CopyIgnoredFile", command.lines, command.instruction.kind === "ADD" ? "Add" : "Copy", clean);
}

function isRemoteGit(path: string): boolean {
  try {
    const git = parseGitReference(path);
    return git !== undefined && !git.looksLikePath;
  } catch (error) {
    if (error instanceof GantryError) return true;
    throw error;
  }
}

function historyText(instruction: CopyInstruction, expanded: Expanded): string {
  const parts: string[] = [instruction.kind];
  if (instruction.kind === "COPY" && instruction.parents) parts.push("--parents");
  if (expanded.chown !== "") parts.push(`--chown=${expanded.chown}`);
  if (expanded.chmod !== "") parts.push(`--chmod=${expanded.chmod}`);
  parts.push(
    ...expanded.sources,
    ...expanded.inlineFiles.map(({ path }) => `<<${path}`),
    expanded.destination,
  );
  return `${parts.join(" ")} # buildkit`;
}
