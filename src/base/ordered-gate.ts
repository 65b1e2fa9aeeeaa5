import { FairTurn } from "./fair-turn.ts";

/** How long work takes shows only once it has begun: no more begins at once in a round of the event loop. */
const AT_ONCE = 16;

/**
 * Where the work of many begins: what comes in while the round of the event loop still has time begins at once, what comes
 * beyond that in the next rounds, the owners in turn. What one owner brings begins in the order in which it came.
 */
export class OrderedGate {
  /** How much of each owner's is in line. */
  readonly #inLine = new Map<string, number>();
  /** How much has begun in this round without having been in line. */
  #begun = 0;

  /** Undefined when the work may begin at once. */
  enter(owner: string): Promise<void> | undefined {
    const turn = new FairTurn(undefined, owner);
    const inLine = this.#inLine.get(owner) ?? 0;
    if (inLine === 0 && this.#begun < AT_ONCE && !turn.isSpent) {
      if (this.#begun++ === 0) setImmediate(() => this.#endRound());
      return undefined;
    }
    this.#inLine.set(owner, inLine + 1);
    return this.#waitFor(turn, owner);
  }

  async #waitFor(turn: FairTurn, owner: string): Promise<void> {
    await turn.next();
    const left = this.#inLine.get(owner)! - 1;
    if (left > 0) this.#inLine.set(owner, left);
    else this.#inLine.delete(owner);
  }

  #endRound(): void {
    this.#begun = 0;
  }
}
