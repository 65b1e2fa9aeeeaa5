import { type ErrorKind, errorMessage, isGantryError } from "../../base/index.ts";
import type { FailedOperation, llb } from "../../build/index.ts";
import { type ErrorDetail, GrpcCode, GrpcError } from "../grpc/index.ts";

interface Located {
  info: llb.SourceInfo;
  ranges: readonly llb.SourceRange[];
}

/** BuildKit gives most failures of a build no code of their own, and its clients print the code where there is one. */
const CODES = new Map<ErrorKind, number>([
  ["Canceled", GrpcCode.CANCELLED],
  ["NotImplemented", GrpcCode.UNIMPLEMENTED],
  ["ResourceExhausted", GrpcCode.RESOURCE_EXHAUSTED],
]);

/** A failure with the facts that BuildKit's clients read: the operation, and the source lines around the fault (solver/errdefs). */
export function toGrpcError(error: unknown): GrpcError {
  if (error instanceof GrpcError) return error;
  const code = isGantryError(error) ? (CODES.get(error.kind) ?? GrpcCode.UNKNOWN) : GrpcCode.UNKNOWN;
  return new GrpcError(code, errorMessage(error), detailsOf(error));
}

function detailsOf(error: unknown): ErrorDetail[] {
  const operation = isGantryError(error)
    ? (error.details?.operation as FailedOperation | undefined)
    : undefined;
  const locations =
    operation?.locations ?? (error as { locations?: readonly Located[] } | undefined)?.locations ?? [];
  return [
    ...locations.map((location) => detail("Source", sourceJson(location))),
    ...(operation ? [detail("Vertex", { digest: operation.digest })] : []),
  ];
}

/** As typeurl writes types that have no protobuf name of their own: JSON under the type's path. */
function detail(name: string, value: object): ErrorDetail {
  return {
    typeUrl: `github.com/moby/buildkit/errdefs.${name}+json`,
    value: Buffer.from(JSON.stringify(value)),
  };
}

function sourceJson({ info, ranges }: Located): object {
  return {
    info: {
      filename: info.filename,
      data: Buffer.from(info.data).toString("base64"),
      ...(info.language === "" ? {} : { language: info.language }),
    },
    ranges: ranges.map(({ start, end }) => ({ start, end })),
  };
}
