import { invalidArgument } from "../../base/index.ts";
import type { FrontendCall } from "./build-call.ts";

interface LintDocument {
  warnings?: unknown[] | null;
  buildError?: { message?: string };
}

/** Prints what the frontend says of a Dockerfile; returns the exit code (buildx, printResult). */
export function printAnswer(
  { request, isJson, ignoresStatus }: FrontendCall,
  answer: Readonly<Record<string, string>>,
  print: (text: string) => void,
): number {
  const text = answer[isJson ? "result.json" : "result.txt"] ?? answer["result.txt"] ?? "";
  if (request === "frontend.lint") printLint(text, isJson, answer, print);
  else print(isJson ? `${text}\n` : text);
  const status = Number(answer["result.statuscode"] ?? 0);
  return ignoresStatus ? 0 : status;
}

function printLint(
  text: string,
  isJson: boolean,
  answer: Readonly<Record<string, string>>,
  print: (text: string) => void,
): void {
  if (isJson) {
    print(`${text}\n`);
    return;
  }
  const { warnings, buildError } = JSON.parse(answer["result.json"] ?? "{}") as LintDocument;
  const count = warnings?.length ?? 0;
  if (count > 0) {
    const found = count === 1 ? "1 warning has been found!" : `${count} warnings have been found!`;
    print(`Check complete, ${found}\n${text}`);
  }
  if (buildError) throw invalidArgument(buildError.message ?? "the Dockerfile cannot be built");
  if (count === 0) print("Check complete, no warnings found.\n");
}
