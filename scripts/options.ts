/** How the package's own entries are bundled: with shared chunks, for the oldest Node there is to run on, and packages left outside. */
export const PACKAGE_BUNDLE = {
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node22.12",
  packages: "external",
  logLevel: "warning",
} as const;
