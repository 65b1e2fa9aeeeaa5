import { errorMessage, invalidArgument } from "../../base/index.ts";
import type { WaitCondition } from "../../engine/types.ts";
import type { ApiContext } from "../api-context.ts";
import { text } from "../wire/query.ts";
import type { ContainersBackend } from "./backend.ts";

const CONDITIONS: readonly string[] = ["not-running", "next-exit", "removed"] satisfies WaitCondition[];

/**
 * `POST /containers/{id}/wait`. The headers go out before the container ends: clients wait for them before they start
 * it, so that a quick exit is not missed.
 */
export async function serveWait(backend: ContainersBackend, context: ApiContext): Promise<void> {
  const { res, signal } = context;
  // Before API 1.30 there were no conditions, and nothing was told before the end.
  const isOld = context.apiMinor < 30;
  const condition = isOld ? "not-running" : conditionOf(context.query);
  const { Id } = await backend.inspectContainer(context.params.id!);
  const waiting = backend.waitContainer(Id, condition, signal);
  waiting.catch(() => {});
  res.writeHead(200, { "content-type": "application/json" });
  if (!isOld) res.flushHeaders();
  try {
    const { exitCode, error: failure } = await waiting;
    // A removal that succeeded takes back why the container could not start; that was told to who started it.
    const error = condition === "removed" ? undefined : failure;
    res.end(`${JSON.stringify({ StatusCode: exitCode, ...(error ? { Error: { Message: error } } : {}) })}\n`);
  } catch (error) {
    if (signal.aborted) return;
    res.end(`${JSON.stringify({ StatusCode: -1, Error: { Message: errorMessage(error) } })}\n`);
  }
}

function conditionOf(query: URLSearchParams): WaitCondition {
  const value = text(query, "condition") ?? "not-running";
  if (!CONDITIONS.includes(value)) {
    throw invalidArgument(`invalid condition: ${JSON.stringify(value)}`, { code: "DockerApi.Query" });
  }
  return value as WaitCondition;
}
