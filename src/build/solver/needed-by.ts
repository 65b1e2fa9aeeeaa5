import type { Vertex } from "./graph.ts";

/** What one vertex needs, inputs first. Not by recursion: a definition is as deep as its author likes. */
export function neededBy(last: Vertex): Vertex[] {
  const needed: Vertex[] = [];
  const seen = new Set<Vertex>();
  const stack: { vertex: Vertex; next: number }[] = [{ vertex: last, next: 0 }];
  seen.add(last);
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const input = top.vertex.inputs[top.next++]?.vertex;
    if (!input) {
      needed.push(top.vertex);
      stack.pop();
    } else if (!seen.has(input)) {
      seen.add(input);
      stack.push({ vertex: input, next: 0 });
    }
  }
  return needed;
}
