/**
 * For stores whose keys come as one sorted run: which folder, if any, leaves a key out.
 *
 * `into` is asked once for each folder below the prefix, outermost first. Answers the refused folder (it ends in "/"), or undefined.
 */
export function folderGate(
  prefix: string,
  into: ((folder: string) => boolean) | undefined,
): (url: string) => string | undefined {
  if (into === undefined) return () => undefined;
  let entered = "";
  let refused: string | undefined;
  return (url) => {
    if (refused !== undefined && url.startsWith(refused)) return refused;
    for (let slash = url.indexOf("/", prefix.length); slash >= 0; slash = url.indexOf("/", slash + 1)) {
      const folder = url.slice(0, slash + 1);
      if (entered.startsWith(folder)) continue;
      if (!into(folder)) return (refused = folder);
      entered = folder;
    }
    return undefined;
  };
}
