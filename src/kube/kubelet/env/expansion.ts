/**
 * Expands `$(NAME)` references; `$$` stands for a dollar sign, and a reference to what is not known stays as it is
 * (the grammar of Kubernetes' third_party expansion package).
 */
export function expand(text: string, lookUp: (name: string) => string | undefined): string {
  let out = "";
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    const next = text[at + 1];
    if (char !== "$" || next === undefined) {
      out += char;
    } else if (next === "$") {
      out += "$";
      at++;
    } else if (next === "(") {
      const end = text.indexOf(")", at + 2);
      if (end < 0) {
        out += "$(";
        at++;
        continue;
      }
      const name = text.slice(at + 2, end);
      out += lookUp(name) ?? `$(${name})`;
      at = end;
    } else {
      out += `$${next}`;
      at++;
    }
  }
  return out;
}
