import https from "node:https";
import { gunzipSync } from "node:zlib";
import type { TestServer } from "./start-test-server.ts";

export interface RawAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  bytes: Buffer;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it
  json: any;
}

export interface RawRequest {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** As whom; the administrator when absent. */
  identity?: { cert: string; key: string } | { token: string } | "nobody";
  /** Whose connections are used; one of its own when absent. */
  agent?: https.Agent;
}

/** One request with nothing between test and wire. */
export async function rawRequest(
  server: TestServer,
  path: string,
  options: RawRequest = {},
): Promise<RawAnswer> {
  const { method = "GET", headers = {}, body, identity, agent = false } = options;
  const admin = await server.certificates.client("admin", {
    commonName: "admin",
    organizations: ["system:masters"],
  });
  const who = identity ?? { cert: admin.certPem, key: admin.keyPem };
  const proof = who === "nobody" || "token" in who ? {} : who;
  const token = who !== "nobody" && "token" in who ? { authorization: `Bearer ${who.token}` } : {};
  return new Promise((resolve, reject) => {
    const request = https.request(
      `${server.url}${path}`,
      { method, ca: server.certificates.caPem, ...proof, agent, headers: { ...token, ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const raw = Buffer.concat(chunks);
          const bytes = response.headers["content-encoding"] === "gzip" ? gunzipSync(raw) : raw;
          const text = bytes.toString("utf8");
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            bytes,
            text,
            json: tryJson(text),
          });
        });
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
