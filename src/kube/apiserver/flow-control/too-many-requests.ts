import { StatusError, statusTooManyRequests } from "../../api/index.ts";

/** Told as upstream does, without a Status. */
class FlowControlRefusal extends StatusError {}

/** The answer to who is turned away (429). */
export function tooManyRequests(retryAfterSeconds: number): StatusError {
  const { status } = statusTooManyRequests("Too many requests, please try again later.", retryAfterSeconds);
  return new FlowControlRefusal(status);
}

export function isFlowControlRefusal(error: unknown): error is StatusError {
  return error instanceof FlowControlRefusal;
}
