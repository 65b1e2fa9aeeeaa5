import { notImplemented } from "../../base/index.ts";
import { parseImageReference } from "../../formats/index.ts";
import type { Platform } from "../../formats/oci-types.ts";
import type { WorkerRecordMessage } from "../control/worker-record.ts";
import { GrpcCode, GrpcError, type GrpcHandler, type ServerCall, unary } from "../grpc/index.ts";
import * as messages from "../messages/gateway-messages.ts";
import { statOf } from "../session/file-entries.ts";
import { FRONTEND_CAPS, LLB_CAPS } from "./api-caps.ts";
import type { LlbBridge } from "./llb-bridge.ts";

const BUILD_ID = "buildkit-controlapi-buildid";
const IMAGE_SCHEME = "docker-image://";

export interface LlbBridgeServiceOptions {
  /** The bridge of a build; waits for a build that is about to begin. */
  findBridge(buildId: string, signal: AbortSignal): Promise<LlbBridge>;
  worker(): WorkerRecordMessage;
}

/** moby.buildkit.v1.frontend.LLBBridge: what a frontend at the client asks for, by the build that it belongs to. */
export function llbBridgeHandlers({ findBridge, worker }: LlbBridgeServiceOptions): GrpcHandler[] {
  const bridgeOf = ({ metadata, signal }: ServerCall) => {
    const [id = ""] = metadata[BUILD_ID] ?? [];
    if (id === "") throw new GrpcError(GrpcCode.UNKNOWN, "no buildid found in context");
    return findBridge(id, signal);
  };
  return [
    unary(messages.PING, async (_request, call) => {
      await bridgeOf(call);
      return { frontendApiCaps: FRONTEND_CAPS, llbCaps: LLB_CAPS, workers: [worker()] };
    }),
    unary(messages.SOLVE_BRIDGE, async (request, call) => (await bridgeOf(call)).solve(request)),
    unary(messages.READ_FILE, async (request, call) => ({
      data: await (await bridgeOf(call)).readFile(request),
    })),
    unary(messages.READ_DIR, async (request, call) => ({
      entries: (await (await bridgeOf(call)).readDirectory(request)).map(statOf),
    })),
    unary(messages.STAT_FILE, async (request, call) => ({
      stat: statOf(await (await bridgeOf(call)).stat(request)),
    })),
    unary(messages.EVALUATE, async ({ ref }, call) => {
      await (await bridgeOf(call)).evaluate(ref);
      return {};
    }),
    unary(messages.INPUTS, async (_request, call) => ({ definitions: (await bridgeOf(call)).inputs() })),
    unary(messages.RETURN, async (request, call) => {
      (await bridgeOf(call)).return(request);
      return {};
    }),
    unary(messages.WARN, async (request, call) => {
      (await bridgeOf(call)).warn(request);
      return {};
    }),
    unary(messages.RESOLVE_IMAGE_CONFIG, async (request, call) => {
      if (request.resolverType !== 0) throw notImplemented("images of OCI layouts are not supported");
      const bridge = await bridgeOf(call);
      const image = await bridge.resolveImage(request.ref, optionsOf(bridge, request));
      return {
        ref: image.reference,
        digest: image.digest ?? "",
        config: Buffer.from(JSON.stringify(image.config)),
      };
    }),
    unary(messages.RESOLVE_SOURCE_META, async (request, call) => {
      const { source } = request;
      if (!source) throw new GrpcError(GrpcCode.INVALID_ARGUMENT, "source is required");
      const bridge = await bridgeOf(call);
      if (!source.identifier.startsWith(IMAGE_SCHEME)) return { source };
      const reference = source.identifier.slice(IMAGE_SCHEME.length);
      const image = await bridge.resolveImage(reference, optionsOf(bridge, request));
      const config = request.image?.noConfig ? Buffer.alloc(0) : Buffer.from(JSON.stringify(image.config));
      return {
        source: {
          identifier: `${IMAGE_SCHEME}${pinned(image.reference, image.digest)}`,
          attrs: source.attrs,
        },
        image: { digest: image.digest ?? "", config },
      };
    }),
  ];
}

function optionsOf(
  bridge: LlbBridge,
  request: { platform: Platform | undefined; resolveMode: string; logName: string },
) {
  const mode =
    request.resolveMode === "pull" || request.resolveMode === "local" ? request.resolveMode : "default";
  return {
    platform: request.platform && request.platform.os !== "" ? request.platform : bridge.platform,
    mode,
    ...(request.logName === "" ? {} : { stepName: request.logName }),
  } as const;
}

function pinned(reference: string, digest: string | undefined): string {
  if (digest === undefined || parseImageReference(reference).digest !== undefined) return reference;
  return `${reference}@${digest}`;
}
