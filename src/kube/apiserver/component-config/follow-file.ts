import { readFile } from "node:fs/promises";
import { type Clock, errorMessage, isGantryError, type Logger } from "../../../base/index.ts";

export interface FollowedFile {
  path: string;
  /** What is known of it already; undefined: it is used at once. */
  text: string | undefined;
  /** For the log: `the configuration of authentication`. */
  what: string;
  everyMs?: number;
  /** Throws where it cannot be used. Then it is tried again, unless it is wrong in itself (InvalidArgument). */
  use(text: string): Promise<void> | void;
  logger: Logger;
  clock: Clock;
  signal: AbortSignal;
}

const EVERY_MS = 10_000;

/** Looks at a file from time to time until the signal aborts, and has what stands there used each time that it is another text. */
export function followFile(file: FollowedFile): void {
  const { path, what, everyMs = EVERY_MS, logger, clock, signal } = file;
  let known = file.text;
  let isLooking = false;
  const look = async () => {
    if (isLooking) return;
    isLooking = true;
    try {
      const text = await readFile(path, "utf8");
      if (text === known) return;
      await useUnlessWrong(text);
      if (known !== undefined) logger.info(`${what} was read anew`, { file: path });
      known = text;
    } catch (error) {
      if (!signal.aborted)
        logger.error(`${what} is not read anew`, { file: path, error: errorMessage(error) });
    } finally {
      isLooking = false;
    }
  };
  const useUnlessWrong = async (text: string) => {
    try {
      await file.use(text);
    } catch (error) {
      if (isGantryError(error, "InvalidArgument")) known = text;
      throw error;
    }
  };
  if (known === undefined) void look();
  signal.addEventListener(
    "abort",
    clock.every(everyMs, () => void look(), { unref: true }),
    { once: true },
  );
}
