import type { Answer, Request } from "./request.ts";
import { send } from "./request.ts";

export interface Step extends Request {
  name: string;
  /** Keeps the answer's member under a name, for `<name>` in later paths and bodies. */
  keep?: Record<string, string>;
}

/** Steps that are sent in their order, to one daemon after the other. */
export interface Scenario {
  name: string;
  steps: Step[];
}

export interface Recorded {
  step: string;
  answer: Answer;
}

/** What a daemon answers to each step. */
export async function record(
  socketPath: string,
  scenarios: readonly Scenario[],
  apiVersion: string,
): Promise<Recorded[]> {
  const recorded: Recorded[] = [];
  for (const { name, steps } of scenarios) {
    const kept = new Map<string, string>();
    const times = new Map<string, number>();
    for (const step of steps) {
      const answer = await send(socketPath, filledIn(step, kept, apiVersion)).catch(noAnswer);
      for (const [key, member] of Object.entries(step.keep ?? {})) {
        kept.set(key, String((answer.body as Record<string, unknown> | null)?.[member]));
      }
      const time = (times.get(step.name) ?? 0) + 1;
      times.set(step.name, time);
      recorded.push({ step: `${name}: ${step.name}${time > 1 ? ` (${time})` : ""}`, answer });
    }
  }
  return recorded;
}

/** Status 0: the daemon closed the connection, or did not answer in time. */
const noAnswer = (error: Error): Answer => ({ status: 0, headers: {}, body: error.message });

/** Paths without a version get this one, so that both speak the same. */
function filledIn(step: Step, kept: ReadonlyMap<string, string>, apiVersion: string): Request {
  const fill = (text: string) => text.replace(/<(\w+)>/g, (all, key: string) => kept.get(key) ?? all);
  const { body } = step;
  const isJson = typeof body === "object" && !Buffer.isBuffer(body);
  return {
    method: step.method,
    path: fill(/^\/v[\dx]/.test(step.path) ? step.path : `/v${apiVersion}${step.path}`),
    headers: step.headers,
    body: isJson ? (JSON.parse(fill(JSON.stringify(body))) as object) : body,
  };
}
