import { Histogram, label } from "../../../formats/index.ts";

export const exponential = (first: number, factor: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => first * factor ** index);

const labelsOf = (names: readonly string[], values: readonly string[]): string =>
  names.map((name, index) => label(name, values[index]!)).join(",");

/** The histograms of one metric, by the values of its labels. */
export class HistogramSeries {
  readonly #names: readonly string[];
  readonly #bounds: readonly number[];
  readonly #byValues = new Map<string, readonly [labels: string, Histogram]>();

  constructor(names: readonly string[], bounds: readonly number[]) {
    this.#names = names;
    this.#bounds = bounds;
  }

  observe(seconds: number, ...values: string[]): void {
    const key = values.join("\n");
    let series = this.#byValues.get(key);
    if (!series) {
      series = [labelsOf(this.#names, values), new Histogram(this.#bounds)];
      this.#byValues.set(key, series);
    }
    series[1].observe(seconds);
  }

  all(): Iterable<readonly [labels: string, Histogram]> {
    return this.#byValues.values();
  }
}

/** The numbers of one metric, by the values of its labels. */
export class NumberSeries {
  readonly #names: readonly string[];
  readonly #byValues = new Map<string, { labels: string; value: number }>();

  constructor(...names: string[]) {
    this.#names = names;
  }

  add(count: number, ...values: string[]): void {
    const key = values.join("\n");
    const series = this.#byValues.get(key);
    if (series) series.value += count;
    else this.#byValues.set(key, { labels: `{${labelsOf(this.#names, values)}}`, value: count });
  }

  *all(): Iterable<readonly [labels: string, value: number]> {
    for (const { labels, value } of this.#byValues.values()) yield [labels, value];
  }
}
