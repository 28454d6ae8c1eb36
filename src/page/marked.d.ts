/** Parts of marked that a page uses; its own types are those of an ECMAScript module. */
declare module "marked" {
  export class Marked {
    constructor(options: object);
    parse(source: string): string;
  }
}
