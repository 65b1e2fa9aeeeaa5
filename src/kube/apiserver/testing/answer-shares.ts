/** How many requests are answered alike, by the first words of their ids. */
export class AnswerShares {
  readonly #rows = new Map<string, { requests: number; sameCode: number; same: number }>();

  count(id: string, parts: readonly string[]): void {
    const name = id.split("/").slice(0, 2).join("/");
    for (const row of [name, "all"]) {
      const counts = this.#rows.get(row) ?? { requests: 0, sameCode: 0, same: 0 };
      counts.requests++;
      if (!parts.includes("code")) counts.sameCode++;
      if (parts.length === 0) counts.same++;
      this.#rows.set(row, counts);
    }
  }

  get sameCode(): number {
    const { sameCode, requests } = this.#rows.get("all")!;
    return sameCode / requests;
  }

  get same(): number {
    const { same, requests } = this.#rows.get("all")!;
    return same / requests;
  }

  table(): string {
    const rows = [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1));
    const lines = rows.map(
      ([name, { requests, sameCode, same }]) =>
        `${name.padEnd(32)} ${String(requests).padStart(5)} ${share(sameCode, requests)} ${share(same, requests)}`,
    );
    return [`${"".padEnd(32)} ${"sent".padStart(5)}    code     all`, ...lines].join("\n");
  }
}

function share(part: number, whole: number): string {
  return `${((part / whole) * 100).toFixed(1)}%`.padStart(7);
}
