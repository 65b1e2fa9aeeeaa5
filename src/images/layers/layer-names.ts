import { bytesOfText } from "../../formats/index.ts";
import type { FileName } from "../../kernel/index.ts";

/** How a layer's archive says that something of the layers below is gone (OCI image-spec, layer.md, Whiteouts). */
export const WHITEOUT_PREFIX = ".wh.";
export const OPAQUE_WHITEOUT = ".wh..wh..opq";
/** Names that only aufs itself used; without meaning for us. */
export const AUFS_METADATA_PREFIX = ".wh..wh.";

/** How overlayfs says the same: a character device 0/0, and this attribute with the value `y` on a directory. */
export const OPAQUE_XATTR = "trusted.overlay.opaque";
export const OVERLAY_XATTR_PREFIX = "trusted.overlay.";
export const S_IFCHR = 0o020000;
export const S_IFBLK = 0o060000;
export const S_IFIFO = 0o010000;

/** An archive's name as a kernel call takes it. */
export function fileName(name: string): FileName {
  return name.isWellFormed() ? name : bytesOfText(name);
}

/**
 * Attributes that travel in archives. Those of overlayfs and other `trusted.` ones would change how the layers are put
 * together, and labels of a security module belong to the machine.
 */
export function isPortableXattr(name: string): boolean {
  if (name.startsWith("user.")) return !name.startsWith("user.overlay.");
  return name === "security.capability" || name.startsWith("system.posix_acl_");
}
