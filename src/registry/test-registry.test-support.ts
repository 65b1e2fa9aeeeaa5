import { mkdtempSync, rmSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "../base/index.ts";
import { type ContentStore, openContentStore } from "../content/index.ts";
import { type HttpContext, type HttpResponse, type HttpServer, startHttpServer } from "../http/index.ts";
import { createRegistryHandler, type RegistryServer } from "./index.ts";

export interface TestRegistry {
  dir: string;
  content: ContentStore;
  registry: RegistryServer;
  /** `127.0.0.1:<port>`. */
  host: string;
  /** Every request that came, with what it was authorized by. */
  seen: { method: string; url: string; authorization: string | undefined }[];
  /** Set, it sees each request first; true: it has answered. */
  intercept: ((req: IncomingMessage, res: HttpResponse) => boolean | Promise<boolean>) | undefined;
  /** Whether pushes are let in. */
  mayWrite: boolean;
  /** As after a restart of the program, on the same port. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

export async function startTestRegistry(options: { content?: ContentStore } = {}): Promise<TestRegistry> {
  const dir = mkdtempSync(join(tmpdir(), "gantry-registry-"));
  const test = { dir, seen: [] as TestRegistry["seen"], mayWrite: true } as TestRegistry;
  let server: HttpServer | undefined;
  const open = async () => {
    test.content =
      options.content ?? (await openContentStore({ dir: join(dir, "content"), logger: silentLogger }));
    test.registry = await createRegistryHandler({
      dir: join(dir, "registry"),
      content: test.content,
      logger: silentLogger,
      mayWrite: async () => test.mayWrite,
    });
  };
  await open();
  server = await startHttpServer({
    listen: { host: "127.0.0.1", port: 0 },
    logger: silentLogger,
    handler: async (ctx: HttpContext) => {
      test.seen.push({ method: ctx.method, url: ctx.req.url!, authorization: ctx.req.headers.authorization });
      if (await test.intercept?.(ctx.req, ctx.res)) return;
      await test.registry.handler(ctx);
    },
    limits: { closeTimeoutMs: 50 },
  });
  const address = server.address() as { host: string; port: number };
  test.host = `127.0.0.1:${address.port}`;
  test.reopen = async () => {
    await test.registry.close();
    await open();
  };
  test.close = async () => {
    await test.registry.close();
    await server.close();
    rmSync(dir, { recursive: true, force: true });
  };
  return test;
}
