/** Words of the language; a property of that name is written `__name__`. */
const RESERVED = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(
    " ",
  ),
);

const ESCAPES: Record<string, string> = {
  __: "__underscores__",
  ".": "__dot__",
  "-": "__dash__",
  "/": "__slash__",
};
const UNESCAPES: Record<string, string> = { underscores: "__", dot: ".", dash: "-", slash: "/" };

export const isReservedWord = (name: string): boolean => RESERVED.has(name);

/** A property's name as expressions write it, or undefined where none can. */
export function escapeProperty(name: string): string | undefined {
  if (RESERVED.has(name)) return `__${name}__`;
  if (!/^[a-zA-Z_.\-/][a-zA-Z0-9_.\-/]*$/.test(name)) return undefined;
  return name.replace(/__|[.\-/]/g, (text) => ESCAPES[text]!);
}

/** The property that an expression's name stands for, or undefined where its escapes are none. */
export function unescapeProperty(escaped: string): string | undefined {
  let isValid = true;
  const name = escaped.replace(/__([^_]+)__/g, (text, word: string) => {
    const known = Object.hasOwn(UNESCAPES, word) ? UNESCAPES[word] : undefined;
    if (known !== undefined) return known;
    if (!RESERVED.has(word) || text.length !== escaped.length) isValid = false;
    return word;
  });
  return isValid ? name : undefined;
}
