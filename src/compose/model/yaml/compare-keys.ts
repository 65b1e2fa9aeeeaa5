const isLetter = (char: string | undefined) => char !== undefined && /\p{L}/u.test(char);
const isDigit = (char: string | undefined) => char !== undefined && /\p{Nd}/u.test(char);

/** The order of keys in what go-yaml writes: letters after all else, numbers by their value (go-yaml v3, sorter.go). */
export function compareKeys(left: string, right: string): number {
  if (left === right) return 0;
  return isLess([...left], [...right]) ? -1 : 1;
}

function isLess(left: string[], right: string[]): boolean {
  let inDigits = false;
  for (let at = 0; at < left.length && at < right.length; at++) {
    const a = left[at]!;
    const b = right[at]!;
    if (a === b) {
      inDigits = isDigit(a);
      continue;
    }
    const aLetter = isLetter(a);
    const bLetter = isLetter(b);
    if (aLetter && bLetter) return a < b;
    if (aLetter || bLetter) return inDigits ? aLetter : bLetter;
    return compareNumbers(left, right, at);
  }
  return left.length < right.length;
}

function compareNumbers(left: string[], right: string[], at: number): boolean {
  // Zeros before the difference belong to the numbers that differ.
  const zeros = left[at] === "0" || right[at] === "0";
  if (zeros) {
    for (let before = at - 1; before >= 0 && isDigit(left[before]); before--) {
      if (left[before] !== "0")
        return isDigit(left[at]) && isDigit(right[at])
          ? number(left, at) < number(right, at)
          : left[at]! < right[at]!;
    }
  }
  const a = isDigit(left[at]) ? number(left, at) : 0;
  const b = isDigit(right[at]) ? number(right, at) : 0;
  if (a !== b) return a < b;
  const aDigits = digits(left, at);
  const bDigits = digits(right, at);
  if (aDigits !== bDigits) return aDigits < bDigits;
  return left[at]! < right[at]!;
}

function digits(text: string[], from: number): number {
  let to = from;
  while (isDigit(text[to])) to++;
  return to - from;
}

const number = (text: string[], from: number) => Number(text.slice(from, from + digits(text, from)).join(""));
