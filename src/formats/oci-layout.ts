import { parseDigest } from "./digest.ts";
import { tarEntry } from "./tar-entry.ts";
import type { TarMemberToWrite } from "./tar-writer.ts";

/** The file that an OCI image layout begins with (image-spec, image-layout.md). */
export const OCI_LAYOUT_VERSION = '{"imageLayoutVersion":"1.0.0"}';

/** Where an image layout has a blob. */
export function layoutBlobPath(digest: string): string {
  const { algorithm, hex } = parseDigest(digest);
  return `blobs/${algorithm}/${hex}`;
}

/** A file of a layout in a tar. */
export function layoutFile(name: string, content: string | Buffer): TarMemberToWrite {
  const body = Buffer.from(content);
  return { entry: tarEntry({ name, type: "file", sizeBytes: body.length }), body };
}

/** The directories that a layout's blobs lie in. */
export function layoutDirectories(): TarMemberToWrite[] {
  return ["blobs/", "blobs/sha256/"].map((name) => ({ entry: tarEntry({ name, type: "directory" }) }));
}
