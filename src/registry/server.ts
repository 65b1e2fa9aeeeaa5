import { type Clock, errorMessage, type Logger, systemClock } from "../base/index.ts";
import type { ContentStore } from "../content/index.ts";
import { browserRefusal, type HttpContext, Router, sendJson } from "../http/index.ts";
import type { WriteAuthorizer } from "./local-writers.ts";
import { deleteBlob, getBlob } from "./server-blobs.ts";
import { RecentBlobs, type RegistryState } from "./server-context.ts";
import { failureOf, RegistryFailure } from "./server-errors.ts";
import { listReferrers, listRepositories, listTags } from "./server-lists.ts";
import { deleteManifest, getManifest, putManifest } from "./server-manifests.ts";
import { Repositories } from "./server-repositories.ts";
import { appendUpload, beginUpload, cancelUpload, finishUpload, uploadStatus } from "./server-uploads.ts";

export interface RegistryHandlerOptions {
  /** `<home>/registry`. */
  dir: string;
  /** Shared with images: what is here already need not be sent. */
  content: ContentStore;
  logger: Logger;
  clock?: Clock;
  /** Who may push and delete. Everybody who reaches the registry may pull. */
  mayWrite: WriteAuthorizer;
}

export interface RegistryServer {
  /** For `startHttpServer({ handler })`. Answers its own errors. */
  handler: (ctx: HttpContext) => Promise<void>;
  /** Takes the registry's claim on its blobs back. */
  close(): Promise<void>;
}

type Operation = (state: RegistryState, ctx: HttpContext) => Promise<void> | void;

/** How long a blob is kept for the manifest that is to name it. */
const RECENT_MS = 60 * 60 * 1000;
const READS: ReadonlySet<string> = new Set(["GET", "HEAD"]);
const API_VERSION = { "docker-distribution-api-version": "registry/2.0" };

const ROUTES: readonly [method: string, pattern: string, operation: Operation][] = [
  ["GET", "/v2/", (_state, ctx) => sendJson(ctx.res, 200, {})],
  ["GET", "/v2/_catalog", listRepositories],
  ["GET", "/v2/:name*/tags/list", listTags],
  ["GET", "/v2/:name*/referrers/:digest", listReferrers],
  ["GET", "/v2/:name*/blobs/:digest", getBlob],
  ["DELETE", "/v2/:name*/blobs/:digest", deleteBlob],
  ["POST", "/v2/:name*/blobs/uploads", beginUpload],
  ["GET", "/v2/:name*/blobs/uploads/:id", uploadStatus],
  ["PATCH", "/v2/:name*/blobs/uploads/:id", appendUpload],
  ["PUT", "/v2/:name*/blobs/uploads/:id", finishUpload],
  ["DELETE", "/v2/:name*/blobs/uploads/:id", cancelUpload],
  ["GET", "/v2/:name*/manifests/:reference", getManifest],
  ["PUT", "/v2/:name*/manifests/:reference", putManifest],
  ["DELETE", "/v2/:name*/manifests/:reference", deleteManifest],
];

/** An OCI distribution server (specification 1.1) over the content store. `GET` routes answer `HEAD` too. */
export async function createRegistryHandler(options: RegistryHandlerOptions): Promise<RegistryServer> {
  const { dir, content, logger, clock = systemClock, mayWrite } = options;
  const repositories = new Repositories(dir, logger);
  await repositories.open();
  const recent = new RecentBlobs(clock, RECENT_MS);
  const state: RegistryState = { content, repositories, recent, logger };
  const release = content.addReferenceCheck((digest) => repositories.needs(digest) || recent.has(digest));
  const router = new Router();
  for (const [method, pattern, operation] of ROUTES)
    router.add(method, pattern, (ctx) => operation(state, ctx));
  return {
    handler: (ctx) => serve({ router, mayWrite, logger }, ctx),
    close: async () => release(),
  };
}

interface Serving {
  router: Router;
  mayWrite: WriteAuthorizer;
  logger: Logger;
}

async function serve({ router, mayWrite, logger }: Serving, ctx: HttpContext): Promise<void> {
  for (const [header, value] of Object.entries(API_VERSION)) ctx.res.setHeader(header, value);
  try {
    const refusal = browserRefusal(ctx.req);
    if (refusal !== undefined) throw new RegistryFailure("DENIED", refusal);
    const match = router.match(ctx.method, ctx.path);
    if (!match) throw new RegistryFailure("NAME_UNKNOWN", "page not found");
    if ("allowed" in match) {
      throw new RegistryFailure("UNSUPPORTED", "the operation is unsupported", {
        headers: { allow: match.allowed.join(", ") },
      });
    }
    if (!READS.has(ctx.method) && !(await mayWrite(ctx.req))) {
      throw new RegistryFailure("DENIED", "requested access to the resource is denied", {
        detail: "only root and members of the group docker may push to this registry",
      });
    }
    ctx.params = match.params;
    await match.handler(ctx);
  } catch (error) {
    answerError(ctx, error, logger);
  }
}

function answerError(ctx: HttpContext, error: unknown, logger: Logger): void {
  const { req, res } = ctx;
  const failure = failureOf(error);
  const isGone = ctx.signal.aborted;
  if (!failure && !isGone)
    logger.error("registry request failed", { method: ctx.method, path: ctx.path, error });
  if (isGone || res.headersSent) {
    res.destroy();
    return;
  }
  const { code, message, detail, status, headers } =
    failure ?? new RegistryFailure("UNKNOWN", errorMessage(error));
  // What is left of a body that was not taken would be read as the next request.
  const close: Record<string, string> = req.complete ? {} : { connection: "close" };
  sendJson(
    res,
    status,
    { errors: [{ code, message, ...(detail === undefined ? {} : { detail }) }] },
    { ...headers, ...close },
  );
}
