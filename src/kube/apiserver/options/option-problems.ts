import { readFile } from "node:fs/promises";
import { errorMessage, invalidArgument, isGantryError } from "../../../base/index.ts";
import type { FlagValues } from "../../../formats/index.ts";
import { aggregateText } from "../../api/index.ts";

/** What is wrong with the options of a server, told all at once. */
export class OptionProblems {
  readonly #all: string[] = [];

  add(problem: string): void {
    this.#all.push(problem);
  }

  /** What `read` gives, or undefined where it throws: what is wrong with what is given is a problem. */
  async during<T>(read: () => Promise<T> | T): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!isGantryError(error)) throw error;
      this.add(error.message);
      return undefined;
    }
  }

  throwIfAny(): void {
    if (this.#all.length > 0) throw invalidArgument(aggregateText(this.#all), { code: "ApiServer.Options" });
  }
}

/** The text of the file that a flag names; undefined where it names none. Throws InvalidArgument. */
export async function fileOf(flags: FlagValues, name: string): Promise<string | undefined> {
  const path = flags.text(name);
  return path === "" ? undefined : textOfFile(path, name);
}

export async function textOfFile(path: string, flag: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw invalidArgument(`--${flag}: ${errorMessage(error)}`, { cause: error });
  }
}
