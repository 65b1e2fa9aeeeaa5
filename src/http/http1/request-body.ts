/** Who gets a request's body, piece by piece; exactly one of the last two calls is its end. */
export interface BodyTaker {
  take(piece: Buffer): void;
  end(): void;
  /** It has been cut, or could not be read. */
  fail(error: Error): void;
}

/** A request's body on its way from a client; nothing of it is read before `start`. */
export interface RequestBody {
  start(taker: BodyTaker): void;
  /** What has been read already may still come. */
  pause(): void;
  resume(): void;
}
