import type { Clock, Logger } from "../../../base/index.ts";
import { followFile } from "../component-config/follow-file.ts";
import type { EncryptedStore } from "./encrypted-store.ts";
import { readEncryptionConfig } from "./read-encryption-config.ts";
import type { ResourceTransformers } from "./resource-transformers.ts";

/** Encryption of objects at rest (`--encryption-provider-config…`). */
export interface EncryptionOptions {
  transformers: ResourceTransformers;
  /** Looked at from time to time, if it is named: what stands there then holds (`…-automatic-reload`). */
  reloadedFrom?: string;
}

/** As often as upstream does (encryptionconfig/controller). */
const POLL_MS = 60_000;

/** Has the store use what stands in the file, as often as it changes, until the signal aborts; what is wrong there changes nothing. */
export function reloadEncryption(
  { reloadedFrom: path }: EncryptionOptions,
  store: EncryptedStore,
  parts: { logger: Logger; clock: Clock; signal: AbortSignal },
): void {
  if (path === undefined) return;
  followFile({
    path,
    text: undefined,
    what: "the configuration of encryption",
    everyMs: POLL_MS,
    use: (text) => store.use(readEncryptionConfig(path, text)),
    ...parts,
  });
}
