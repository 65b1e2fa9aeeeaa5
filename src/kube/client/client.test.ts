import { startTestServer } from "../apiserver/testing/start-test-server.ts";
import { describeClient } from "./client.contract.ts";

describeClient("in process", async () => {
  const server = await startTestServer();
  return { client: server.client, stop: () => server.stop() };
});

describeClient("over HTTPS", async () => {
  const server = await startTestServer();
  const client = await server.https();
  return {
    client,
    stop: async () => {
      client.close();
      await server.stop();
    },
  };
});
