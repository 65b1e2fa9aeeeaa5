import type { Step } from "./scenario.ts";

export const get = (path: string, name = `GET ${path}`): Step => ({ name, method: "GET", path });

export const post = (path: string, body?: object | string, name = nameOf(path, body)): Step => ({
  name,
  method: "POST",
  path,
  body,
});

export const drop = (path: string): Step => ({ name: `DELETE ${path}`, method: "DELETE", path });

/** The value of a query's `filters`; a text stands as it is. */
export const filters = (value: unknown) =>
  encodeURIComponent(typeof value === "string" ? value : JSON.stringify(value));

const nameOf = (path: string, body: unknown) =>
  `POST ${path} ${body === undefined ? "" : JSON.stringify(body)}`;
