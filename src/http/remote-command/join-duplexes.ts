import type { Duplex } from "node:stream";
import { finished, pipeline } from "node:stream/promises";

/**
 * Copies both ways until the target has said all that it has to say. A client that ends first ends only its own
 * direction; when the target has ended nothing more is waited for, because kubectl closes its local connection, and
 * with that its own direction, only after it was told that the forwarding is over. One that breaks takes the other
 * with it.
 */
export async function joinDuplexes(client: Duplex, target: Duplex): Promise<void> {
  client.pipe(target);
  const broken = finished(client, { readable: true, writable: false }).catch(() => target.destroy());
  try {
    await pipeline(target, client);
  } catch {
    client.destroy();
  }
  client.unpipe(target);
  client.resume();
  target.destroy();
  void broken;
}
