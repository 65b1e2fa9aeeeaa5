import { conflict, GantryError, invalidArgument, notFound } from "../base/index.ts";

/** The engine's errors, in the words of Docker's own: clients match on them. */
export const noSuchContainer = (reference: string) =>
  notFound(`No such container: ${reference}`, { code: "Engine.NoSuchContainer" });

export const ambiguousContainer = (reference: string) =>
  invalidArgument(`Multiple IDs found with provided prefix: ${reference}`, {
    code: "Engine.AmbiguousContainer",
  });

export const nameInUse = (name: string, id: string) =>
  conflict(
    `Conflict. The container name "/${name}" is already in use by container "${id}". ` +
      "You have to remove (or rename) that container to be able to reuse that name.",
    { code: "Engine.NameInUse", details: { id } },
  );

export const invalidName = (name: string) =>
  invalidArgument(`Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`, {
    code: "Engine.InvalidName",
  });

export const notRunning = (id: string) =>
  conflict(`container ${id} is not running`, { code: "Engine.NotRunning" });

export const isPaused = (id: string, action: string) =>
  conflict(`container ${id} is paused, unpause the container before ${action}`, { code: "Engine.Paused" });

export const isRestarting = (id: string) =>
  conflict(`Container ${id} is restarting, wait until the container is running`, {
    code: "Engine.Restarting",
  });

export const markedForRemoval = (what: string) =>
  conflict(`container is marked for removal and cannot be ${what}`, { code: "Engine.MarkedForRemoval" });

export const isBeingRemoved = (id: string, action: string) =>
  conflict(`You cannot ${action} container ${id} which is being removed`, { code: "Engine.BeingRemoved" });

export const alreadyStarted = () =>
  new GantryError("NotModified", "container is already running", { code: "Engine.AlreadyStarted" });

export const alreadyStopped = () =>
  new GantryError("NotModified", "container is already stopped", { code: "Engine.AlreadyStopped" });

export const noSuchExec = (id: string) =>
  notFound(`No such exec instance: ${id}`, { code: "Engine.NoSuchExec" });

export const noSuchVolume = (name: string) =>
  notFound(`get ${name}: no such volume`, { code: "Engine.NoSuchVolume" });

export const invalidMount = (message: string) => invalidArgument(message, { code: "Engine.InvalidMount" });

export const invalidRequest = (message: string) =>
  invalidArgument(message, { code: "Engine.InvalidRequest" });

export const fileNotInContainer = (path: string, id: string) =>
  notFound(`Could not find the file ${path} in container ${id}`, { code: "Engine.NoSuchFile" });

export const invalidFilter = (name: string, value?: string) =>
  invalidArgument(value === undefined ? `invalid filter '${name}'` : `invalid filter '${name}=${value}'`, {
    code: "Engine.InvalidFilter",
  });
