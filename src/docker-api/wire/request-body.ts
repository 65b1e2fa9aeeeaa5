import type { IncomingMessage } from "node:http";
import { GantryError, systemClock } from "../../base/index.ts";
import { readBody } from "../../http/index.ts";
import type { ApiContext } from "../api-context.ts";
import { type Decoded, decodeStruct, parseJsonText, type StructType } from "../json/index.ts";
import { assertJsonContent } from "./content-type.ts";

/** Bodies of this API are small: configurations, never files. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const BODY_TIMEOUT_MS = 60_000;

/** The struct that a request must carry. */
export async function requiredBody(context: ApiContext, type: StructType): Promise<Decoded> {
  return decodeStruct(type, parseJsonText(await readJsonBody(context.req)));
}

/** The struct that a request may carry; nothing set when its length is told as none. */
export async function optionalBody(context: ApiContext, type: StructType): Promise<Decoded> {
  const body = await readJsonBody(context.req);
  return decodeOptional(context.req, body, type);
}

/** As `optionalBody`, of a body that was read already. */
export function decodeOptional(req: IncomingMessage, body: Buffer, type: StructType): Decoded {
  assertJsonContent(req);
  if (body.length === 0 && !isChunked(req)) return {};
  return decodeStruct(type, parseJsonText(body));
}

async function readJsonBody(req: IncomingMessage): Promise<Buffer> {
  assertJsonContent(req);
  return inTime(readBody(req, MAX_BODY_BYTES));
}

const isChunked = (req: IncomingMessage) => req.headers["transfer-encoding"] !== undefined;

/** Who sends half a body and stops does not hold a request for ever. */
async function inTime<T>(reading: Promise<T>): Promise<T> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const cancel = systemClock.after(BODY_TIMEOUT_MS, () =>
    reject(
      new GantryError("DeadlineExceeded", "the request's body did not come in time", {
        code: "DockerApi.Body",
      }),
    ),
  );
  try {
    return await Promise.race([reading, tooLate]);
  } finally {
    cancel();
  }
}
