/** Capabilities of the debugger, and the arguments of a request. */
import type { DebugProtocol } from "@vscode/debugprotocol";

export const CAPABILITIES: DebugProtocol.Capabilities = {
  supportsConfigurationDoneRequest: true,
  supportsConditionalBreakpoints: true,
  supportsLogPoints: true,
  supportsEvaluateForHovers: true,
  supportsSetVariable: true,
  supportsExceptionInfoRequest: true,
  supportsModulesRequest: true,
  exceptionBreakpointFilters: [
    {
      filter: "raised",
      label: "Raised errors",
      description: "Every error, also one that is caught",
    },
    {
      filter: "uncaught",
      label: "Errors that leave the cell",
      description: "Errors that no try of the cell or of its files catches",
      default: true,
    },
  ],
};

export type Arguments = Record<string, unknown>;

export const text = (values: Arguments, name: string): string => {
  const value = values[name];
  if (typeof value !== "string")
    throw new Error(`${name} must be text, got ${JSON.stringify(value) ?? "nothing"}`);
  return value;
};
export const number = (values: Arguments, name: string): number => {
  const value = values[name];
  if (typeof value !== "number" || !Number.isInteger(value))
    throw new Error(`${name} must be a whole number, got ${JSON.stringify(value) ?? "nothing"}`);
  return value;
};
export const record = (value: unknown): Arguments =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Arguments) : {};
