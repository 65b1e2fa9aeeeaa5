/** A text as Go's encoding/json writes it: `<`, `>`, `&` and the two line separators are escaped. */
export function goString(text: string): string {
  return JSON.stringify(text.toWellFormed()).replace(/[<>&\u2028\u2029\u007f\b\f]|\\[bf]/g, (char) => {
    // Go knows no short form of these two before 1.22; from then on it does.
    if (char === "\\b" || char === "\\f" || char === "\u007f") return char;
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** A fraction in the shortest form from which a 32-bit float is read again. */
export function goFloat32(value: number): string {
  const single = Math.fround(value);
  if (Number.isInteger(single)) return String(single);
  for (let digits = 1; digits <= 9; digits++) {
    const text = single.toPrecision(digits);
    if (Math.fround(Number(text)) === single) return String(Number(text));
  }
  return String(single);
}
