/** The column that says where rows stand. No file's column has this name. */
export const POSITION = "\u0000position";
/** Rows that a task may number. */
const TASK_ROWS = 2 ** 32;

/** Where row `row` of what comes out of task `task` stands: exact, for fewer than 2^21 tasks. */
export function positionOf(task: number, row: number): number {
  return task * TASK_ROWS + row;
}
