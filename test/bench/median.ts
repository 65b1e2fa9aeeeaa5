export interface Figures {
  medianMs: number;
  minMs: number;
  maxMs: number;
  runs: number;
}

/** Runs `once` so many times, one after the other, after a run that does not count. */
export async function measure(runs: number, once: () => Promise<number>): Promise<Figures> {
  await once();
  const times: number[] = [];
  for (let index = 0; index < runs; index++) times.push(await once());
  return figuresOf(times);
}

export function figuresOf(times: readonly number[]): Figures {
  const sorted = [...times].sort((a, b) => a - b);
  const round = (value: number) => Math.round(value * 10) / 10;
  return {
    medianMs: round(sorted[sorted.length >> 1]!),
    minMs: round(sorted[0]!),
    maxMs: round(sorted.at(-1)!),
    runs: sorted.length,
  };
}
