/** Options by which esbuild makes one script for a browser, as every bundle here is made. */
export const browserScript = {
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
};
