import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { GantryError, systemClock } from "../../base/index.ts";
import type { RemoteCommandOptions, RemoteCommandStreams } from "./command-streams.ts";
import { acceptSpdyCommand } from "./spdy-command.ts";
import { upgradeKind } from "./upgrade-protocols.ts";
import { acceptWebSocketCommand } from "./websocket-command.ts";

/**
 * Accepts an exec or attach over WebSocket (v5.channel.k8s.io, v4, base64 forms, and the nameless first version) or SPDY/3.1
 * (v4.channel.k8s.io and older). Throws before anything is answered: PermissionDenied (`Http.NoCommonProtocol`), InvalidArgument
 * (`Http.NotAnUpgrade`); the caller then refuses.
 */
export function acceptRemoteCommand(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: RemoteCommandOptions,
): Promise<RemoteCommandStreams> {
  const wanted = {
    streamTimeoutMs: 30_000,
    clock: systemClock,
    ...options,
    stderr: options.stderr && !options.tty,
  };
  switch (upgradeKind(req)) {
    case "spdy":
      return acceptSpdyCommand(req, socket, head, wanted);
    case "websocket":
      return acceptWebSocketCommand(req, socket, head, wanted);
    default:
      return Promise.reject(
        new GantryError("InvalidArgument", "Upgrade request required", { code: "Http.NotAnUpgrade" }),
      );
  }
}
