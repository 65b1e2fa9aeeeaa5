import { counter, label } from "../../../formats/index.ts";
import type { UserInfo } from "../../client/types.ts";
import { AuthenticationFailure } from "./authenticator.ts";

/** Users whose names are told; of others there may be any number (apiserver compressUsername). */
const TOLD = new Set([
  "admin",
  "client",
  "kube_proxy",
  "kubelet",
  "system:serviceaccount:kube-system:default",
]);

function shortName({ name }: UserInfo): string {
  if (TOLD.has(name)) return name;
  return name.includes("@") ? "email_id" : "other";
}

/** What became of saying who one is (apiserver's endpoints/filters/authentication metrics). */
export class AuthenticationMetrics {
  readonly #attempts = { success: 0, failure: 0, error: 0 };
  readonly #users = new Map<string, number>();

  known(user: UserInfo): void {
    this.#attempts.success++;
    const name = shortName(user);
    this.#users.set(name, (this.#users.get(name) ?? 0) + 1);
  }

  /** `error`: what was answered; a proof that does not hold is its cause. */
  refused(error: unknown): void {
    const isProblem = error instanceof Error && error.cause instanceof AuthenticationFailure;
    this.#attempts[isProblem ? "error" : "failure"]++;
  }

  lines(): string[] {
    const by = (name: string, values: Iterable<readonly [string, number]>) =>
      [...values].map(([value, count]): [string, number] => [`{${label(name, value)}}`, count]);
    return [
      ...counter(
        "authentication_attempts",
        "Requests by what became of saying who sends them.",
        by("result", Object.entries(this.#attempts)),
      ),
      ...counter("authenticated_user_requests", "Requests of users.", by("username", this.#users)),
    ];
  }
}
