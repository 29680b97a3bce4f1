/** Rows whose text is gathered before it is encoded. */
const PIECE_ROWS = 8 * 1024;

/** A line a row, as UTF-8. A piece at a time, so that no string grows beyond what engines hold. */
export function joinRows(rows: number, line: (row: number) => string, head = ""): Uint8Array {
  const pieces: Buffer[] = [];
  let text = head;
  for (let row = 0; row < rows; row++) {
    text += `${line(row)}\n`;
    if (row % PIECE_ROWS !== PIECE_ROWS - 1) continue;
    pieces.push(Buffer.from(text));
    text = "";
  }
  pieces.push(Buffer.from(text));
  return Buffer.concat(pieces);
}
