import type { IncomingMessage } from "node:http";
import { errorMessage, GantryError } from "../base/index.ts";

/** Reads a request's body; ResourceExhausted (`Http.BodyTooLarge`) beyond `limitBytes`, as early as its length is known. */
export function readBody(req: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const tooLarge = () =>
    new GantryError("ResourceExhausted", `the request's body is larger than ${limitBytes} bytes`, { code: "Http.BodyTooLarge" });
  return new Promise((resolve, reject) => {
    if (Number(req.headers["content-length"] ?? 0) > limitBytes) {
      reject(tooLarge());
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    const cleanUp = () => {
      req.off("data", onData).off("end", onEnd).off("error", onError).off("close", onClose);
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > limitBytes) {
        cleanUp();
        req.pause();
        reject(tooLarge());
      } else chunks.push(chunk);
    };
    const onEnd = () => {
      cleanUp();
      resolve(Buffer.concat(chunks, size));
    };
    const onError = (error: Error) => {
      cleanUp();
      reject(new GantryError("InvalidArgument", "the request's body ended early", { code: "Http.BodyCut", cause: error }));
    };
    const onClose = () => onError(new Error("connection closed"));
    req.on("data", onData).on("end", onEnd).on("error", onError).on("close", onClose);
  });
}

/** Reads a JSON body. An empty body is `undefined`; malformed JSON is InvalidArgument (`Http.BadJson`). */
export async function readJson(req: IncomingMessage, limitBytes: number): Promise<unknown> {
  const body = await readBody(req, limitBytes);
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw new GantryError("InvalidArgument", `invalid JSON: ${errorMessage(error)}`, { code: "Http.BadJson" });
  }
}
