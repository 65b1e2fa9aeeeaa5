import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { type Clock, errorMessage, GantryError } from "../../../base/index.ts";
import type { ExtenderConfig, ExtenderTls } from "../config/index.ts";

/** More than an extender's answer may have: every node of a large cluster is in it. */
const ANSWER_LIMIT_BYTES = 256 * 1024 * 1024;

export type PostJson = (verb: string, body: unknown) => Promise<unknown>;

const failed = (message: string, cause?: unknown) =>
  new GantryError("Unavailable", message, { code: "Scheduler.Extender", cause });

/** Sends JSON to `<urlPrefix>/<verb>`; gives the answer's. Without an authority the server's certificate is not looked at. */
export function postJsonTo(config: ExtenderConfig, timeoutMs: number, clock: Clock): PostJson {
  const { urlPrefix = "" } = config;
  const isTls = /^https:/i.test(urlPrefix);
  const agent = isTls
    ? new https.Agent({ keepAlive: true, ...tlsOf(config) })
    : new http.Agent({ keepAlive: true });
  return async (verb, body) => {
    const url = `${urlPrefix.replace(/\/+$/, "")}/${verb}`;
    const late = new AbortController();
    const cancel = clock.after(timeoutMs, () => late.abort(), { unref: true });
    try {
      const { code, text } = await post({ url, isTls, agent, signal: late.signal }, JSON.stringify(body));
      if (code !== 200) throw failed(`failed ${verb} with extender at URL ${url}, code ${code}`);
      return JSON.parse(text);
    } catch (error) {
      if (error instanceof GantryError) throw error;
      const why = late.signal.aborted
        ? "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        : errorMessage(error);
      throw failed(`Post ${JSON.stringify(url)}: ${why}`, error);
    } finally {
      cancel();
    }
  };
}

interface Target {
  url: string;
  isTls: boolean;
  agent: http.Agent | https.Agent;
  signal: AbortSignal;
}

function post({ url, isTls, agent, signal }: Target, body: string): Promise<{ code: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
    const request = (isTls ? https : http).request(url, { method: "POST", headers, agent, signal });
    request.on("error", reject);
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > ANSWER_LIMIT_BYTES) request.destroy(new Error("the answer is too large"));
        else chunks.push(chunk);
      });
      response.on("error", reject);
      response.on("end", () =>
        resolve({ code: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }),
      );
    });
    request.end(body);
  });
}

function tlsOf({ enableHTTPS = false, tlsConfig = {} }: ExtenderConfig): https.AgentOptions {
  const ca = pemOf(tlsConfig, "ca");
  const isUnproven = tlsConfig.insecure === true || (enableHTTPS && ca === undefined);
  return {
    ca,
    cert: pemOf(tlsConfig, "cert"),
    key: pemOf(tlsConfig, "key"),
    rejectUnauthorized: !isUnproven,
    ...(tlsConfig.serverName ? { servername: tlsConfig.serverName } : {}),
  };
}

/** Data (base64) wins over a file. */
function pemOf(tls: ExtenderTls, what: "ca" | "cert" | "key"): Buffer | undefined {
  const data = tls[`${what}Data`];
  if (data) return Buffer.from(data, "base64");
  const file = tls[`${what}File`];
  if (!file) return undefined;
  try {
    return readFileSync(file);
  } catch (error) {
    throw new GantryError("InvalidArgument", `the extender's ${what}File: ${errorMessage(error)}`, {
      code: "Scheduler.Extender",
      cause: error,
    });
  }
}
