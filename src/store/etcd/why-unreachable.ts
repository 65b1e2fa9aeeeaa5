import { type Client, type ServiceError, status } from "@grpc/grpc-js";
import { type Clock, errorMessage } from "../../base/index.ts";
import type { Endpoint } from "./endpoint-pool.ts";
import { STATUS } from "./methods.ts";

const LOOK_MS = 250;

/** For each member that cannot be connected to, what stands in the way; in words, as part of an error's message. */
export async function whyUnreachable(endpoints: readonly Endpoint[], clock: Clock): Promise<string[]> {
  const reasons = await Promise.all(endpoints.map(({ client }) => reasonOf(client, clock)));
  if (endpoints.length === 1) return reasons;
  return reasons.map((reason, index) => `${endpoints[index]!.name}: ${reason}`);
}

/** Waiting for a connection ends without a reason; a request on the broken channel is told the last one. */
function reasonOf(client: Client, clock: Clock): Promise<string> {
  return new Promise<string>((resolve) => {
    const bytes = (value: Buffer) => value;
    const options = { deadline: clock.nowMs() + LOOK_MS };
    client.makeUnaryRequest(STATUS.path, bytes, bytes, Buffer.alloc(0), options, (error) =>
      resolve(error ? inWords(error) : "it answers by now"),
    );
    // The client may have been closed meanwhile.
  }).catch(errorMessage);
}

/** `details` are those of grpc-js: `No connection established. Last error: Error: … Resolution note: …`. */
function inWords({ code, details }: ServiceError): string {
  if (code === status.DEADLINE_EXCEEDED) return "no answer";
  const last = /Last error: (?:Error: )?(.*?)\. Resolution note:/s.exec(details)?.[1];
  if (last === undefined) return details;
  if (last.startsWith("Failed to connect")) return "it closes the connection; it may want TLS, or no TLS";
  return last;
}
