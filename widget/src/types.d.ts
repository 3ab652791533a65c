declare module "*.css" {
  const text: string;
  export default text;
}
/** Written by build.mjs. */
declare const __PANEL__: [string, string];
declare const __DEBUG__: [string, string];
declare const __ANSWERS__: [string, string];
declare const __MORE__: [string, string];
declare const __LOCALES__: [string, string];
interface Window {
  /** Calls that the page pushed before the loader was there; then the loader's methods. */
  Chatbot: any;
}
