/**
 * Groups of files of which each leads to every other by imports: the strongly connected components of more than one file, or of one that
 * imports itself (Tarjan 1972). Files of a group, and groups, are sorted.
 */
export function importCircles(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const search = new Search(imports);
  for (const file of imports.keys()) search.visit(file);
  return search.circles.map((circle) => circle.sort()).sort((a, b) => (a[0]! < b[0]! ? -1 : 1));
}

class Search {
  readonly circles: string[][] = [];
  readonly #imports: ReadonlyMap<string, readonly string[]>;
  readonly #order = new Map<string, number>();
  readonly #path: string[] = [];

  constructor(imports: ReadonlyMap<string, readonly string[]>) {
    this.#imports = imports;
  }

  /** How early a file on the path can be come back to from here. */
  visit(file: string): number {
    const known = this.#order.get(file);
    if (known !== undefined) return this.#path.includes(file) ? known : Number.POSITIVE_INFINITY;
    const order = this.#order.size;
    this.#order.set(file, order);
    this.#path.push(file);
    const targets = this.#imports.get(file) ?? [];
    const earliest = targets.reduce((found, target) => Math.min(found, this.visit(target)), order);
    if (earliest === order) {
      const circle = this.#path.splice(this.#path.indexOf(file));
      if (circle.length > 1 || targets.includes(file)) this.circles.push(circle);
    }
    return earliest;
  }
}
