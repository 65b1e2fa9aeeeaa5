import { invalidArgument } from "../../base/index.ts";
import type { StreamRequest, StreamRoute } from "../stream-request.ts";
import type { BuildkitBackend } from "./backend.ts";

const METHODS = "x-docker-expose-session-grpc-method";

/** Connections that become BuildKit's: `POST /session`, where the client serves, and `POST /grpc`, where it asks. */
export function buildkitRoutes(backend: BuildkitBackend): StreamRoute[] {
  return [
    {
      method: "POST",
      path: "/session",
      async handle(request) {
        backend.assertSession(request.headers);
        const methods = String(request.headers[METHODS] ?? "").split(/, */);
        await backend.serveSession(request.headers, methods, takeOver(request));
      },
    },
    {
      method: "POST",
      path: "/grpc",
      handle: (request) => backend.serveGrpc(takeOver(request)),
    },
  ];
}

/** In the words of moby (router/grpc, serveGRPC). */
function takeOver(request: StreamRequest) {
  const protocol = request.headers.upgrade;
  if (protocol === undefined)
    throw invalidArgument("no upgrade proto in request", { code: "DockerApi.Upgrade" });
  if (protocol !== "h2c")
    throw invalidArgument(`protocol ${protocol} not supported`, { code: "DockerApi.Upgrade" });
  return request.takeOver(protocol);
}
