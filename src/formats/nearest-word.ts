/** Words further away than this are not what was meant. */
const MAX_DISTANCE = 2;

/**
 * The option that a mistyped word was probably meant to be: the nearest by edits, at most two away. Undefined if there is none,
 * or if the word itself is an option (then something else is wrong). Without `caseSensitive` the answer has the word's case.
 */
export function nearestWord(
  word: string,
  options: Iterable<string>,
  { caseSensitive = true } = {},
): string | undefined {
  const wanted = caseSensitive ? word : word.toLowerCase();
  let best: string | undefined;
  let bestDistance = MAX_DISTANCE + 1;
  for (const written of options) {
    const option = caseSensitive ? written : written.toLowerCase();
    if (option === wanted) return undefined;
    const distance = editDistance(wanted, option);
    if (distance >= bestDistance) continue;
    bestDistance = distance;
    best = caseSensitive ? written : inCaseOf(word, option);
  }
  return best === "" ? undefined : best;
}

/** ` (did you mean X?)`, or nothing. */
export function suggestion(word: string, options: Iterable<string>, { caseSensitive = true } = {}): string {
  const nearest = nearestWord(word, options, { caseSensitive });
  return nearest === undefined ? "" : ` (did you mean ${nearest}?)`;
}

function inCaseOf(word: string, option: string): string {
  if (word === word.toLowerCase()) return option.toLowerCase();
  return word === word.toUpperCase() ? option.toUpperCase() : option;
}

/** Levenshtein's distance, infinite beyond what matters here. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MAX_DISTANCE) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const following = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      following.push(Math.min(change, row[j]! + 1, following[j - 1]! + 1));
    }
    row = following;
  }
  return row[b.length]!;
}
