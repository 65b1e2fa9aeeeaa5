import type { protobuf } from "../../formats/index.ts";
import type * as messages from "./messages.ts";

type Message<M> = protobuf.Message<M>;

export type Op = Message<typeof messages.Op>;
export type ExecOp = Message<typeof messages.ExecOp>;
export type ExecMeta = Message<typeof messages.ExecMeta>;
export type Mount = Message<typeof messages.Mount>;
export type SourceOp = Message<typeof messages.SourceOp>;
export type FileOp = Message<typeof messages.FileOp>;
export type FileAction = Message<typeof messages.FileAction>;
export type FileCopy = Message<typeof messages.FileCopy>;
export type FileMake = Message<typeof messages.FileMake>;
export type FileMakeDirectory = Message<typeof messages.FileMakeDirectory>;
export type FileRemove = Message<typeof messages.FileRemove>;
export type FileSymlink = Message<typeof messages.FileSymlink>;
export type ChownOption = Message<typeof messages.ChownOption>;
export type MergeOp = Message<typeof messages.MergeOp>;
export type DiffOp = Message<typeof messages.DiffOp>;
export type OpMetadata = Message<typeof messages.OpMetadata>;
export type LinuxResources = Message<typeof messages.LinuxResources>;
export type SourceInfo = Message<typeof messages.SourceInfo>;
export type SourceRange = Message<typeof messages.SourceRange>;
export type Location = Message<typeof messages.Location>;
export type Definition = Message<typeof messages.Definition>;
/** What a maker of definitions writes: absent fields are left out. */
export type OutgoingOp = protobuf.Outgoing<typeof messages.Op>;
export type OutgoingMetadata = protobuf.Outgoing<typeof messages.OpMetadata>;
