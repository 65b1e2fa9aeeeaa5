import { map, omitEmpty, string, struct } from "./go-types.ts";

/** moby's api/types/registry: credentials, in bodies and in headers. */
export const authConfig = struct("registry.AuthConfig", {
  username: omitEmpty(string),
  password: omitEmpty(string),
  auth: omitEmpty(string),
  email: omitEmpty(string),
  serveraddress: omitEmpty(string),
  identitytoken: omitEmpty(string),
  registrytoken: omitEmpty(string),
});

/** By registry. */
export const authConfigs = map(authConfig);
