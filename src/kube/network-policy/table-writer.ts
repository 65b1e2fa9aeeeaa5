import { errorMessage, isGantryError, type Logger } from "../../base/index.ts";
import { changeSetElements, nft, readNftTable } from "../../kernel/index.ts";
import type { PolicyTable, TableChanges } from "./policy-table.ts";

/** More do not fit into one message to the kernel. */
const MOST_ELEMENTS = 256;

/** Brings the kernel's table to what a PolicyTable wants. */
export class TableWriter {
  readonly #table: PolicyTable;
  readonly #logger: Logger;
  #isThere = false;
  /** What the kernel has is not what was last written. */
  #mustRewrite = false;

  constructor(table: PolicyTable, logger: Logger) {
    this.#table = table;
    this.#logger = logger;
  }

  /** Goes on from the table that an earlier run has left, so that no packet meets half of one. */
  takeOver(): void {
    try {
      const found = readNftTable("inet", this.#table.name);
      this.#isThere = found !== undefined;
      this.#mustRewrite = found !== undefined && !this.#table.adopt(found);
    } catch (error) {
      this.#logger.warn("the table of policies cannot be read", { error: errorMessage(error) });
      this.#isThere = true;
      this.#mustRewrite = true;
    }
  }

  /** Writes what has changed; what fails is made good by the next call, which writes all. */
  write(): void {
    try {
      if (this.#mustRewrite || !this.#isThere) nft(this.#table.renderAll());
      else this.#change(this.#table.takeChanges());
    } catch (error) {
      this.#mustRewrite = true;
      throw error;
    }
    this.#isThere = true;
    this.#mustRewrite = false;
  }

  /** Nothing is wanted. */
  remove(): void {
    if (this.#isThere) removeTable(this.#table.name);
    this.#isThere = false;
    this.#mustRewrite = false;
  }

  /**
   * Some time after the change: the kernel keeps the rules of two generations, and a packet that met the former one has to be
   * through before another change. One that is held up (its processor is taken away) would find empty chains.
   */
  collectGarbage(): void {
    if (!this.#isThere) return;
    try {
      run(this.#table.takeGarbage());
    } catch (error) {
      this.#logger.debug("unused chains and sets stay until the table is written anew", {
        error: errorMessage(error),
      });
    }
  }

  /** False: somebody has removed the table. The next `write` writes all. */
  check(): boolean {
    if (!this.#isThere) return true;
    try {
      nft(`list chain inet ${this.#table.name} ${this.#table.mark}`);
    } catch {
      this.#isThere = false;
    }
    return this.#isThere;
  }

  /** A change of elements alone, as most are, goes to the kernel without nft, which would read the whole table first. */
  #change(changes: TableChanges): void {
    const { commands, elements } = changes;
    const count = elements.reduce((sum, change) => sum + change.elements.length, 0);
    if (commands.length > 0 || count > MOST_ELEMENTS) run(this.#table.commandsOf(changes));
    else if (count > 0) changeSetElements("inet", this.#table.name, elements);
  }
}

export function removeTable(table: string): void {
  try {
    nft(`delete table inet ${table}`);
  } catch (error) {
    if (!isGantryError(error, "NotFound")) throw error;
  }
}

function run(commands: readonly string[]): void {
  if (commands.length > 0) nft(commands.join("\n"));
}
