import { isStatusError } from "../../api/index.ts";

const FASTER = ["AlreadyExists", "Conflict", "NotFound"] as const;

/** A write that is left alone where somebody else was faster: it is looked at again, at the next start at the latest. */
export async function unlessChanged(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!FASTER.some((reason) => isStatusError(error, reason))) throw error;
  }
}
