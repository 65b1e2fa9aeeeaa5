import type { GitReference, Platform } from "../../../formats/index.ts";
import type { OutgoingMetadata } from "../../llb/index.ts";
import type { GraphNode, OperationNode } from "./graph.ts";
import type { ResolveMode } from "./options.ts";
import type { LineRange } from "./source-map.ts";

/** Attributes of sources as moby/buildkit names them (solver/pb/attr.go). */
interface SourceOptions {
  name: string;
  lines?: LineRange | undefined;
  platform?: Platform;
  /** The instruction as written. */
  command?: string;
}

export function imageSource(
  reference: string,
  options: SourceOptions & { platform: Platform; resolveMode: ResolveMode },
): OperationNode {
  const attrs: Record<string, string> =
    options.resolveMode === "default" ? {} : { "image.resolvemode": options.resolveMode };
  return source(`docker-image://${reference}`, attrs, options);
}

export interface LocalOptions {
  name: string;
  sessionId: string;
  sharedKey: string;
  followPaths?: readonly string[] | undefined;
  excludePatterns?: readonly string[];
  /** Everything is sent again each time, without comparing: for what is small. */
  withoutComparing?: boolean;
}

export function localSource(local: string, options: LocalOptions): OperationNode {
  const { followPaths = [], excludePatterns = [] } = options;
  return source(
    `local://${local}`,
    {
      "local.session": options.sessionId,
      "local.sharedkeyhint": options.sharedKey,
      ...(followPaths.length > 0 ? { "local.followpaths": JSON.stringify(followPaths) } : {}),
      ...(excludePatterns.length > 0 ? { "local.excludepatterns": JSON.stringify(excludePatterns) } : {}),
      ...(options.withoutComparing ? { "local.differ": "none" } : {}),
    },
    { name: options.name },
  );
}

export interface GitSourceOptions extends SourceOptions {
  keepGitDir?: boolean | undefined;
  checksum?: string;
  mtime?: string;
}

export function gitSource(reference: GitReference, options: GitSourceOptions): OperationNode {
  const { host, path, ref, subdirectory, scheme } = reference;
  const fragment =
    ref === "" && subdirectory === "" ? "" : `#${ref}${subdirectory === "" ? "" : `:${subdirectory}`}`;
  const checksum = options.checksum || reference.checksum;
  const mtime = options.mtime || reference.mtime;
  return source(
    `git://${host}/${path.replace(/^\/+/, "")}${fragment}`,
    {
      "git.fullurl": reference.looksLikePath ? `https://${reference.remote}` : reference.remote,
      "git.authtokensecret": "GIT_AUTH_TOKEN",
      "git.authheadersecret": "GIT_AUTH_HEADER",
      ...(options.keepGitDir ? { "git.keepgitdir": "true" } : {}),
      ...(scheme === "ssh" ? { "git.mountsshsock": "default" } : {}),
      ...(checksum ? { "git.checksum": checksum } : {}),
      ...(reference.submodules === false ? { "git.skipsubmodules": "true" } : {}),
      ...(mtime ? { "git.mtime": mtime } : {}),
      ...(reference.fetchByCommit ? { "git.fetchbycommit": "true" } : {}),
    },
    options,
  );
}

export function httpSource(
  url: string,
  options: SourceOptions & { filename: string; checksum?: string },
): OperationNode {
  const attrs = {
    "http.filename": options.filename,
    ...(options.checksum ? { "http.checksum": options.checksum } : {}),
  };
  return source(url, attrs, options);
}

export function ociLayoutSource(
  reference: string,
  options: SourceOptions & { sessionId: string; storeId: string },
): OperationNode {
  return source(
    `oci-layout://${reference}`,
    { "oci.session": options.sessionId, "oci.store": options.storeId },
    options,
  );
}

/** Content of a directory of a node, as a tree of its own. */
export function subdirectoryOf(node: GraphNode, directory: string): OperationNode {
  return copyAll(node, directory, { dirCopyContents: true });
}

/** An archive's content. */
export function unpackedArchive(node: GraphNode, file: string): OperationNode {
  return copyAll(node, file, { attemptUnpackDockerCompatibility: true });
}

function copyAll(
  node: GraphNode,
  path: string,
  how: { dirCopyContents?: boolean; attemptUnpackDockerCompatibility?: boolean },
): OperationNode {
  const src = path.startsWith("/") ? path : `/${path}`;
  return {
    kind: "operation",
    inputs: [node],
    make: (inputs) => ({
      inputs,
      file: {
        actions: [
          {
            input: -1,
            secondaryInput: 0,
            output: 0,
            copy: { src, dest: "/", mode: -1, timestamp: -1, ...how },
          },
        ],
      },
    }),
    metadata: {},
    lines: undefined,
  };
}

function source(identifier: string, attrs: Record<string, string>, options: SourceOptions): OperationNode {
  const { platform, name, command, lines } = options;
  const description: Record<string, string> = { "llb.customname": name };
  if (command !== undefined) description["com.docker.dockerfile.v1.command"] = command;
  const metadata: OutgoingMetadata = { description };
  return {
    kind: "operation",
    inputs: [],
    make: () => ({
      source: { identifier, attrs },
      ...(platform ? { platform: platformMessage(platform) } : {}),
    }),
    metadata,
    lines,
  };
}

export function platformMessage(platform: Platform) {
  const { os, architecture, variant, "os.version": osVersion } = platform;
  return { os, architecture, ...(variant ? { variant } : {}), ...(osVersion ? { osVersion } : {}) };
}
