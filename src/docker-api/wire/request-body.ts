import type { IncomingMessage } from "node:http";
import { FairTurn, GantryError, systemClock } from "../../base/index.ts";
import { readBody } from "../../http/index.ts";
import type { ApiContext } from "../api-context.ts";
import { type Decoded, decodeStruct, parseJsonText, type StructType } from "../json/index.ts";
import { assertJsonContent } from "./content-type.ts";

/** Bodies of this API are small: configurations, never files. Reading one of this size takes less than a tenth of a second. */
const MAX_BODY_BYTES = 2 * 1024 * 1024;
const BODY_TIMEOUT_MS = 60_000;

/** The struct that a request must carry. */
export async function requiredBody(context: ApiContext, type: StructType): Promise<Decoded> {
  return decode(await readJsonBody(context.req), type);
}

/** The struct that a request may carry; nothing set when its length is told as none. */
export async function optionalBody(context: ApiContext, type: StructType): Promise<Decoded> {
  const body = await readJsonBody(context.req);
  return decodeOptional(context.req, body, type);
}

/** As `optionalBody`, of a body that was read already. */
export async function decodeOptional(req: IncomingMessage, body: Buffer, type: StructType): Promise<Decoded> {
  assertJsonContent(req);
  if (body.length === 0 && !isChunked(req)) return {};
  return decode(body, type);
}

/** Many that come at once are read one in each round of the event loop. */
async function decode(body: Buffer, type: StructType): Promise<Decoded> {
  const turn = new FairTurn();
  await turn.pause();
  const node = parseJsonText(body);
  await turn.pause();
  return decodeStruct(type, node);
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
