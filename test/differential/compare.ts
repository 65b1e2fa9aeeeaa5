import type { Answer } from "./request.ts";
import type { Recorded } from "./scenario.ts";

export interface Difference {
  step: string;
  /** `status`, `body.HostConfig.Memory`, `header.content-type`. */
  path: string;
  original: unknown;
  ours: unknown;
}

/** What may differ, and why. */
export interface Exception {
  step?: RegExp;
  path: RegExp;
  /** The difference's two values as JSON, with ` -> ` between. */
  values?: RegExp;
  reason: string;
  /** Shows on some machines only, so that it may have nothing to explain. */
  dependsOnMachine?: boolean;
}

/** Replaces what is another's with every daemon: ids, times, addresses of its own pools, its directories. */
export function normalise(answer: Answer, directories: readonly string[]): Answer {
  let text = JSON.stringify(answer);
  for (const directory of directories) text = text.replaceAll(directory, "<home>");
  for (const [pattern, word] of OWN) text = text.replace(pattern, word);
  return JSON.parse(text) as Answer;
}

const OWN: [RegExp, string][] = [
  [/\b[0-9a-f]{64}\b/g, "<id>"],
  [/\b(?=[0-9a-f]*[0-9])[0-9a-f]{12}\b/g, "<short id>"],
  [/\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, "<time>"],
  [/\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/g, "<mac>"],
  [/\b(?:172\.(?:1[6-9]|2\d|3[01])|192\.168)\.\d+\.\d+(?:\/\d+)?/g, "<own address>"],
  [/0\.01 to \d+\.00, as there are only \d+ CPUs/g, "0.01 to <cpus>, as there are only <cpus> CPUs"],
  [/(Requested CPUs .* available: )[\d,-]+/g, "$1<cpus>"],
  [/(?<![\w."])1[78]\d{8}(?![\w."])/g, '"<unix time>"'],
];

export function differences(original: readonly Recorded[], ours: readonly Recorded[]): Difference[] {
  const found: Difference[] = [];
  const ourAnswers = new Map(ours.map(({ step, answer }) => [step, answer]));
  for (const { step, answer } of original) {
    const our = flatten(ourAnswers.get(step)!, answer.status);
    const their = flatten(answer, ourAnswers.get(step)!.status);
    for (const path of new Set([...their.keys(), ...our.keys()])) {
      const pair = { original: their.get(path), ours: our.get(path) };
      if (JSON.stringify(pair.original) !== JSON.stringify(pair.ours)) found.push({ step, path, ...pair });
    }
  }
  return found;
}

/** Leaves by their paths, empty objects and lists among them; of answers that differ in status only the message. */
function flatten({ status, headers, body }: Answer, otherStatus: number): Map<string, unknown> {
  if (status !== otherStatus) return new Map([["status", `${status} ${messageOf(body)}`.trim()]]);
  const leaves = new Map<string, unknown>([["status", status]]);
  for (const [name, value] of Object.entries(headers)) leaves.set(`header.${name}`, value);
  const visit = (path: string, value: unknown) => {
    const children = typeof value === "object" && value !== null ? Object.entries(value) : [];
    if (children.length === 0) leaves.set(path, value);
    const isList = Array.isArray(value);
    for (const [key, child] of children) visit(`${path}.${(isList && nameOf(child)) || key}`, child);
  };
  visit("body", body);
  return leaves;
}

/** Rows of lists are compared with those of their name: their order is another matter. */
function nameOf(value: unknown): string | undefined {
  const row = value as { Name?: string; Names?: string[]; RepoTags?: string[] } | null;
  return row?.Names?.[0] ?? row?.RepoTags?.[0] ?? (row?.Name || undefined);
}

const messageOf = (body: unknown) => (body as { message?: string } | null)?.message ?? "";

export interface Judged {
  /** What no exception speaks of, one line each. */
  unexplained: string[];
  /** Exceptions that no difference needs any more. */
  unused: Exception[];
}

export function judge(found: readonly Difference[], exceptions: readonly Exception[]): Judged {
  const used = new Set<Exception>();
  const unexplained = found.filter((difference) => {
    const exception = exceptions.find((candidate) => covers(candidate, difference));
    if (exception) used.add(exception);
    return !exception;
  });
  return {
    unexplained: unexplained.map(
      ({ step, path, original, ours }) => `${step} | ${path}: ${shown(original)} -> ${shown(ours)}`,
    ),
    unused: exceptions.filter((exception) => !exception.dependsOnMachine && !used.has(exception)),
  };
}

function covers({ step, path, values }: Exception, difference: Difference): boolean {
  return (
    (step === undefined || step.test(difference.step)) &&
    path.test(difference.path) &&
    (values === undefined || values.test(`${shown(difference.original)} -> ${shown(difference.ours)}`))
  );
}

const shown = (value: unknown) => (value === undefined ? "absent" : JSON.stringify(value));
