declare module "*.css" {
  const text: string;
  export default text;
}
/** Written by build.mjs. */
declare const __PANEL__: [string, string];
declare const __PARTS__: Record<string, [string, string]>;
declare const __LOCALES__: Record<string, string>;
interface Window {
  /** Calls that the page pushed before the loader was there; then the loader's methods. */
  Chatbot: any;
}
