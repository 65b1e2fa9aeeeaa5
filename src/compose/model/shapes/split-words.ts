import { invalidArgument } from "../../../base/index.ts";

const invalid = () => invalidArgument("invalid command line string");

/**
 * A command line as a shell splits it into words, without replacing anything in it (mattn/go-shellwords): quotes, backslashes,
 * what stands in backticks or `$( )` kept together, and an end where another command or a redirection would begin.
 */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word = "";
  let inWord = false;
  let open: '"' | "'" | "`" | ")" | "" = "";
  for (let at = 0; at < line.length; at++) {
    const char = line[at]!;
    if (char === "\\" && open !== "'") {
      const next = line[++at];
      if (next === undefined) throw invalid();
      word += next === "t" ? "\t" : next === "n" ? "\n" : next;
      inWord = true;
    } else if (/[ \t\r\n]/.test(char) && open === "") {
      if (inWord) words.push(word);
      word = "";
      inWord = false;
    } else if ((char === '"' || char === "'") && (open === "" || open === char)) {
      open = open === "" ? char : "";
      inWord = true;
    } else if (/[;&|<>]/.test(char) && open === "") {
      if (char === ">" && /^[0-9]/.test(word)) inWord = false;
      break;
    } else {
      if (char === "`" && (open === "" || open === "`")) open = open === "" ? "`" : "";
      else if (char === ")" && open === ")") open = "";
      else if (char === "(" && open === "") {
        if (!word.endsWith("$")) throw invalid();
        open = ")";
      }
      word += char;
      inWord = true;
    }
  }
  if (open !== "") throw invalid();
  if (inWord) words.push(word);
  return words;
}
