import { silentLogger } from "../../base/index.ts";
import { TXN } from "./methods.ts";
import { openConnection } from "./open-connection.ts";

/** Writes what a store keeps about itself. */
export async function putStoreRecord(endpoint: string, prefix: string, text: string): Promise<void> {
  const { connection } = await openConnection({ endpoints: [endpoint], logger: silentLogger });
  const put = { key: Buffer.from(prefix), value: Buffer.from(text) };
  await connection.request(TXN, { success: [{ request_put: put }] });
  connection.close();
}
