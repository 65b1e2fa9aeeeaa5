import { errorMessage, isGantryError } from "../../base/index.ts";
import type { protobuf } from "../../formats/index.ts";
import type { CheckProblem } from "../types.ts";
import type { EtcdConnection } from "./connection.ts";
import { COMPACTED, isEtcdFailure } from "./etcd-errors.ts";
import type { KeySpace } from "./key-space.ts";
import type { HashKVResponse } from "./messages.ts";
import { HASH_KV, STATUS } from "./methods.ts";

/**
 * Asks every member: its alarms and errors, whether it has a leader, and the hash of its data at one revision. Members that
 * do not answer are a problem too.
 */
export async function checkCluster(connection: EtcdConnection, keys: KeySpace): Promise<CheckProblem[]> {
  const problems: CheckProblem[] = [];
  const hashes: { name: string; answer: protobuf.Message<typeof HashKVResponse> }[] = [];
  let revision = 0;
  for (const endpoint of connection.endpoints) {
    const { name } = endpoint;
    try {
      const status = await connection.requestFrom(endpoint, STATUS, {});
      for (const error of status.errors)
        problems.push({ code: "Check.Member", message: `etcd at ${name}: ${error}` });
      if (status.leader === 0)
        problems.push({ code: "Check.NoLeader", message: `etcd at ${name} has no leader` });
      const answer = await connection.requestFrom(endpoint, HASH_KV, { revision });
      revision ||= answer.header?.revision ?? 0;
      hashes.push({ name, answer });
    } catch (error) {
      if (isCompacted(error)) continue;
      problems.push(
        isGantryError(error, "PermissionDenied")
          ? {
              code: "Check.NotPermitted",
              message: `etcd at ${name} is not compared with others: ${error.message}`,
            }
          : { code: "Check.Unreachable", message: errorMessage(error) },
      );
    }
  }
  const first = hashes[0];
  for (const { name, answer } of hashes.slice(1)) {
    // After different compactions hashes cannot be compared.
    if (answer.compact_revision !== first?.answer.compact_revision || answer.hash === first.answer.hash)
      continue;
    problems.push({
      code: "Check.MembersDiffer",
      message: `the data of etcd at ${name} differ from those at ${first.name}`,
      revision: keys.offset.shown(revision),
    });
  }
  return problems;
}

/** Where all up to the newest revision is compacted, etcd has no hash of that revision: there is nothing to compare then. */
function isCompacted(error: unknown): boolean {
  const { cause } = error as Error;
  return isEtcdFailure(cause) && cause.details === COMPACTED;
}
