export { type CallOptions, type ClientCall, GrpcClient } from "./grpc-client.ts";
export type { GrpcMetadata } from "./grpc-metadata.ts";
export type { AnyMessage, GrpcMethod } from "./grpc-method.ts";
export {
  bidirectional,
  type GrpcHandler,
  GrpcServer,
  type ServerCall,
  serverStream,
  unary,
} from "./grpc-server.ts";
export { type ErrorDetail, GrpcCode, GrpcError } from "./grpc-status.ts";
