import { typescriptVersion } from "../convert/tslab";
import { type Json, PROTOCOL_VERSION } from "../wire/wire";

/** kernel_info_reply */
export function kernelInfo(version: string): Json {
  return {
    status: "ok",
    protocol_version: PROTOCOL_VERSION,
    implementation: "jupyter-typescript",
    implementation_version: version,
    banner: `TypeScript ${typescriptVersion()} on Node ${process.versions.node}, on tslab's converter and executor`,
    supported_features: ["debugger"],
    help_links: [{ text: "TypeScript handbook", url: "https://www.typescriptlang.org/docs/" }],
    language_info: {
      name: "typescript",
      version: typescriptVersion(),
      mimetype: "text/typescript",
      file_extension: ".ts",
      codemirror_mode: { mode: "typescript", name: "javascript", typescript: true },
      pygments_lexer: "typescript",
      nbconvert_exporter: "script",
    },
  };
}
