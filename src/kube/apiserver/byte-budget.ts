import { statusTooManyRequests } from "../api/index.ts";

/** How many bytes of one user's requests, and of all, are held at once: who sends more is told to come back. */
export class ByteBudget {
  readonly #limits: { userBytes: number; totalBytes: number };
  readonly #byUser = new Map<string, number>();
  #totalBytes = 0;

  constructor(limits: { userBytes: number; totalBytes: number }) {
    this.#limits = limits;
  }

  /** Returns the way to give them back, to be called once; throws TooManyRequests (429). A user's first are always taken. */
  take(user: string, bytes: number): () => void {
    const own = this.#byUser.get(user) ?? 0;
    const { userBytes, totalBytes } = this.#limits;
    const isOver = own + bytes > userBytes || this.#totalBytes + bytes > totalBytes;
    if (own > 0 && isOver) throw statusTooManyRequests("Too many requests, please try again later.", 1);
    this.#byUser.set(user, own + bytes);
    this.#totalBytes += bytes;
    return () => {
      this.#totalBytes -= bytes;
      const left = this.#byUser.get(user)! - bytes;
      if (left > 0) this.#byUser.set(user, left);
      else this.#byUser.delete(user);
    };
  }
}
