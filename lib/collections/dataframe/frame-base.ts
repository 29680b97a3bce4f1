import type { Table } from "apache-arrow";
import { Collection } from "../collection.ts";
import type { DataFrame } from "./dataframe.ts";
import type { FrameNode } from "./nodes.ts";

/** What methods of frames are made of: a description, and frames of others. */
export abstract class FrameBase extends Collection<Table> {
  readonly kind = "frame";
  abstract readonly node: FrameNode;

  /** The frame of a description. */
  protected abstract make(node: FrameNode): DataFrame;

  /** This frame, as what it is. */
  protected abstract itself(): DataFrame;
}
