import { GantryError } from "../../base/index.ts";

/** The process has ended, though its end has not been handled yet: the record still says that it runs. */
export function hasEnded(error: unknown): boolean {
  return error instanceof GantryError && error.code === "Runtime.NotRunning";
}

/** For what is pointless, but no failure, once the process has ended. */
export async function unlessEnded(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!hasEnded(error)) throw error;
  }
}
