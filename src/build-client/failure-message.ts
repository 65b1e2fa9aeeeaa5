import { errorMessage, isGantryError } from "../base/index.ts";
import { GrpcCode, GrpcError } from "../buildkit-api/index.ts";

/** As BuildKit's clients say it: what the engine answered stands behind its code where it has one (util/grpcerrors). */
export function failureMessage(error: unknown): string {
  if (!(error instanceof GrpcError)) return errorMessage(error);
  const name = Object.entries(GrpcCode).find(([, code]) => code === error.code)?.[0];
  const code = error.code === GrpcCode.UNKNOWN || name === undefined ? "" : `${codeName(name)}: `;
  return `failed to solve: ${code}${error.message}`;
}

/** As buildx ends (cmd/buildx/main.go). */
export function failureExitCode(error: unknown): number {
  if (isGantryError(error) && error.kind === "Canceled") return EXIT_CANCELED;
  if (!(error instanceof GrpcError)) return 1;
  if (error.code === GrpcCode.CANCELLED) return EXIT_CANCELED;
  if (error.code === GrpcCode.INTERNAL) return 100;
  return error.code === GrpcCode.RESOURCE_EXHAUSTED ? 102 : 1;
}

const EXIT_CANCELED = 130;

/** `CANCELLED` is the one that Go spells otherwise. */
function codeName(name: string): string {
  if (name === "CANCELLED") return "Canceled";
  return name
    .split("_")
    .map((word) => word[0] + word.slice(1).toLowerCase())
    .join("");
}
