import { statSync } from "node:fs";
import { isAbsolute } from "node:path";
import { DirectoryFiles, type FileSync, type FileSyncRequest } from "../../build/index.ts";

export interface DirectoryPlace {
  path: string;
  device: bigint;
  inode: bigint;
}

/**
 * A client's directory that is the same directory here: not so where the client has other mounts or another root (a container that the
 * socket is mounted into). Whoever is let onto the socket may mount any directory of the machine into a container, so that reading one
 * for him gives him nothing.
 */
export function openInPlace(
  { path, device, inode }: DirectoryPlace,
  request: FileSyncRequest,
): FileSync | undefined {
  if (!isAbsolute(path) || path.includes("\0")) return undefined;
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (!found?.isDirectory() || found.dev !== device || found.ino !== inode) return undefined;
  return new DirectoryFiles(path, request);
}
