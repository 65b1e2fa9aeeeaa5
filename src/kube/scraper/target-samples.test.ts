import { describe, expect, it } from "vitest";
import { prometheusSamples } from "../../formats/index.ts";
import { TargetSamples } from "./target-samples.ts";

const WINDOW_MS = 60_000;

/** What each text told, ten seconds after the one before. */
function told(...texts: string[]): TargetSamples {
  const samples = new TargetSamples(WINDOW_MS);
  for (const [index, text] of texts.entries()) samples.record(prometheusSamples(text), index * 10_000);
  return samples;
}

const counter = (value: number) => `# TYPE hits_total counter\nhits_total{code="200"} ${value}\n`;

describe("what a target told", () => {
  it("is the last value of each series", () => {
    const samples = told('queue{q="a"} 1\nqueue{q="b"} 2\n', 'queue{q="a"} 3\n');
    expect(samples.values("queue", 10_000)).toEqual([{ labels: { q: "a" }, value: 3, atMs: 10_000 }]);
    expect(samples.values("none", 10_000)).toEqual([]);
  });

  it("is nothing once it is too old", () => {
    const samples = told("queue 1\n");
    expect(samples.names(WINDOW_MS)).toEqual(["queue"]);
    expect(samples.names(WINDOW_MS + 1)).toEqual([]);
    expect(samples.values("queue", WINDOW_MS + 1)).toEqual([]);
  });

  it.each<[string, number[], number, number]>([
    ["grows evenly", [100, 120, 140], 2, 20_000],
    ["stands still", [5, 5], 0, 10_000],
    ["begins again", [100, 110, 3], 0.65, 20_000],
    ["has grown within the window only", [0, 1000, 1000, 1000, 1000, 1000, 1000, 1000], 0, 60_000],
  ])("of a counter that %s has the growth a second", (_, values, rate, windowMs) => {
    const samples = told(...values.map(counter));
    const atMs = (values.length - 1) * 10_000;
    expect(samples.values("hits_per_second", atMs)).toEqual([
      { labels: { code: "200" }, value: rate, atMs, windowMs },
    ]);
    expect(samples.values("hits_total", atMs)).toMatchObject([{ value: values.at(-1) }]);
  });

  it("has no growth before the second look, and none of what does not count", () => {
    expect(told(counter(1)).names(0)).toEqual(["hits_total"]);
    const gauge = "# TYPE load gauge\nload 1\n";
    expect(told(gauge, gauge).names(0)).toEqual(["load"]);
  });

  it("leaves buckets and quantiles out, and counts sums and counts", () => {
    const text = [
      "# TYPE t histogram",
      't_bucket{le="1"} 1',
      't_bucket{le="+Inf"} 2',
      "t_sum 3",
      "t_count 2",
      "# TYPE s summary",
      's{quantile="0.5"} 1',
      "s_sum 4",
      "s_count 1",
    ].join("\n");
    expect(told(text, text).names(10_000)).toEqual([
      "t_sum",
      "t_count",
      "s_sum",
      "s_count",
      "t_sum_per_second",
      "t_count_per_second",
      "s_sum_per_second",
      "s_count_per_second",
    ]);
  });

  it("takes what ends in _total for a counter where nothing is said of it, and leaves a name to whoever has it", () => {
    expect(told("a_total 1\n", "a_total 11\n").values("a_per_second", 10_000)).toMatchObject([{ value: 1 }]);
    const both = "a_total 1\na_per_second 7\n";
    expect(told(both, both).values("a_per_second", 10_000)).toMatchObject([{ value: 7 }]);
  });
});
