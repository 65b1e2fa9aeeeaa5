import * as http from "node:http";
import { connect, type Socket } from "node:net";
import type { EngineHouse } from "./engine-house.ts";

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
  text: string;
  /** The body as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into it freely
  json: any;
}

export interface CallOptions {
  body?: Buffer | string | object;
  headers?: Record<string, string>;
  /** Over TCP instead of the socket. */
  tcp?: boolean;
}

/** An upgraded connection; `received` is what came after the answer's head. */
export interface UpgradedConnection {
  socket: Socket;
  head: string;
  received(): Buffer;
  ended: Promise<void>;
  until(text: string): Promise<void>;
}

/** What tests ask of the API of a house. */
export class ApiClient {
  readonly #house: EngineHouse;

  constructor(house: EngineHouse) {
    this.#house = house;
  }

  call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    // Objects and texts are JSON, bytes are archives.
    const isJson = options.body !== undefined && !Buffer.isBuffer(options.body);
    const payload =
      typeof options.body === "object" && isJson
        ? JSON.stringify(options.body)
        : (options.body as Buffer | string | undefined);
    const { socketPath, port } = this.#house;
    return new Promise((resolve, reject) => {
      const request = http.request({
        ...(options.tcp ? { host: "127.0.0.1", port } : { socketPath }),
        method,
        path,
        headers: { ...(isJson ? { "content-type": "application/json" } : {}), ...options.headers },
        agent: false,
      });
      request.on("error", reject);
      request.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => resolve(answerOf(response, Buffer.concat(chunks))));
      });
      request.end(payload);
    });
  }

  async create(body: object, query = ""): Promise<string> {
    const answer = await this.call("POST", `/v1.47/containers/create${query}`, {
      body: { Image: "busybox", ...body },
    });
    if (answer.status !== 201) throw new Error(answer.text);
    return answer.json.Id;
  }

  async run(body: object, query = ""): Promise<string> {
    const id = await this.create(body, query);
    const started = await this.call("POST", `/containers/${id}/start`);
    if (started.status !== 204) throw new Error(started.text);
    return id;
  }

  async wait(id: string): Promise<number> {
    return (await this.call("POST", `/containers/${id}/wait`)).json.StatusCode;
  }

  remove(id: string): Promise<Answer> {
    return this.call("DELETE", `/containers/${id}?force=1&v=1`);
  }

  async upgrade(path: string, body = ""): Promise<UpgradedConnection> {
    const socket = connect({ path: this.#house.socketPath, allowHalfOpen: true });
    let bytes: Buffer = Buffer.alloc(0);
    let isOver = false;
    let tell = () => {};
    const ended = new Promise<void>((resolve) => {
      for (const event of ["end", "close", "error"]) socket.on(event, () => resolve());
    });
    void ended.then(() => {
      isOver = true;
      tell();
    });
    socket.on("data", (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      tell();
    });
    const until = async (text: string) => {
      while (!bytes.includes(text) && !isOver) {
        await new Promise<void>((resolve) => {
          tell = resolve;
        });
      }
    };
    const length = Buffer.byteLength(body);
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`,
    );
    await until("\r\n\r\n");
    const split = bytes.indexOf("\r\n\r\n");
    const head = bytes.toString("latin1", 0, split);
    bytes = bytes.subarray(split + 4);
    return { socket, head, ended, received: () => bytes, until };
  }
}

/** Frames of a multiplexed stream as `stdout:text`. */
export function frames(bytes: Buffer): string[] {
  const found: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 8 + bytes.readUInt32BE(at + 4);
    found.push(`${["stdin", "stdout", "stderr"][bytes[at]!]}:${bytes.toString("utf8", at + 8, end)}`);
    at = end;
  }
  return found;
}

function answerOf(response: http.IncomingMessage, body: Buffer): Answer {
  const text = body.toString();
  return {
    status: response.statusCode!,
    headers: response.headers,
    body,
    text,
    get json() {
      return JSON.parse(text);
    },
  };
}
