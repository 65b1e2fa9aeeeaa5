import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type Clock, errorMessage, type Logger } from "../../../base/index.ts";
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
  { logger, clock, signal }: { logger: Logger; clock: Clock; signal: AbortSignal },
): void {
  if (path === undefined) return;
  let known: string | undefined;
  const look = async () => {
    try {
      const text = await readFile(path, "utf8");
      const hash = createHash("sha256").update(text).digest("hex");
      if (hash === known) return;
      store.use(readEncryptionConfig(path, text));
      if (known !== undefined) logger.info("the configuration of encryption was read anew", { file: path });
      known = hash;
    } catch (error) {
      logger.error("the configuration of encryption is not read anew", { error: errorMessage(error) });
    }
  };
  void look();
  signal.addEventListener(
    "abort",
    clock.every(POLL_MS, () => void look(), { unref: true }),
    { once: true },
  );
}
