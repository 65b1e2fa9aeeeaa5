import { isStatusError } from "../../api/index.ts";

/** A write that is left alone where somebody else was faster: the next start looks again. */
export async function unlessChanged(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!isStatusError(error, "Conflict") && !isStatusError(error, "NotFound")) throw error;
  }
}
