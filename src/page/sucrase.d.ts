/** The part of sucrase's parser that its package does not type. */
declare module "sucrase/dist/parser" {
  interface Token {
    start: number;
    end: number;
    type: number;
    contextualKeyword: number;
    isType: boolean;
  }
  export function parse(
    code: string,
    isJSX: boolean,
    isTypeScript: boolean,
    isFlow: boolean,
  ): { tokens: Token[] };
}
