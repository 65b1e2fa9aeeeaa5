import { type ErrorKind, GantryError } from "../../base/index.ts";
import { GrpcCode, GrpcError } from "../grpc/index.ts";

const KINDS = new Map<number, ErrorKind>([
  [GrpcCode.NOT_FOUND, "NotFound"],
  [GrpcCode.INVALID_ARGUMENT, "InvalidArgument"],
  [GrpcCode.ALREADY_EXISTS, "AlreadyExists"],
  [GrpcCode.PERMISSION_DENIED, "PermissionDenied"],
  [GrpcCode.UNAUTHENTICATED, "Unauthenticated"],
  [GrpcCode.UNIMPLEMENTED, "NotImplemented"],
  [GrpcCode.RESOURCE_EXHAUSTED, "ResourceExhausted"],
  [GrpcCode.CANCELLED, "Canceled"],
  [GrpcCode.UNAVAILABLE, "Unavailable"],
]);

/** What the client of a session said went wrong, as the rest of the program tells failures. */
export async function fromClient<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof GrpcError)) throw error;
    throw new GantryError(KINDS.get(error.code) ?? "Unavailable", error.message, { cause: error });
  }
}
