/**
 * Deals a hand of cards, with a hash as the source of chance: the same hash always gets the same hand, and two hashes seldom
 * get all the same cards (upstream util/shufflesharding). `hash` is an unsigned 64-bit number; cards are 0 … deckSize-1, none
 * of them twice.
 */
export function dealHand(hash: bigint, deckSize: number, handSize: number): number[] {
  const hand: number[] = [];
  const remainders: number[] = [];
  let rest = hash;
  for (let dealt = 0; dealt < handSize; dealt++) {
    const left = BigInt(deckSize - dealt);
    remainders.push(Number(rest % left));
    rest /= left;
    hand.push(cardAt(remainders));
  }
  return hand;
}

/** The last remainder counts the cards that are still in the deck: those dealt before it stand below it are passed over. */
function cardAt(remainders: readonly number[]): number {
  let card = remainders.at(-1)!;
  for (let before = remainders.length - 2; before >= 0; before--) if (card >= remainders[before]!) card++;
  return card;
}
