declare module "*.css" {
  const text: string;
  export default text;
}
/** Written by build.mjs. */
declare const __PANEL__: [string, string];
declare const __PARTS__: Record<string, [string, string]>;
declare const __LOCALES__: Record<string, string>;
