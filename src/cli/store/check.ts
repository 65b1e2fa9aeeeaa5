import type { CheckProblem } from "../../store/index.ts";
import { operate } from "./store-access.ts";
import type { Call } from "./verb.ts";

/** Ends with 1 when it has found something. */
export async function check({ home, parsed }: Call): Promise<number> {
  const { problems } = await operate<{ problems: CheckProblem[] }>(home, "check");
  const lines = problems.map(({ code, message }) => `${code}: ${message}\n`);
  const text = lines.length === 0 ? "The store is sound.\n" : lines.join("");
  process.stdout.write(parsed.flag("json") ? `${JSON.stringify({ problems })}\n` : text);
  return problems.length === 0 ? 0 : 1;
}
