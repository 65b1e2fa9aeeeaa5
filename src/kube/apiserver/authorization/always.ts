import { MASTERS } from "../authentication/users.ts";
import type { Authorizer } from "./authorizer.ts";

/** Whoever is not refused before may do everything. */
export const alwaysAllow: Authorizer = { authorize: () => ({ decision: "allow" }) };

/** Whoever is not allowed before may do nothing. */
export const alwaysDeny: Authorizer = {
  authorize: () => ({ decision: "noOpinion", reason: "Everything is forbidden." }),
};

/** Nobody locks the administrators out: they are asked for before all else. */
export const privilegedGroup: Authorizer = {
  authorize: (user) => ({ decision: user.groups.includes(MASTERS) ? "allow" : "noOpinion" }),
};
