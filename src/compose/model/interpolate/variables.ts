import { isMap, type Tree } from "../tree/index.ts";

/** A variable that a file asks for. */
export interface Variable {
  name: string;
  required: boolean;
  defaultValue: string;
  presenceValue: string;
}

/** All variables in the texts of a tree, by name; the last mention of one counts. */
export function findVariables(tree: Tree, found = new Map<string, Variable>()): Map<string, Variable> {
  if (typeof tree === "string") collect(tree, found);
  else if (Array.isArray(tree)) for (const entry of tree) findVariables(entry, found);
  else if (isMap(tree)) for (const entry of Object.values(tree)) findVariables(entry, found);
  return found;
}

function collect(text: string, found: Map<string, Variable>): void {
  const pattern = /\$(?:\$|([_a-zA-Z][_a-zA-Z0-9]*)|\{([_a-zA-Z][_a-zA-Z0-9]*)(?:(:?[-?+])|(?=\})))/g;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const name = match[1] ?? match[2];
    if (name === undefined) continue;
    const operator = match[3]?.replace(":", "");
    const rest = operator ? insideBraces(text, pattern.lastIndex) : "";
    found.set(name, {
      name,
      required: operator === "?",
      defaultValue: operator === "-" ? rest : "",
      presenceValue: operator === "+" ? rest : "",
    });
  }
}

function insideBraces(text: string, from: number): string {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "{") depth++;
    else if (text[at] === "}" && --depth === 0) return text.slice(from, at);
  }
  return text.slice(from);
}
