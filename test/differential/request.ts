import * as http from "node:http";

export interface Request {
  method: string;
  path: string;
  /** An object is sent as JSON, text and bytes as they are. */
  body?: object | string | Buffer;
  headers?: Record<string, string>;
}

export interface Answer {
  status: number;
  /** Only those that the API gives a meaning. */
  headers: Record<string, string>;
  /** As JSON where it is, else as text. */
  body: unknown;
}

const STAT_HEADER = "x-docker-container-path-stat";
const HEADERS = ["content-type", "docker-experimental", "ostype", STAT_HEADER, "pragma", "cache-control"];

/** Sends one request to a daemon's socket. */
export function send(socketPath: string, { method, path, body, headers = {} }: Request): Promise<Answer> {
  const isJson = typeof body === "object" && !Buffer.isBuffer(body);
  const payload = isJson ? JSON.stringify(body) : (body as string | Buffer | undefined);
  const type =
    payload === undefined
      ? {}
      : { "content-type": Buffer.isBuffer(body) ? "application/x-tar" : "application/json" };
  return new Promise((resolve, reject) => {
    const request = http.request({
      socketPath,
      method,
      path,
      headers: { ...type, ...headers },
      agent: false,
      timeout: 20_000,
    });
    request.on("error", reject);
    request.on("timeout", () => request.destroy(new Error("no answer in time")));
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => resolve(answerOf(response, Buffer.concat(chunks).toString("latin1"))));
    });
    request.end(payload);
  });
}

function answerOf(response: http.IncomingMessage, text: string): Answer {
  const headers: Record<string, string> = {};
  for (const name of HEADERS) {
    const value = response.headers[name];
    if (value !== undefined) headers[name] = name === STAT_HEADER ? decoded(String(value)) : String(value);
  }
  return { status: response.statusCode!, headers, body: parsed(text) };
}

const decoded = (text: string) => Buffer.from(text, "base64").toString("utf8");

function parsed(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, "latin1").toString("utf8"));
  } catch {
    return text;
  }
}
